// SPDX-License-Identifier: Apache-2.0
// batch.c - a loss on all rows of a batch, for backends; targets from labels.
#include "loss/loss.h"

#include <math.h>

double rb_sigmoid(double z)
{
    double e = exp(-fabs(z));
    return (z < 0 ? e : 1) / (1 + e);
}

double rb_softplus(double z)
{
    return fmax(z, 0) + log1p(exp(-fabs(z)));
}

void rb_label_target(int label, int k, double *target)
{
    for (int c = 0; c < k; c++) target[c] = c == label;
    if (k == 1) target[0] = label;
}

void rb_target_smooth(double share, int k, double *target)
{
    double classes = k == 1 ? 2 : k;
    for (int c = 0; c < k; c++) target[c] = (1 - share) * target[c] + share / classes;
}

static void target_of(const rb_judged_batch *b, int row, double *target)
{
    if (b->labels) {
        rb_label_target(b->labels[row], b->k, target);
        return;
    }
    for (int c = 0; c < b->k; c++) target[c] = b->targets[row * b->k + c];
}

static double weight_of(const rb_judged_batch *b, int row)
{
    return b->weights ? (double)b->weights[row] : 1;
}

double rb_loss_batch(const rb_loss *l, const void *cfg, const rb_judged_batch *b, double *target, double *gradient)
{
    double sum = 0;
    for (int i = 0; i < b->n; i++) {
        double weight = b->scale * weight_of(b, i), *slope = gradient + i * b->k;
        target_of(b, i, target);
        sum += weight * l->row(cfg, b->logits + i * b->k, target, b->k, slope);
        for (int c = 0; c < b->k; c++) slope[c] *= weight;
    }
    return sum;
}

double rb_loss_mass(const rb_loss *l, const void *cfg, const rb_judged_batch *b, double *target)
{
    double sum = 0;
    for (int i = 0; i < b->n; i++) {
        if (l->weight) target_of(b, i, target);
        sum += weight_of(b, i) * (l->weight ? l->weight(cfg, target, b->k) : 1);
    }
    return sum;
}
