// SPDX-License-Identifier: Apache-2.0
// cross_entropy.c - softmax and cross-entropy, with a weight for each class; of one logit, that of two classes.
//
// A batch's mean is over the weights of its labels, as in torch for integer labels; soft targets count for the weights
// that they are made of.
//
// Source: definition of torch.nn.CrossEntropyLoss; balanced weights as scikit-learn's class_weight
#include "loss/weighted.h"

#include <string.h>

typedef struct settings {
    const char *class_weight;
} settings;

static const rb_field fields[] = {
    {"class_weight", RB_TEXT, offsetof(settings, class_weight), .preset_text = "none",
     .help = "none; balanced: the inverse frequency; or a number for each class, by comma"},
    {0},
};

static void balance(rb_weighted *w, rb_class_counts of)
{
    double total = 0;
    for (int c = 0; c < of.classes; c++) total += of.n[c];
    for (int c = 0; c < of.classes; c++) w->weight[c] = total / of.classes / of.n[c];
}

static bool read_weights(rb_weighted *w, const char *text, int classes, rb_error *err)
{
    int count = 0;
    for (const char *at = text, *end; at; at = *end ? end + 1 : NULL, count++) {
        double factor;
        end = at + strcspn(at, ",");
        if (!rb_factor_read(at, end, &factor))
            return rb_fail(err, RB_ERR_USAGE,
                           "cross_entropy_class_weight: '%.*s' is neither none nor balanced nor a number in 1e-6..1e6",
                           (int)(end - at), at);
        if (count < classes) w->weight[count] = factor;
    }
    if (count == classes) return true;
    return rb_fail(err, RB_ERR_USAGE, "cross_entropy_class_weight: has %d numbers for %d classes", count, classes);
}

static bool prepare(rb_arena *a, const void *cfg, rb_class_counts of, const void **out, rb_error *err)
{
    const char *text = ((const settings *)cfg)->class_weight;
    rb_weighted *w = rb_weighted_new(a, of.classes);
    *out = w;
    if (!strcmp(text, "none")) return true;
    if (strcmp(text, "balanced") != 0) return read_weights(w, text, of.classes, err);
    balance(w, of);
    return true;
}

const rb_loss rb_loss_cross_entropy = {
    .name = "cross_entropy",
    .help = "softmax and cross-entropy, with a weight for each class",
    .cfg_bytes = sizeof(settings),
    .fields = fields,
    .prepare = prepare,
    .row = rb_weighted_row,
    .weight = rb_weighted_mass,
    .shift = rb_weighted_shift,
};
