// SPDX-License-Identifier: Apache-2.0
// cnn_encoder.c - the original project's own small network: four stages of two 3x3 convolutions, widths growing by
// dim_base.
//
// Source: the original's model.py, as told in words by its public description
#include "model/model.h"

#define STAGES 4
#define HIDDEN 256

static const char *const names[] = {"cnn_encoder", NULL};

static rb_node *layer(rb_graph *g, int stage, int k, const rb_node *x, int filters)
{
    rb_conv conv = {.filters = filters, .kernel = 3, .padding = 1, .bias = true};
    x = rb_conv2d(g, rb_scope(g, "stages.%d.conv%d", stage, k), x, conv);
    return rb_relu(g, rb_batch_norm(g, rb_scope(g, "stages.%d.bn%d", stage, k), x, RB_NORM_DEFAULT));
}

static rb_node *features(rb_graph *g, rb_node *x, const char *name, const rb_model_settings *s)
{
    (void)name;
    for (int stage = 0; stage < STAGES; stage++) {
        if (stage) x = rb_max_pool(g, x, (rb_pool){.kernel = 2, .stride = 2});
        for (int k = 1; k <= 2; k++) x = layer(g, stage, k, x, s->dim_base * (stage + 1));
    }
    return rb_mean_pool(g, x);
}

const rb_model rb_model_cnn_encoder = {
    .family = "cnn_encoder",
    .names = names,
    .head = "fc",
    .head_hidden = HIDDEN,
    .features = features,
};
