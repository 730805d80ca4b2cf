// SPDX-License-Identifier: Apache-2.0
// graph.h - what a network is: nodes, shapes, parameters; nothing of how it is computed.
//
// A model file calls the builders in order; each returns the new node. Shapes are of one sample: batch size, precision
// and device are the backend's affair. The builder keeps its first mistake in g->err and builds on; rb_graph_finish
// reports it. Parameter names are the names in timm's files.
//
// An op is one file in graph/op (attributes, shape rule, parameters) and one per backend.
#ifndef RB_GRAPH_GRAPH_H
#define RB_GRAPH_GRAPH_H

#include "base/arena.h"

typedef struct rb_shape {
    int c, h, w;
} rb_shape;

typedef struct rb_node rb_node;
typedef struct rb_graph rb_graph;

typedef enum rb_init { RB_INIT_ZERO, RB_INIT_ONE, RB_INIT_NORMAL, RB_INIT_UNIFORM } rb_init;

// A weight or a buffer of the network.
typedef struct rb_param {
    const char *name; // "layer1.0.conv1.weight"
    int id;           // position in graph->params
    int rank, dims[4];
    ptrdiff_t count; // product of dims
    bool trained;    // false: a buffer (running statistics)
    bool frozen;     // a trained parameter that updates leave alone
    int64_t thawed;  // updates that had been made when it ceased to be frozen
    double lr_share; // of the learning rate, 0..1
    int block;       // of how many that lie between it and the head, and itself; 0: the head
    rb_init init;
    double init_scale; // NORMAL: standard deviation; UNIFORM: bound
    const rb_node *node;
} rb_param;

// What kind of node: one constant per file of graph/op.
typedef struct rb_op {
    const char *name;
    const char *help;
} rb_op;
extern const rb_op rb_op_input, rb_op_conv, rb_op_batch_norm, rb_op_relu, rb_op_max_pool, rb_op_mean_pool, rb_op_add,
    rb_op_dense, rb_op_dropout, rb_op_silu, rb_op_gate, rb_op_drop_path;

#define RB_MAX_INPUTS 2
#define RB_MAX_PARAMS 4

struct rb_node {
    const rb_op *op;
    const char *name; // "layer1.0.conv1"; "" where there is nothing to name
    int id;           // position in graph->nodes; inputs come before their readers
    int input_count;
    const rb_node *input[RB_MAX_INPUTS];
    int readers;      // how many inputs of other nodes this is
    rb_shape shape;   // of one sample's output
    const void *attr; // the op's own struct below, or NULL
    int param_count;
    rb_param *param[RB_MAX_PARAMS]; // in the op's own order, given beside its builder
};

struct rb_graph {
    rb_arena *arena;
    rb_node **nodes; // topological: as built
    int node_count;
    rb_param **params; // in the order of PyTorch's state_dict
    int param_count;
    const rb_node *input, *output;
    bool freezing;        // while true, what is built is frozen: its weights stand still
    bool statistics_move; // but what is built while freezing goes on with its running statistics
    rb_error err;
};

rb_graph *rb_graph_new(rb_arena *a);

// Sets the output. Errors: INTERNAL or USAGE: the first mistake made while building.
bool rb_graph_finish(rb_graph *g, const rb_node *output, rb_error *err) RB_CHECKED;

// A name inside the graph's arena: rb_scope(g, "layer%d.%d", 1, 0).
const char *rb_scope(rb_graph *g, const char *format, ...) RB_PRINTF(2, 3);

const rb_param *rb_graph_find_param(const rb_graph *g, const char *name); // NULL if there is none
ptrdiff_t rb_graph_trained_count(const rb_graph *g);                      // trained scalars

// By node id, whether the node or anything before it has weights that updates change: backward goes no further up.
const bool *rb_graph_learning(rb_arena *a, const rb_graph *g);

// Numbers blocks from the head, which begins with parameter `head_from`, up: the head is 0. What has one number in its
// name is one block ("stages.2"), or one and another right behind it ("blocks.3.1", "layer4.0"); what has none, between
// two blocks or at an end, is one.
//
// Source: timm's group_parameters, which groups ResNet and EfficientNet alike
void rb_graph_number_blocks(rb_graph *g, int head_from);
int rb_graph_blocks(const rb_graph *g); // of the backbone, once numbered

// From here on blocks up to `block` are not frozen; `updates` is how many were made before. Plans that are open do not
// notice.
void rb_graph_thaw(rb_graph *g, int block, int64_t updates);

// Layer-wise decay: a parameter's share of the learning rate is decay^(its block).
//
// Source: timm's param_groups_layer_decay
void rb_graph_share_rates(rb_graph *g, double decay);

// Initial values of a parameter: a function of (seed, its position) alone.
void rb_param_init(const rb_param *p, uint32_t seed, float *out);

// ---- builders --------------------------------------------------------------------------------------------------

rb_node *rb_input(rb_graph *g, rb_shape shape);

// 2-D convolution. param: weight [filters, c/groups, kernel, kernel], bias [filters] if asked for.
// Initial weights N(0, 2/fan_out) with fan_out = kernel^2 filters / groups, biases 0 (timm).
typedef struct rb_conv {
    int filters, kernel, stride, padding, groups; // stride and groups: 0 means 1
    bool bias;
} rb_conv;
rb_node *rb_conv2d(rb_graph *g, const char *name, const rb_node *x, rb_conv conv);

// Batch normalisation. param: weight, bias, running_mean, running_var, each [c].
// y = (x - mean) / sqrt(var + eps) * weight + bias; training: biased batch variance, running = (1 - momentum) running +
// momentum * batch with the unbiased variance.
typedef struct rb_norm {
    double eps, momentum;
    bool frozen;    // statistics stand still: training uses the running ones (set while g->freezing, see there)
    bool zero_init; // weight starts at 0: the last norm of a residual branch
} rb_norm;
rb_node *rb_batch_norm(rb_graph *g, const char *name, const rb_node *x, rb_norm norm);
#define RB_NORM_DEFAULT ((rb_norm){.eps = 1e-5, .momentum = 0.1})

rb_node *rb_relu(rb_graph *g, const rb_node *x);

typedef struct rb_pool {
    int kernel, stride, padding; // padding counts as -inf
} rb_pool;
rb_node *rb_max_pool(rb_graph *g, const rb_node *x, rb_pool pool);

rb_node *rb_mean_pool(rb_graph *g, const rb_node *x); // over h and w: [c 1 1]
rb_node *rb_add(rb_graph *g, const rb_node *x, const rb_node *y);

// y = W x + b on a [c 1 1] input. param: weight [units, c], bias [units], both U(+-1/sqrt(c)).
rb_node *rb_dense(rb_graph *g, const char *name, const rb_node *x, int units);

// Training: zero with probability p, else x / (1 - p). Evaluation: x.
typedef struct rb_drop {
    double p;
} rb_drop;
rb_node *rb_dropout(rb_graph *g, const rb_node *x, double p);

rb_node *rb_silu(rb_graph *g, const rb_node *x); // x sigmoid(x)

// Every channel of x times a factor of its own: y[c h w] = x[c h w] sigmoid(s[c]), s a [c 1 1] node.
rb_node *rb_gate(rb_graph *g, const rb_node *x, const rb_node *s);

// Stochastic depth. Training: all of a picture's x zero with probability p (an rb_drop), else x / (1 - p). Evaluation:
// x.
rb_node *rb_drop_path(rb_graph *g, const rb_node *x, double p);

// What `n` is called wherever it has to be told from others: its name, or its first input's and its op,
// "layer1.0.bn2.add.relu".
const char *rb_node_label(rb_arena *a, const rb_node *n);

bool rb_node_is_positive(const rb_node *n); // its values are never below 0

// ---- for op files ----------------------------------------------------------------------------------------------

rb_node *rb_node_new(rb_graph *g, const rb_op *op, const char *name, const rb_node *x, const rb_node *y,
                     rb_shape shape);
void *rb_node_attr(rb_graph *g, rb_node *n, const void *attr, size_t bytes);
rb_param *rb_node_param(rb_graph *g, rb_node *n, const char *suffix, int rank, const int *dims);
void rb_graph_mistake(rb_graph *g, const char *format, ...) RB_PRINTF(2, 3);
int rb_window_out(int in, int kernel, int stride, int padding); // (in + 2 padding - kernel) / stride + 1

#endif
