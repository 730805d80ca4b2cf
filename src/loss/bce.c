// SPDX-License-Identifier: Apache-2.0
// bce.c - binary cross-entropy of logits, with a weight for class 1.
//
// Each logit is a decision of its own; a row's loss is their mean. Targets may lie between 0 and 1. Written with two
// softplus terms, neither of which is a difference: small losses keep all their digits.
//
// Source: definition of torch.nn.BCEWithLogitsLoss
#include "loss/loss.h"

#include <math.h>

static const rb_field fields[] = {
    {"pos_weight", RB_REAL, offsetof(rb_bce, pos_weight), .preset = 1, .min = 1e-6, .max = 1e6,
     .help = "weight of class 1 in the loss"},
    {0},
};

double rb_sigmoid(double z)
{
    double e = exp(-fabs(z));
    return (z < 0 ? e : 1) / (1 + e);
}

// log(1 + e^z)
static double softplus(double z)
{
    return fmax(z, 0) + log1p(exp(-fabs(z)));
}

// l = w y log(1 + e^-z) + (1 - y) log(1 + e^z),  dl/dz = (1 - y) s(z) - w y s(-z)
static double row(const void *cfg, const double *logit, const double *target, int k, double *grad)
{
    double w = ((const rb_bce *)cfg)->pos_weight, sum = 0;
    for (int i = 0; i < k; i++) {
        double z = logit[i], y = target[i];
        sum += w * y * softplus(-z) + (1 - y) * softplus(z);
        grad[i] = ((1 - y) * rb_sigmoid(z) - w * y * rb_sigmoid(-z)) / k;
    }
    return sum / k;
}

const rb_loss rb_loss_bce = {
    .name = "bce",
    .help = "binary cross-entropy of logits",
    .cfg_bytes = sizeof(rb_bce),
    .fields = fields,
    .row = row,
};
