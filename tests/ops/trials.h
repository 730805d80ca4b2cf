// SPDX-License-Identifier: Apache-2.0
// trials.h - the table of test_backends.c: ops, and the combinations that a backend may merge. Include after check.h.
#ifndef RB_TESTS_OPS_TRIALS_H
#define RB_TESTS_OPS_TRIALS_H

#include "ops/middle.h"

typedef enum content {
    PLAIN,  // between -1 and 1
    SPARSE, // two in three are 0
    FAR,    // about 1000, spread of half
} content;

// What stands behind the op.
typedef enum ending {
    MAPS,    // after, mean, last
    DENSE,   // last alone: the op's maps are 1x1
    NOTHING, // the op's maps are 1x1 and the logits
} ending;

typedef struct trial {
    const char *name;
    rb_node *(*build)(rb_graph *g, const rb_node *x, const middle *t);
    int batch;
    rb_shape picture;
    int channels; // of `before`; 0: the op reads the picture itself
    double tolerance;
    middle op;
    content content;
    ending ending;
} trial;

// ---- what stands in the middle -------------------------------------------------------------------------------------

static rb_node *dropout_pooled(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_dropout(g, rb_mean_pool(g, x), t->drop);
}

static rb_node *pooled_conv(rb_graph *g, const rb_node *x, const middle *t)
{
    return conv(g, rb_mean_pool(g, x), t);
}

static rb_node *head(rb_graph *g, const rb_node *x, const middle *t)
{
    x = rb_relu(g, rb_dense(g, "hidden", rb_dropout(g, rb_mean_pool(g, x), t->drop), t->conv.filters));
    return rb_dense(g, "op", x, 7);
}

static rb_node *conv_norm(rb_graph *g, const rb_node *x, const middle *t)
{
    return norm(g, conv(g, x, t), t);
}

static rb_node *conv_relu(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_relu(g, conv(g, x, t));
}

static rb_node *conv_dropout(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_dropout(g, conv(g, x, t), t->drop);
}

static rb_node *norm_relu(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_relu(g, norm(g, x, t));
}

// The ReLU must not be done in place of the norm, which somebody else reads.
static rb_node *norm_two_readers(rb_graph *g, const rb_node *x, const middle *t)
{
    x = norm(g, x, t);
    return rb_add(g, rb_relu(g, x), x);
}

static rb_node *conv_norm_relu(rb_graph *g, const rb_node *x, const middle *t)
{
    return norm_relu(g, conv(g, x, t), t);
}

static rb_node *conv_two_readers(rb_graph *g, const rb_node *x, const middle *t)
{
    x = conv(g, x, t);
    return rb_add(g, x, rb_relu(g, norm(g, x, t)));
}

static rb_node *relu_conv(rb_graph *g, const rb_node *x, const middle *t)
{
    return conv(g, rb_relu(g, x), t);
}

static rb_node *norm_frozen(rb_graph *g, const rb_node *x, const middle *t)
{
    g->freezing = true;
    rb_node *y = conv_norm_relu(g, x, t);
    g->freezing = false;
    return y;
}

// Each may want the picture in another layout.
static rb_node *norm_beside_conv(rb_graph *g, const rb_node *x, const middle *t)
{
    const rb_node *y = norm(g, x, t);
    rb_conv side = t->conv;
    side.filters = x->shape.c;
    return rb_add(g, y, rb_conv2d(g, "side", x, side));
}

static rb_node *basic_block(rb_graph *g, const rb_node *x, const middle *t)
{
    const rb_node *y = rb_conv2d(g, "second", conv_norm_relu(g, x, t), t->conv);
    return rb_relu(g, rb_add(g, rb_batch_norm(g, "last_norm", y, t->norm), x));
}

// With a projection as shortcut; it comes last, so that a backend adds onto the branch.
static rb_node *down_block(rb_graph *g, const rb_node *x, const middle *t)
{
    rb_conv second = {.filters = t->conv.filters, .kernel = 3, .padding = 1};
    rb_conv shortcut = {.filters = t->conv.filters, .kernel = 1, .stride = t->conv.stride};
    const rb_node *y = rb_conv2d(g, "second", conv_norm_relu(g, x, t), second);
    y = rb_batch_norm(g, "last_norm", y, t->norm);
    const rb_node *z = rb_batch_norm(g, "short_norm", rb_conv2d(g, "short", x, shortcut), t->norm);
    return rb_relu(g, rb_add(g, y, z));
}

static rb_node *add(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_add(g, rb_conv2d(g, "one", x, t->conv), rb_conv2d(g, "other", x, t->conv));
}

static rb_node *add_relu(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_relu(g, add(g, x, t));
}

// The convolution reads what its result is added to.
static rb_node *add_to_source(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_relu(g, rb_add(g, norm(g, conv(g, x, t), t), x));
}

static rb_node *add_preactivation(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_add(g, x, conv(g, rb_relu(g, x), t));
}

// An operand that is read again after the addition...
static rb_node *add_read_later(rb_graph *g, const rb_node *x, const middle *t)
{
    const rb_node *y = rb_conv2d(g, "one", x, t->conv);
    const rb_node *sum = rb_add(g, rb_conv2d(g, "other", x, t->conv), y);
    return rb_add(g, rb_relu(g, sum), y);
}

// ...and one that is read between the convolution and the addition.
static rb_node *add_read_between(rb_graph *g, const rb_node *x, const middle *t)
{
    const rb_node *y = rb_conv2d(g, "one", x, t->conv), *z = rb_conv2d(g, "other", x, t->conv);
    const rb_node *between = rb_relu(g, y);
    return rb_add(g, rb_add(g, z, y), between);
}

// At evaluation dropout is its input, here under two names.
static rb_node *add_dropped(rb_graph *g, const rb_node *x, const middle *t)
{
    const rb_node *y = rb_mean_pool(g, rb_conv2d(g, "one", x, t->conv)), *dropped = rb_dropout(g, y, t->drop);
    const rb_node *z = rb_conv2d(g, "other", rb_mean_pool(g, x), (rb_conv){.filters = t->conv.filters, .kernel = 1});
    return rb_add(g, rb_add(g, z, dropped), y);
}

static rb_node *twice(rb_graph *g, const rb_node *x, const middle *t)
{
    x = conv(g, x, t);
    return rb_add(g, x, x);
}

static rb_node *four_readers(rb_graph *g, const rb_node *x, const middle *t)
{
    const rb_node *y = conv(g, x, t);
    const rb_node *sum = rb_add(g, rb_relu(g, y), rb_conv2d(g, "second", y, (rb_conv){.filters = 20, .kernel = 1}));
    return rb_add(g, rb_add(g, sum, y), y);
}

static rb_node *pool_relu(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_max_pool(g, rb_relu(g, x), t->pool);
}

static rb_node *norm_silu(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_silu(g, norm(g, x, t));
}

static rb_node *conv_silu(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_silu(g, conv(g, x, t));
}

static rb_node *conv_norm_silu(rb_graph *g, const rb_node *x, const middle *t)
{
    return norm_silu(g, conv(g, x, t), t);
}

static rb_node *norm_silu_two_readers(rb_graph *g, const rb_node *x, const middle *t)
{
    x = norm(g, x, t);
    return rb_add(g, rb_silu(g, x), x);
}

static rb_node *add_silu(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_silu(g, add(g, x, t));
}

static rb_node *drop_path(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_drop_path(g, x, t->drop);
}

static rb_node *drop_path_branch(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_add(g, rb_drop_path(g, conv_norm(g, x, t), t->drop), x);
}

// The factors come by a way of their own, and from maps of 1x1 that are not plain rows.
static rb_node *gate(rb_graph *g, const rb_node *x, const middle *t)
{
    return rb_gate(g, x, conv(g, x, t));
}

static rb_node *squeeze_excite(rb_graph *g, const rb_node *x, const middle *t)
{
    rb_conv wide = {.filters = x->shape.c, .kernel = 1, .bias = true};
    const rb_node *s = rb_conv2d(g, "reduce", rb_mean_pool(g, x), t->conv);
    return rb_gate(g, x, rb_conv2d(g, "expand", rb_silu(g, s), wide));
}

// Convolutions of pooled maps without bias, or with a norm behind: no dense layers.
static rb_node *squeeze_norm(rb_graph *g, const rb_node *x, const middle *t)
{
    const rb_node *s = conv_norm_silu(g, rb_mean_pool(g, x), t);
    return rb_gate(g, x, rb_conv2d(g, "expand", s, (rb_conv){.filters = x->shape.c, .kernel = 1}));
}

// EfficientNet's block: depthwise, squeeze and excite, project, add.
static rb_node *mbconv(rb_graph *g, const rb_node *x, const middle *t)
{
    rb_conv wide = {.filters = t->conv.groups, .kernel = 1}, narrow = {.filters = x->shape.c, .kernel = 1};
    middle squeeze = {.conv = {.filters = 5, .kernel = 1, .bias = true}};
    const rb_node *y = rb_silu(g, rb_batch_norm(g, "wide_norm", rb_conv2d(g, "wide", x, wide), t->norm));
    y = rb_conv2d(g, "narrow", squeeze_excite(g, conv_norm_silu(g, y, t), &squeeze), narrow);
    return rb_add(g, rb_drop_path(g, rb_batch_norm(g, "narrow_norm", y, t->norm), t->drop), x);
}

static rb_node *six_readers(rb_graph *g, const rb_node *x, const middle *t)
{
    const rb_node *y = conv(g, x, t), *sum = y;
    for (int i = 0; i < 5; i++) sum = rb_add(g, i % 2 ? rb_relu(g, y) : rb_silu(g, y), sum);
    return rb_gate(g, sum, rb_mean_pool(g, y));
}

// ---- the table -----------------------------------------------------------------------------------------------------

// Why the tolerances, all relative to the largest value of the tensor that is compared. A float rounds at 6e-8; sums of
// some hundred products drift to several times that, and gradients pass through three such layers. Winograd's
// transforms, F(4x4, 3x3), multiply by up to 8 and take differences: 5e-7 to 2e-6 a layer. Batch norm divides by the
// spread of few values, and its gradient is a difference of near equals. A mean near 1000 is itself rounded at 3e-5,
// which is 2e-4 of a spread of a few tenths.
#define DIRECT   2e-6
#define ALIKE    4e-6 // behind a mean all pixels have the same gradient: in a float sum they are rounded alike
#define WINOGRAD 1e-5
#define NORM     5e-6
#define FAR_MEAN 5e-4

#define BN .op.norm = {.eps = 1e-5, .momentum = 0.1}
#define CHW(c, h, w) \
    { \
        c, h, w \
    }
#define CONV(...) .op.conv = {__VA_ARGS__}
#define POOL(...) .op.pool = {__VA_ARGS__}

static const trial trials[] = {
    // Convolutions: kernel, stride, padding; sizes and channels that fill no block of 8 or 16.
    {"conv 1x1", conv, 2, CHW(3, 7, 5), 16, DIRECT, CONV(.filters = 33, .kernel = 1)},
    {"conv 1x1 to 1 filter", conv, 2, CHW(3, 7, 5), 20, DIRECT, CONV(.filters = 1, .kernel = 1)},
    {"conv 1x1 stride 2", conv, 2, CHW(3, 7, 5), 20, DIRECT, CONV(.filters = 16, .kernel = 1, .stride = 2)},
    {"conv 1x1 on 1x1", conv, 13, CHW(3, 1, 1), 20, DIRECT, CONV(.filters = 33, .kernel = 1, .bias = true)},
    {"conv 1x1 padded", conv, 2, CHW(3, 4, 3), 5, DIRECT, CONV(.filters = 5, .kernel = 1, .padding = 1, .bias = true)},
    {"conv 3x3 unpadded", conv, 2, CHW(3, 7, 5), 20, DIRECT, CONV(.filters = 33, .kernel = 3)},
    {"conv 3x3", conv, 2, CHW(3, 33, 17), 20, DIRECT, CONV(.filters = 33, .kernel = 3, .padding = 1)},
    {"conv 3x3 of 1 channel", conv, 2, CHW(1, 7, 5), 0, DIRECT, CONV(.filters = 5, .kernel = 3, .padding = 1)},
    {"conv 3x3 of 3 channels", conv, 1, CHW(3, 33, 17), 0, DIRECT, CONV(.filters = 16, .kernel = 3, .padding = 1)},
    {"conv 3x3 of 4 channels", conv, 2, CHW(4, 9, 9), 0, DIRECT, CONV(.filters = 33, .kernel = 3, .bias = true)},
    {"conv 3x3 of 5 channels", conv, 13, CHW(5, 7, 5), 0, WINOGRAD, CONV(.filters = 20, .kernel = 3, .padding = 1)},
    {"conv 3x3 stride 2", conv, 13, CHW(3, 7, 5), 16, DIRECT,
     CONV(.filters = 32, .kernel = 3, .stride = 2, .padding = 1)},
    {"conv 3x3 stride 2, even", conv, 2, CHW(3, 8, 6), 20, DIRECT,
     CONV(.filters = 5, .kernel = 3, .stride = 2, .padding = 1, .bias = true)},
    {"conv 3x3 stride 3", conv, 2, CHW(3, 11, 8), 5, DIRECT, CONV(.filters = 5, .kernel = 3, .stride = 3)},
    {"conv 3x3 on 1x1", conv, 8, CHW(3, 1, 1), 33, DIRECT, CONV(.filters = 16, .kernel = 3, .padding = 1)},
    {"conv 3x3 stride 2 on 2x2", conv, 8, CHW(3, 2, 2), 32, DIRECT,
     CONV(.filters = 64, .kernel = 3, .stride = 2, .padding = 1)},
    {"conv 3x3 padded wide", conv, 2, CHW(3, 4, 6), 5, DIRECT, CONV(.filters = 20, .kernel = 3, .padding = 4)},
    {"conv 5x5", conv, 2, CHW(3, 9, 8), 16, DIRECT, CONV(.filters = 20, .kernel = 5, .padding = 2)},
    {"conv 5x5 stride 2", conv, 1, CHW(3, 33, 17), 5, DIRECT,
     CONV(.filters = 16, .kernel = 5, .stride = 2, .padding = 2, .bias = true)},
    {"conv 7x7 stride 2 on pictures", conv, 2, CHW(3, 33, 17), 0, DIRECT,
     CONV(.filters = 20, .kernel = 7, .stride = 2, .padding = 3)},
    {"conv 7x7", conv, 2, CHW(3, 7, 9), 16, DIRECT, CONV(.filters = 16, .kernel = 7, .padding = 3)},
    {"conv 7x7 stride 2 on 3x2", conv, 2, CHW(3, 3, 2), 16, DIRECT,
     CONV(.filters = 16, .kernel = 7, .stride = 2, .padding = 3)},
    {"conv in 2 groups", conv, 2, CHW(3, 7, 5), 32, DIRECT,
     CONV(.filters = 32, .kernel = 3, .padding = 1, .groups = 2, .bias = true)},
    {"conv in 4 groups of 5", conv, 2, CHW(3, 7, 5), 20, DIRECT,
     CONV(.filters = 12, .kernel = 3, .padding = 1, .groups = 4)},
    {"conv in 32 groups of 4", conv, 8, CHW(3, 8, 8), 128, DIRECT,
     CONV(.filters = 128, .kernel = 3, .padding = 1, .groups = 32)},
    {"depthwise 3x3", conv, 2, CHW(3, 7, 5), 32, DIRECT, CONV(.filters = 32, .kernel = 3, .padding = 1, .groups = 32)},
    {"depthwise 3x3 of 20", conv, 8, CHW(3, 7, 5), 20, DIRECT,
     CONV(.filters = 20, .kernel = 3, .padding = 1, .groups = 20, .bias = true)},
    {"depthwise 3x3 on 2x2", conv, 2, CHW(3, 2, 2), 33, DIRECT,
     CONV(.filters = 33, .kernel = 3, .padding = 1, .groups = 33)},
    {"depthwise 5x5 stride 2", conv, 2, CHW(3, 9, 7), 33, DIRECT,
     CONV(.filters = 33, .kernel = 5, .stride = 2, .padding = 2, .groups = 33)},
    {"depthwise 5x5 on 1x1", conv, 4, CHW(3, 1, 1), 32, DIRECT,
     CONV(.filters = 32, .kernel = 5, .padding = 2, .groups = 32)},
    {"depthwise 5x5 on 2x3", conv, 4, CHW(3, 2, 3), 32, DIRECT,
     CONV(.filters = 32, .kernel = 5, .padding = 2, .groups = 32)},
    {"depthwise times 2", conv, 2, CHW(3, 7, 5), 16, DIRECT,
     CONV(.filters = 32, .kernel = 3, .padding = 1, .groups = 16)},

    // Where Winograd is, and just outside: 3x3 stride 1 to maps of at least 4x4 at batches of at least 8. CPUs with
    // tiles take those up to 7x7, and for strides.
    {"winograd 8x8", conv, 8, CHW(3, 8, 8), 16, WINOGRAD, CONV(.filters = 32, .kernel = 3, .padding = 1)},
    {"winograd 4x4", conv, 8, CHW(3, 4, 4), 32, WINOGRAD, CONV(.filters = 16, .kernel = 3, .padding = 1)},
    {"winograd 7x5", conv, 13, CHW(3, 7, 5), 20, WINOGRAD,
     CONV(.filters = 33, .kernel = 3, .padding = 1, .bias = true)},
    {"winograd 33x17", conv, 8, CHW(3, 33, 17), 16, WINOGRAD, CONV(.filters = 16, .kernel = 3, .padding = 1)},
    {"winograd unpadded", conv, 8, CHW(3, 6, 7), 16, WINOGRAD, CONV(.filters = 16, .kernel = 3)},
    {"winograd padded by 2", conv, 8, CHW(3, 6, 6), 16, WINOGRAD, CONV(.filters = 16, .kernel = 3, .padding = 2)},
    {"winograd on pictures", conv, 8, CHW(3, 9, 7), 0, WINOGRAD, CONV(.filters = 16, .kernel = 3, .padding = 1)},
    {"outside winograd: batch 7", conv, 7, CHW(3, 8, 8), 16, DIRECT, CONV(.filters = 16, .kernel = 3, .padding = 1)},
    {"outside winograd: 4x3", conv, 8, CHW(3, 4, 3), 16, DIRECT, CONV(.filters = 16, .kernel = 3, .padding = 1)},
    {"on 2x2", conv, 17, CHW(3, 2, 2), 33, DIRECT, CONV(.filters = 48, .kernel = 3, .padding = 1)},
    {"stride 2 to 5x4", conv, 13, CHW(3, 9, 7), 20, DIRECT,
     CONV(.filters = 33, .kernel = 3, .stride = 2, .padding = 1)},
    {"outside winograd: stride", conv, 8, CHW(3, 8, 8), 16, DIRECT,
     CONV(.filters = 16, .kernel = 3, .stride = 2, .padding = 1)},

    // Batch normalisation.
    {"norm", norm, 2, CHW(3, 7, 5), 20, NORM, BN},
    {"norm of 1 channel", norm, 13, CHW(3, 7, 5), 1, NORM, BN},
    {"norm, large eps", norm, 2, CHW(3, 33, 17), 33, NORM, .op.norm = {.eps = 0.5, .momentum = 0.3}},
    {"norm, statistics frozen", norm, 2, CHW(3, 7, 5), 20, NORM,
     .op.norm = {.eps = 1e-5, .momentum = 0.1, .frozen = true}},
    {"norm of 1 value", norm, 1, CHW(3, 1, 1), 20, NORM, BN},
    {"norm on 1x1", norm, 13, CHW(3, 1, 1), 20, NORM, BN},
    {"norm of pictures", norm, 2, CHW(3, 7, 5), 0, NORM, BN},
    {"norm of pictures far from 0", norm, 2, CHW(3, 33, 17), 0, FAR_MEAN, BN, .content = FAR},
    {"norm, relu", norm_relu, 2, CHW(3, 7, 5), 33, NORM, BN},
    {"norm with two readers", norm_two_readers, 2, CHW(3, 7, 5), 20, NORM, BN},
    {"norm beside a conv of the picture", norm_beside_conv, 2, CHW(5, 7, 5), 0, NORM, BN,
     CONV(.kernel = 3, .padding = 1)},
    {"conv, norm", conv_norm, 2, CHW(3, 7, 5), 5, NORM, BN, CONV(.filters = 20, .kernel = 3, .padding = 1)},
    {"conv with bias, norm, relu", conv_norm_relu, 2, CHW(3, 7, 5), 16, NORM, BN,
     CONV(.filters = 20, .kernel = 3, .padding = 1, .bias = true)},
    {"winograd, norm, relu", conv_norm_relu, 8, CHW(3, 9, 8), 16, 2 * WINOGRAD, BN,
     CONV(.filters = 32, .kernel = 3, .padding = 1)},
    {"depthwise, norm, relu", conv_norm_relu, 2, CHW(3, 7, 5), 33, NORM, BN,
     CONV(.filters = 33, .kernel = 3, .padding = 1, .groups = 33)},
    {"conv with two readers", conv_two_readers, 2, CHW(3, 7, 5), 5, NORM, BN, CONV(.filters = 20, .kernel = 3)},
    {"conv, norm, relu, all frozen", norm_frozen, 2, CHW(3, 7, 5), 5, NORM, BN,
     CONV(.filters = 20, .kernel = 3, .padding = 1, .bias = true)},

    // Additions.
    {"basic block", basic_block, 2, CHW(3, 7, 5), 20, NORM, BN, CONV(.filters = 20, .kernel = 3, .padding = 1)},
    {"basic block, winograd", basic_block, 8, CHW(3, 8, 8), 16, 2 * WINOGRAD, BN,
     CONV(.filters = 16, .kernel = 3, .padding = 1)},
    {"down block", down_block, 2, CHW(3, 7, 5), 5, NORM, BN,
     CONV(.filters = 20, .kernel = 3, .stride = 2, .padding = 1)},
    {"add", add, 2, CHW(3, 7, 5), 16, DIRECT, CONV(.filters = 33, .kernel = 3)},
    {"add, relu", add_relu, 2, CHW(3, 7, 5), 5, DIRECT, CONV(.filters = 20, .kernel = 3, .bias = true)},
    {"add, relu, winograd", add_relu, 8, CHW(3, 8, 8), 16, WINOGRAD, CONV(.filters = 16, .kernel = 3, .padding = 1)},
    {"add the convolution's input", add_to_source, 2, CHW(3, 7, 5), 20, NORM, BN,
     CONV(.filters = 20, .kernel = 3, .padding = 1)},
    {"add the convolution's input, winograd", add_to_source, 8, CHW(3, 8, 8), 16, 2 * WINOGRAD, BN,
     CONV(.filters = 16, .kernel = 3, .padding = 1)},
    {"add the picture", add_to_source, 2, CHW(3, 7, 5), 0, NORM, BN, CONV(.filters = 3, .kernel = 3, .padding = 1)},
    {"add before an activation", add_preactivation, 2, CHW(3, 7, 5), 20, DIRECT,
     CONV(.filters = 20, .kernel = 3, .padding = 1)},
    {"add what is read later", add_read_later, 2, CHW(3, 7, 5), 16, DIRECT, CONV(.filters = 20, .kernel = 3)},
    {"add what is read in between", add_read_between, 2, CHW(3, 7, 5), 16, DIRECT, CONV(.filters = 20, .kernel = 3)},
    {"add dropout's input and output", add_dropped, 2, CHW(3, 7, 5), 16, DIRECT, CONV(.filters = 16, .kernel = 3),
     .op.drop = 0.4},
    {"x + x", twice, 2, CHW(3, 7, 5), 16, DIRECT, CONV(.filters = 20, .kernel = 3)},
    {"four readers", four_readers, 2, CHW(3, 7, 5), 5, DIRECT, CONV(.filters = 20, .kernel = 3)},

    // EfficientNet's.
    {"silu", silu, 2, CHW(3, 7, 5), 20, .tolerance = DIRECT},
    {"silu of pictures", silu, 2, CHW(3, 7, 5), 0, .tolerance = DIRECT},
    {"conv, silu", conv_silu, 2, CHW(3, 7, 5), 20, DIRECT, CONV(.filters = 33, .kernel = 3, .padding = 1)},
    {"conv, silu, winograd", conv_silu, 8, CHW(3, 9, 8), 16, WINOGRAD, CONV(.filters = 32, .kernel = 3, .padding = 1)},
    {"norm, silu", norm_silu, 2, CHW(3, 7, 5), 33, NORM, BN},
    {"norm, silu of pictures", norm_silu, 2, CHW(3, 7, 5), 0, NORM, BN},
    {"norm, silu, full blocks", norm_silu, 2, CHW(3, 7, 5), 32, NORM, BN},
    {"norm, silu, statistics frozen", norm_silu, 2, CHW(3, 7, 5), 20, NORM,
     .op.norm = {.eps = 1e-5, .momentum = 0.1, .frozen = true}},
    {"norm with two readers, silu", norm_silu_two_readers, 2, CHW(3, 7, 5), 20, NORM, BN},
    {"conv, norm, silu", conv_norm_silu, 2, CHW(3, 7, 5), 5, NORM, BN,
     CONV(.filters = 20, .kernel = 3, .stride = 2, .padding = 1)},
    {"depthwise 5x5 stride 2, norm, silu", conv_norm_silu, 2, CHW(3, 9, 8), 32, NORM, BN,
     CONV(.filters = 32, .kernel = 5, .stride = 2, .padding = 2, .groups = 32)},
    {"add, silu", add_silu, 2, CHW(3, 7, 5), 5, DIRECT, CONV(.filters = 20, .kernel = 3, .bias = true)},
    {"drop path", drop_path, 13, CHW(3, 7, 5), 20, DIRECT, .op.drop = 0.4},
    {"drop path of a branch", drop_path_branch, 13, CHW(3, 7, 5), 20, NORM, BN,
     CONV(.filters = 20, .kernel = 3, .padding = 1), .op.drop = 0.4},
    {"gate", gate, 2, CHW(3, 7, 5), 20, DIRECT, CONV(.filters = 20, .kernel = 7, .padding = 1, .stride = 8)},
    {"gate of pictures", gate, 2, CHW(3, 5, 5), 0, DIRECT, CONV(.filters = 3, .kernel = 5)},
    {"squeeze and excite", squeeze_excite, 8, CHW(3, 7, 5), 32, DIRECT, CONV(.filters = 5, .kernel = 1, .bias = true)},
    {"squeeze and excite of 33", squeeze_excite, 2, CHW(3, 7, 5), 33, DIRECT,
     CONV(.filters = 8, .kernel = 1, .bias = true)},
    {"squeeze and excite with a norm", squeeze_norm, 8, CHW(3, 7, 5), 20, NORM, BN, CONV(.filters = 6, .kernel = 1)},
    {"inverted bottleneck", mbconv, 8, CHW(3, 7, 5), 16, NORM, BN,
     CONV(.filters = 48, .kernel = 3, .padding = 1, .groups = 48), .op.drop = 0.3},
    {"inverted bottleneck 5x5 of 24", mbconv, 2, CHW(3, 9, 8), 24, NORM, BN,
     CONV(.filters = 40, .kernel = 5, .padding = 2, .groups = 40), .op.drop = 0.3},
    {"six readers", six_readers, 2, CHW(3, 7, 5), 5, DIRECT, CONV(.filters = 20, .kernel = 3)},

    // Without weights, and heads.
    {"relu", relu, 2, CHW(3, 7, 5), 20, .tolerance = DIRECT},
    {"relu at exact zeros", relu, 2, CHW(1, 33, 17), 5, DIRECT, .content = SPARSE},
    {"relu of pictures", relu, 2, CHW(3, 7, 5), 0, .tolerance = DIRECT},
    {"relu, conv", relu_conv, 8, CHW(3, 8, 8), 16, WINOGRAD, CONV(.filters = 20, .kernel = 3, .padding = 1)},
    {"max pool", max_pool, 2, CHW(3, 8, 6), 20, DIRECT, POOL(.kernel = 2, .stride = 2)},
    {"max pool, a rest left", max_pool, 2, CHW(3, 7, 5), 16, DIRECT, POOL(.kernel = 2, .stride = 2)},
    {"max pool 3x3 stride 2 padded", max_pool, 8, CHW(3, 33, 17), 20, DIRECT,
     POOL(.kernel = 3, .stride = 2, .padding = 1)},
    {"max pool, overlapping", max_pool, 2, CHW(3, 7, 5), 33, DIRECT, POOL(.kernel = 3, .stride = 1, .padding = 1)},
    {"max pool on 1x1", max_pool, 2, CHW(3, 1, 1), 16, DIRECT, POOL(.kernel = 3, .stride = 2, .padding = 1)},
    {"max pool of pictures", max_pool, 2, CHW(3, 7, 5), 0, DIRECT, POOL(.kernel = 3, .stride = 2, .padding = 1)},
    {"max pool of equals", max_pool, 2, CHW(1, 33, 17), 16, DIRECT, POOL(.kernel = 3, .stride = 2, .padding = 1),
     .content = SPARSE},
    {"relu, max pool", pool_relu, 2, CHW(3, 33, 17), 16, DIRECT, POOL(.kernel = 3, .stride = 2, .padding = 1)},
    {"mean pool", mean_pool, 2, CHW(3, 33, 17), 33, .tolerance = ALIKE},
    {"mean pool on 1x1", mean_pool, 13, CHW(3, 1, 1), 20, .tolerance = DIRECT},
    {"mean pool of pictures", mean_pool, 2, CHW(3, 7, 5), 0, .tolerance = DIRECT},
    {"dense", dense, 13, CHW(3, 7, 5), 33, DIRECT, CONV(.filters = 5)},
    {"dense to 1", dense, 1, CHW(3, 7, 5), 20, DIRECT, CONV(.filters = 1), .ending = NOTHING},
    {"two dense layers with dropout", head, 8, CHW(3, 7, 5), 20, DIRECT, CONV(.filters = 33), .op.drop = 0.3},
    {"dropout of pooled maps", dropout_pooled, 13, CHW(3, 7, 5), 33, DIRECT, .op.drop = 0.4, .ending = DENSE},
    {"dropout of nothing", dropout_pooled, 2, CHW(3, 7, 5), 20, DIRECT, .op.drop = 0},

    // Maps of 1x1 that are not plain rows.
    {"dense behind conv", conv, 2, CHW(3, 5, 5), 5, DIRECT, CONV(.filters = 20, .kernel = 5), .ending = DENSE},
    {"dense behind conv, relu", conv_relu, 8, CHW(3, 5, 5), 16, DIRECT, CONV(.filters = 33, .kernel = 5),
     .ending = DENSE},
    {"dense behind conv, norm, relu", conv_norm_relu, 8, CHW(3, 5, 5), 5, NORM, BN, CONV(.filters = 20, .kernel = 5),
     .ending = DENSE},
    {"dense behind conv, dropout", conv_dropout, 8, CHW(3, 5, 5), 5, DIRECT, CONV(.filters = 20, .kernel = 5),
     .op.drop = 0.4, .ending = DENSE},
    {"dense behind max pool", max_pool, 2, CHW(3, 3, 3), 20, DIRECT, POOL(.kernel = 3, .stride = 1), .ending = DENSE},
    {"a conv as the last layer", conv, 8, CHW(3, 5, 5), 16, DIRECT, CONV(.filters = 5, .kernel = 5, .bias = true),
     .ending = NOTHING},
    {"a conv behind the mean as the last layer", pooled_conv, 2, CHW(3, 7, 5), 20, DIRECT,
     CONV(.filters = 3, .kernel = 1), .ending = NOTHING},
};
#define TRIALS ((int)(sizeof trials / sizeof *trials))

#endif
