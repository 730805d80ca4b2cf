// SPDX-License-Identifier: Apache-2.0
// efficientnet.c - EfficientNet B0 to B4: inverted bottlenecks with squeeze-and-excitation, scaled in width and depth.
//
// Source: Tan & Le, arXiv:1905.11946, table 1 and section 4; the block: Sandler et al., arXiv:1801.04381, and Hu et
// al., arXiv:1709.01507; names, padding and normalisation as timm's efficientnet_b*, which are not its tf_ variants
#include "model/model.h"

#include <math.h>
#include <string.h>

static const struct variant {
    const char *name;
    double width, depth;
} variants[] = {
    {"efficientnet_b0", 1.0, 1.0}, {"efficientnet_b1", 1.0, 1.1}, {"efficientnet_b2", 1.1, 1.2},
    {"efficientnet_b3", 1.2, 1.4}, {"efficientnet_b4", 1.4, 1.8},
};

static const char *const names[] = {"efficientnet_b0", "efficientnet_b1", "efficientnet_b2",
                                    "efficientnet_b3", "efficientnet_b4", NULL};

#define STEM 32
#define HEAD 1280

// B0's stages, between stem and head. The stride is the first block's.
static const struct stage {
    int expand, kernel, stride, filters, repeats;
} stages[] = {
    {1, 3, 1, 16, 1},  {6, 3, 2, 24, 2},  {6, 5, 2, 40, 2},  {6, 3, 2, 80, 3},
    {6, 5, 1, 112, 3}, {6, 5, 2, 192, 4}, {6, 3, 1, 320, 1},
};
#define STAGES ((int)(sizeof stages / sizeof *stages))

static const struct variant *variant_of(const char *name)
{
    const struct variant *v = variants;
    while (strcmp(v->name, name) != 0) v++;
    return v;
}

// The nearest multiple of 8 that takes off no more than a tenth.
static int widened(const struct variant *v, int filters)
{
    double wanted = filters * v->width;
    int rounded = (int)(wanted + 4) / 8 * 8;
    if (rounded < 8) rounded = 8;
    return rounded < 0.9 * wanted ? rounded + 8 : rounded;
}

static int deepened(const struct variant *v, int repeats)
{
    return (int)ceil(repeats * v->depth);
}

static int block_count(const struct variant *v)
{
    int count = 0;
    for (int i = 0; i < STAGES; i++) count += deepened(v, stages[i].repeats);
    return count;
}

static rb_node *conv_norm(rb_graph *g, const char *conv, const char *norm, const rb_node *x, rb_conv c)
{
    return rb_batch_norm(g, norm, rb_conv2d(g, conv, x, c), RB_NORM_DEFAULT);
}

// Pooled to one value a channel, through a narrow layer, and back as a factor for each channel. `squeezed` is a quarter
// of what entered the block, not of the expanded channels.
static rb_node *squeeze_excite(rb_graph *g, const char *at, const rb_node *x, int squeezed)
{
    rb_conv reduce = {.filters = squeezed, .kernel = 1, .bias = true};
    rb_conv expand = {.filters = x->shape.c, .kernel = 1, .bias = true};
    const rb_node *s = rb_silu(g, rb_conv2d(g, rb_scope(g, "%s.se.conv_reduce", at), rb_mean_pool(g, x), reduce));
    return rb_gate(g, x, rb_conv2d(g, rb_scope(g, "%s.se.conv_expand", at), s, expand));
}

// `b` has this block's own stride and filters. Blocks that do not expand call their projection conv_pw, where the
// others have conv_pwl behind an expanding conv_pw.
static rb_node *mbconv(rb_graph *g, const char *at, const rb_node *x, const struct stage *b, double drop)
{
    int in = x->shape.c, wide = in * b->expand, layer = 1;
    rb_conv expand = {.filters = wide, .kernel = 1}, project = {.filters = b->filters, .kernel = 1};
    rb_conv depthwise = {.filters = wide, .kernel = b->kernel, .stride = b->stride, .padding = b->kernel / 2};
    depthwise.groups = wide;

    const rb_node *y = x;
    if (b->expand > 1)
        y = rb_silu(g, conv_norm(g, rb_scope(g, "%s.conv_pw", at), rb_scope(g, "%s.bn%d", at, layer++), y, expand));
    y = rb_silu(g, conv_norm(g, rb_scope(g, "%s.conv_dw", at), rb_scope(g, "%s.bn%d", at, layer++), y, depthwise));
    y = squeeze_excite(g, at, y, in / 4);
    rb_node *out = conv_norm(g, rb_scope(g, "%s.conv_pw%s", at, b->expand > 1 ? "l" : ""),
                             rb_scope(g, "%s.bn%d", at, layer), y, project);
    if (b->stride != 1 || in != b->filters) return out;
    return rb_add(g, drop > 0 ? rb_drop_path(g, out, drop) : out, x);
}

// Deeper blocks are dropped more often: from never up to almost `drop_path_rate`.
static rb_node *features(rb_graph *g, rb_node *x, const char *name, const rb_model_settings *s)
{
    const struct variant *v = variant_of(name);
    rb_conv stem = {.filters = widened(v, STEM), .kernel = 3, .stride = 2, .padding = 1};
    rb_conv head = {.filters = widened(v, HEAD), .kernel = 1};
    x = rb_silu(g, conv_norm(g, "conv_stem", "bn1", x, stem));
    for (int i = 0, done = 0; i < STAGES; i++) {
        struct stage block = stages[i];
        block.filters = widened(v, block.filters);
        for (int k = 0; k < deepened(v, stages[i].repeats); k++, block.stride = 1)
            x = mbconv(g, rb_scope(g, "blocks.%d.%d", i, k), x, &block, s->drop_path_rate * done++ / block_count(v));
    }
    return rb_mean_pool(g, rb_silu(g, conv_norm(g, "conv_head", "bn2", x, head)));
}

const rb_model rb_model_efficientnet = {
    .family = "efficientnet",
    .names = names,
    .head = "classifier",
    .features = features,
};
