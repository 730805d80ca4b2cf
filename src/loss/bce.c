// SPDX-License-Identifier: Apache-2.0
// bce.c - binary cross-entropy of logits, with a weight for class 1.
//
// Each logit is a decision of its own; a row's loss is their mean. Targets may lie between 0 and 1. Written with two
// softplus terms, neither of which is a difference: small losses keep all their digits.
//
// Source: definition of torch.nn.BCEWithLogitsLoss
#include "loss/weighted.h"

#include <math.h>
#include <string.h>

typedef struct settings {
    const char *pos_weight;
} settings;

static const rb_field fields[] = {
    {"pos_weight", RB_TEXT, offsetof(settings, pos_weight), .preset_text = "1",
     .help = "weight of class 1 in bce, 1e-6..1e6; auto: as many times as class 0 has more training pictures"},
    {0},
};

static bool prepare(rb_arena *a, const void *cfg, rb_class_counts of, const void **out, rb_error *err)
{
    const char *text = ((const settings *)cfg)->pos_weight;
    rb_bce *b = RB_NEW(a, rb_bce, 1);
    *out = b;
    if (rb_factor_read(text, text + strlen(text), &b->pos_weight)) return true;
    if (strcmp(text, "auto") != 0)
        return rb_fail(err, RB_ERR_USAGE, "pos_weight: '%s' is neither auto nor a number in 1e-6..1e6", text);
    if (of.classes > 2) return rb_fail(err, RB_ERR_USAGE, "pos_weight: auto is for two classes; name a number");
    b->pos_weight = (double)of.n[0] / of.n[1];
    return true;
}

// l = w y log(1 + e^-z) + (1 - y) log(1 + e^z),  dl/dz = (1 - y) s(z) - w y s(-z)
static double row(const void *cfg, const double *logit, const double *target, int k, double *grad)
{
    double w = ((const rb_bce *)cfg)->pos_weight, sum = 0;
    for (int i = 0; i < k; i++) {
        double z = logit[i], y = target[i];
        sum += w * y * rb_softplus(-z) + (1 - y) * rb_softplus(z);
        grad[i] = ((1 - y) * rb_sigmoid(z) - w * y * rb_sigmoid(-z)) / k;
    }
    return sum / k;
}

static double shift(const void *cfg, int class)
{
    return class == 1 ? log(((const rb_bce *)cfg)->pos_weight) : 0;
}

const rb_loss rb_loss_bce = {
    .name = "bce",
    .prefix = "",
    .help = "binary cross-entropy of logits",
    .cfg_bytes = sizeof(settings),
    .fields = fields,
    .prepare = prepare,
    .row = row,
    .shift = shift,
};
