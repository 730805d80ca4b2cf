// SPDX-License-Identifier: Apache-2.0
// resnet.c - residual networks of basic blocks and of bottlenecks.
//
// Source: He et al., "Deep Residual Learning", arXiv:1512.03385, table 1; the stride on a bottleneck's 3x3 convolution
// ("v1.5") and names as timm's and torchvision's
#include "model/model.h"

#include <string.h>

static const struct variant {
    const char *name;
    int blocks[4];
    bool bottleneck;
} variants[] = {
    {"resnet18", {2, 2, 2, 2}, false},  {"resnet34", {3, 4, 6, 3}, false},  {"resnet50", {3, 4, 6, 3}, true},
    {"resnet101", {3, 4, 23, 3}, true}, {"resnet152", {3, 8, 36, 3}, true},
};

static const char *const names[] = {"resnet18", "resnet34", "resnet50", "resnet101", "resnet152", NULL};

#define EXPANSION 4 // filters out of a bottleneck for each inside

static const struct variant *variant_of(const char *name)
{
    const struct variant *v = variants;
    while (strcmp(v->name, name) != 0) v++;
    return v;
}

// Where a block stands and what is asked of it.
typedef struct block {
    const char *at; // "layer1.0"
    int filters, stride;
    bool zero_init; // of its last norm
    double drop;    // how often the branch is left out
} block;

// Layer k of a block: convolution and normalisation.
static rb_node *layer(rb_graph *g, const block *b, int k, const rb_node *x, rb_conv conv, bool last)
{
    rb_norm norm = RB_NORM_DEFAULT;
    norm.zero_init = last && b->zero_init;
    return rb_batch_norm(g, rb_scope(g, "%s.bn%d", b->at, k), rb_conv2d(g, rb_scope(g, "%s.conv%d", b->at, k), x, conv),
                         norm);
}

static rb_node *basic(rb_graph *g, const block *b, const rb_node *x)
{
    rb_conv first = {.filters = b->filters, .kernel = 3, .stride = b->stride, .padding = 1};
    rb_conv second = {.filters = b->filters, .kernel = 3, .padding = 1};
    return layer(g, b, 2, rb_relu(g, layer(g, b, 1, x, first, false)), second, true);
}

static rb_node *bottleneck(rb_graph *g, const block *b, const rb_node *x)
{
    rb_conv narrow = {.filters = b->filters, .kernel = 1}, wide = {.filters = EXPANSION * b->filters, .kernel = 1};
    rb_conv middle = {.filters = b->filters, .kernel = 3, .stride = b->stride, .padding = 1};
    const rb_node *y = rb_relu(g, layer(g, b, 1, x, narrow, false));
    return layer(g, b, 3, rb_relu(g, layer(g, b, 2, y, middle, false)), wide, true);
}

// x itself, or projected where the branch has another shape.
static const rb_node *shortcut(rb_graph *g, const block *b, const rb_node *x, const rb_node *branch)
{
    if (b->stride == 1 && x->shape.c == branch->shape.c) return x;
    rb_conv conv = {.filters = branch->shape.c, .kernel = 1, .stride = b->stride};
    x = rb_conv2d(g, rb_scope(g, "%s.downsample.0", b->at), x, conv);
    return rb_batch_norm(g, rb_scope(g, "%s.downsample.1", b->at), x, RB_NORM_DEFAULT);
}

static rb_node *residual(rb_graph *g, const struct variant *v, const block *b, const rb_node *x)
{
    const rb_node *y = v->bottleneck ? bottleneck(g, b, x) : basic(g, b, x);
    if (b->drop > 0) y = rb_drop_path(g, y, b->drop);
    return rb_relu(g, rb_add(g, y, shortcut(g, b, x, y)));
}

// Deeper blocks are dropped more often: from never up to `drop_path_rate`.
static double drop_of(const struct variant *v, int index, double rate)
{
    int blocks = v->blocks[0] + v->blocks[1] + v->blocks[2] + v->blocks[3];
    return rate * index / (blocks - 1);
}

static rb_node *features(rb_graph *g, rb_node *x, const char *name, const rb_model_settings *s)
{
    const struct variant *v = variant_of(name);
    x = rb_conv2d(g, "conv1", x, (rb_conv){.filters = 64, .kernel = 7, .stride = 2, .padding = 3});
    x = rb_relu(g, rb_batch_norm(g, "bn1", x, RB_NORM_DEFAULT));
    x = rb_max_pool(g, x, (rb_pool){.kernel = 3, .stride = 2, .padding = 1});
    for (int stage = 0, done = 0; stage < 4; stage++)
        for (int i = 0; i < v->blocks[stage]; i++) {
            block b = {.at = rb_scope(g, "layer%d.%d", stage + 1, i),
                       .filters = 64 << stage,
                       .stride = stage && !i ? 2 : 1,
                       .zero_init = s->zero_init_last,
                       .drop = drop_of(v, done++, s->drop_path_rate)};
            x = residual(g, v, &b, x);
        }
    return rb_mean_pool(g, x);
}

const rb_model rb_model_resnet = {
    .family = "resnet",
    .names = names,
    .head = "fc",
    .features = features,
};
