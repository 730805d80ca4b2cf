// SPDX-License-Identifier: Apache-2.0
// logit_adjustment.c - cross-entropy of logits to which training adds the classes' log priors.
//
// The network learns what has to be added to the prior, so that its own logits are those of equally frequent classes:
// their largest is best by balanced error, which for two classes is HTER.
//
// Source: Menon et al., "Long-tail learning via logit adjustment", arXiv:2007.07314, eq. 10
#include "loss/weighted.h"

#include <math.h>

typedef struct settings {
    double tau;
} settings;

static const rb_field fields[] = {
    {"tau", RB_REAL, offsetof(settings, tau), .preset = 1, .min = 0, .max = 100,
     .help = "factor of the log priors; 1: consistent with balanced error"},
    {0},
};

static bool prepare(rb_arena *a, const void *cfg, rb_class_counts of, const void **out, rb_error *err)
{
    (void)err;
    double total = 0;
    rb_weighted *w = rb_weighted_new(a, of.classes);
    for (int c = 0; c < of.classes; c++) total += of.n[c];
    for (int c = 0; c < of.classes; c++) w->shift[c] = ((const settings *)cfg)->tau * log(of.n[c] / total);
    *out = w;
    return true;
}

const rb_loss rb_loss_logit_adjustment = {
    .name = "logit_adjustment",
    .help = "cross-entropy with the log priors of the classes added to the logits",
    .cfg_bytes = sizeof(settings),
    .fields = fields,
    .prepare = prepare,
    .row = rb_weighted_row,
    .shift = rb_weighted_shift,
};
