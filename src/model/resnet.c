// SPDX-License-Identifier: Apache-2.0
// resnet.c - residual networks of basic blocks.
//
// Source: He et al., "Deep Residual Learning", arXiv:1512.03385, table 1; names as timm's
#include "model/model.h"

#include <string.h>

static const struct variant {
    const char *name;
    int blocks[4];
} variants[] = {
    {"resnet18", {2, 2, 2, 2}},
    {"resnet34", {3, 4, 6, 3}},
};

static const char *const names[] = {"resnet18", "resnet34", NULL};

static const struct variant *variant_of(const char *name)
{
    const struct variant *v = variants;
    while (strcmp(v->name, name) != 0) v++;
    return v;
}

static rb_node *conv_norm(rb_graph *g, const char *conv, const char *norm, const rb_node *x, rb_conv c, bool zero_init)
{
    rb_norm n = RB_NORM_DEFAULT;
    n.zero_init = zero_init;
    return rb_batch_norm(g, norm, rb_conv2d(g, conv, x, c), n);
}

static rb_node *basic_block(rb_graph *g, const char *at, const rb_node *x, int filters, int stride, bool zero_init)
{
    rb_conv first = {.filters = filters, .kernel = 3, .stride = stride, .padding = 1};
    rb_conv second = {.filters = filters, .kernel = 3, .padding = 1};
    rb_conv shortcut = {.filters = filters, .kernel = 1, .stride = stride};

    rb_node *y = rb_relu(g, conv_norm(g, rb_scope(g, "%s.conv1", at), rb_scope(g, "%s.bn1", at), x, first, false));
    y = conv_norm(g, rb_scope(g, "%s.conv2", at), rb_scope(g, "%s.bn2", at), y, second, zero_init);
    if (stride != 1 || x->shape.c != filters)
        x = conv_norm(g, rb_scope(g, "%s.downsample.0", at), rb_scope(g, "%s.downsample.1", at), x, shortcut, false);
    return rb_relu(g, rb_add(g, y, x));
}

static rb_node *features(rb_graph *g, rb_node *x, const char *name, const rb_model_settings *s)
{
    const struct variant *v = variant_of(name);
    rb_conv stem = {.filters = 64, .kernel = 7, .stride = 2, .padding = 3};
    x = rb_relu(g, conv_norm(g, "conv1", "bn1", x, stem, false));
    x = rb_max_pool(g, x, (rb_pool){.kernel = 3, .stride = 2, .padding = 1});
    for (int stage = 0; stage < 4; stage++)
        for (int block = 0; block < v->blocks[stage]; block++)
            x = basic_block(g, rb_scope(g, "layer%d.%d", stage + 1, block), x, 64 << stage, stage && !block ? 2 : 1,
                            s->zero_init_last);
    return rb_mean_pool(g, x);
}

const rb_model rb_model_resnet = {
    .family = "resnet",
    .names = names,
    .head = "fc",
    .features = features,
};
