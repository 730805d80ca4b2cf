// SPDX-License-Identifier: Apache-2.0
// onednn.h - the inside of the onednn backend.
//
// Compiling walks the graph once forward and once backward; each op's file emits *steps* (a oneDNN primitive, or a
// kernel of ours) on *tensors*. Tensors are written once; when all steps stand, layout.c gives them places in one block
// by the first and the last step that uses them. Running a plan is walking its steps.
//
// What a step may absorb: BN takes the ReLU or SiLU behind it, an addition its ReLU, and at evaluation a convolution
// takes BN, addition and activation, a dense layer its activation. The absorbed node's tensor is then the absorbing
// node's, and `tail` remembers how far it went.
//
// Source: oneDNN 2.6.3, C API
#ifndef RB_BACKEND_ONEDNN_ONEDNN_H
#define RB_BACKEND_ONEDNN_ONEDNN_H

#include "backend/backend.h"

#include <dnnl.h>

typedef struct rb_dn_plan rb_dn_plan;
typedef struct rb_dn_store rb_dn_store;

// Memory in one layout.
typedef struct rb_dn_tensor rb_dn_tensor;
struct rb_dn_tensor {
    dnnl_memory_desc_t md;
    ptrdiff_t bytes;
    float scale;          // of bytes (int8): a value is this times the byte; 0: values stand for themselves
    void *data;           // a parameter's from the start, else set by layout.c
    dnnl_memory_t memory; // around data, made by layout.c
    int first, last;      // times of first and last use; first > last: in no step, or a parameter's
    ptrdiff_t place;      // in the plan's block
    rb_dn_tensor *over;   // lies where this one does; NULL: has a place of its own
};

// When steps run: prepare after the parameters have changed, the others on each call.
typedef enum rb_dn_phase { RB_DN_PREPARE, RB_DN_FORWARD, RB_DN_BACKWARD, RB_DN_PHASES } rb_dn_phase;
#define RB_DN_PHASE_TIMES (1 << 20) // times of a phase begin at its number times this
#define RB_DN_FOREVER     (RB_DN_PHASES * RB_DN_PHASE_TIMES)

#define RB_DN_USES 12

typedef enum rb_dn_activation { RB_DN_IDENTITY, RB_DN_RELU, RB_DN_SILU } rb_dn_activation;

typedef struct rb_dn_step rb_dn_step;
struct rb_dn_step {
    const rb_node *node;
    const void *attr; // of a kernel of ours that needs more than the node
    rb_work work;
    const char *by; // the implementation's name
    rb_work_item *item;
    int time;
    dnnl_primitive_t primitive;                      // either
    void (*run)(const rb_dn_step *s, rb_dn_plan *p); // or
    int use_count;
    int arg[RB_DN_USES]; // DNNL_ARG_*; a kernel of ours reads the tensors by position
    rb_dn_tensor *use[RB_DN_USES];
    dnnl_exec_arg_t bound[RB_DN_USES + 1];
    rb_dn_tensor **dies; // tensors that no later step uses; listed in plans that spoil them
    int death_count;
};

typedef struct rb_dn_steps {
    rb_dn_step **step;
    int count;
} rb_dn_steps;

// Gradients that readers of a node have sent to it.
typedef struct rb_dn_gradient {
    rb_dn_tensor **part;
    int count;
} rb_dn_gradient;

struct rb_dn_store {
    rb_store base;
    rb_arena *arena;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    rb_dn_tensor *param[RB_SLOTS]; // by parameter id; slots beyond VALUE exist for trained parameters
    uint8_t *block[RB_SLOTS];      // trained parameters first, then buffers
    ptrdiff_t trained_bytes;       // length of the other slots' blocks,
    ptrdiff_t value_bytes;         // and of those with buffers, RB_VALUE and RB_AVERAGE
    double *squares;               // room for the sums of clipping
    uint8_t *shared;               // block of the first plan, lent to the others
    ptrdiff_t shared_bytes;
    const rb_dn_plan *last_user; // of the shared block
    uint8_t *held;               // gradients of earlier calls while backward accumulates
};

// The gradient of a convolution's weights that is computed at the end of backward, when most maps are gone.
typedef struct rb_dn_late {
    bool (*emit)(rb_dn_plan *p, const struct rb_dn_late *l);
    const rb_node *node;
    rb_dn_tensor *src, *gradient;
} rb_dn_late;

struct rb_dn_plan {
    rb_plan base;
    rb_dn_store *store;
    const rb_graph *graph;
    rb_arena *arena;
    rb_dn_steps steps[RB_DN_PHASES];
    struct {
        rb_dn_tensor **at;
        int count;
    } tensors;
    rb_dn_tensor **value;     // by node id: the node's output
    const rb_node **tail;     // by node id: the last node that its steps compute too
    const rb_node **maker;    // by node id: the node whose steps compute it
    rb_dn_tensor **again;     // by node id: the output as backward computed it again
    rb_dn_gradient *gradient; // by node id
    void **saved;             // by node id: what an op's forward leaves for its backward
    rb_dn_late **late;
    int late_count;
    const bool *wants_gradient; // by node id: something upstream or the node itself is trained
    uint8_t *block;             // where tensors live
    ptrdiff_t block_bytes;
    rb_error err; // the first mistake of compiling
    rb_feed feed; // of the present step
    double loss;
    double *logits, *gradients; // [batch k]
    double *targets;            // [k]
    uint64_t prepared_version;  // of the store when PREPARE ran last
    uint64_t frozen_version;    // of the store whose weights this plan has made into bytes; 0: none
};

// One file an op. Both return false after writing p->err.
typedef struct rb_dn_op {
    const rb_op *op;
    bool (*forward)(rb_dn_plan *p, const rb_node *n);
    bool (*backward)(rb_dn_plan *p, const rb_node *n); // gradients of p->tail[n] -> of n's inputs and parameters
    // Steps of backward that compute p->value[n] once more, from what is kept anyway, to the same bits. NULL, this or
    // what it returns: the value is kept.
    rb_dn_tensor *(*again)(rb_dn_plan *p, const rb_node *n);
} rb_dn_op;

// ---- compile.c: for the backend

bool rb_dn_compile(rb_dn_plan *p); // steps and tensors; layout comes after

// ---- compile.c: for op files -----------------------------------------------------------------------------------

rb_dn_tensor *rb_dn_tensor_new(rb_dn_plan *p, const dnnl_memory_desc_t *md);
rb_dn_tensor *rb_dn_constant_new(rb_arena *a, rb_dn_plan *p, const dnnl_memory_desc_t *md); // filled while compiling
// Another view of `base`, whose content it takes over: as many bytes, in a format of its own.
rb_dn_tensor *rb_dn_tensor_over(rb_dn_plan *p, rb_dn_tensor *base, const dnnl_memory_desc_t *md);
rb_dn_tensor *rb_dn_doubles_new(rb_dn_plan *p, ptrdiff_t count); // room for kernels of ours
rb_dn_step *rb_dn_step_new(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n);
void rb_dn_use(rb_dn_step *s, int arg, rb_dn_tensor *t); // t NULL: nothing
void rb_dn_keep(rb_dn_tensor *t);                        // its content outlives every step

// A step that runs primitive `pd`, with a scratchpad that lives for it alone; takes `pd` over. NULL pd (p->err written)
// -> NULL.
rb_dn_step *rb_dn_primitive_step(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, dnnl_primitive_desc_t pd);

// `t` in layout `md`: itself, or a new tensor and a reorder step.
rb_dn_tensor *rb_dn_in_layout(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, rb_dn_tensor *t,
                              const dnnl_memory_desc_t *md);

// The output of `n`, maps of 1x1, as plain floats [n c].
rb_dn_tensor *rb_dn_rows(rb_dn_plan *p, const rb_node *n);

// Reorders `from` into `to`, whatever their layouts.
bool rb_dn_copy(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, rb_dn_tensor *from, rb_dn_tensor *to);

// Has l.emit called when all other steps of backward stand.
void rb_dn_at_the_end(rb_dn_plan *p, rb_dn_late l);

rb_dn_tensor *rb_dn_param(const rb_dn_plan *p, const rb_param *param, rb_slot slot);

// The only reader of `n` if it is of kind `op`, else NULL.
const rb_node *rb_dn_sole_reader(const rb_dn_plan *p, const rb_node *n, const rb_op *op);

// The only reader of `n` if that is a ReLU or SiLU, or NULL; and which of them a node is (NULL: identity).
const rb_node *rb_dn_activation_behind(const rb_dn_plan *p, const rb_node *n);
rb_dn_activation rb_dn_activation_of(const rb_node *n);

// The output of `n` for a step of backward: kept since forward, or computed again.
rb_dn_tensor *rb_dn_value_again(rb_dn_plan *p, const rb_node *n);

// Says that `n`'s steps compute `tail` too, into `value`.
void rb_dn_absorb(rb_dn_plan *p, const rb_node *n, const rb_node *tail, rb_dn_tensor *value);

// The gradient that has arrived at `n`, summed; NULL if none is wanted. rb_dn_send passes one on, in the layout of the
// node's output.
rb_dn_tensor *rb_dn_gradient_of(rb_dn_plan *p, const rb_node *n);
void rb_dn_send(rb_dn_plan *p, const rb_node *to, rb_dn_tensor *gradient);

// Takes back what has been sent to `from` so far, for who sends the sum of that and its own: NULL if it is not one
// part.
rb_dn_tensor *rb_dn_take_back(rb_dn_plan *p, const rb_node *from);

// ---- elementwise.c: kernels that do not care for the layout; all tensors of a call have the same one ---------------

// out = x + y, then ReLU if asked for
void rb_dn_emit_sum(rb_dn_plan *p, rb_dn_phase phase, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *y, bool relu,
                    rb_dn_tensor *out);
void rb_dn_emit_relu(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *out);
// out = the gradient that has arrived at `n` where `gate` > 0, else 0
void rb_dn_emit_gate(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *gate, rb_dn_tensor *out);

// ---- op/dense.c ----------------------------------------------------------------------------------------------------

// Whether convolution `n` is a matrix times rows of floats, and runs as that: so a squeeze-and-excitation stays fp32.
bool rb_dn_is_dense(const rb_node *n);
bool rb_dn_dense_steps(rb_dn_plan *p, const rb_node *n);
bool rb_dn_dense_gradient_steps(rb_dn_plan *p, const rb_node *n);

// ---- depthwise.c ---------------------------------------------------------------------------------------------------

// Whether the gradient of convolution `n`'s weights is a kernel of ours, which writes it in plain order.
bool rb_dn_is_depthwise(const rb_node *n);
bool rb_dn_emit_depthwise_weights(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *dy);

// ---- fold.c -------------------------------------------------------------------------------------------------------

// Weights in layout `md` and bias of convolution `n`, with `norm` (or NULL) folded in. weights NULL: p->err is written.
typedef struct rb_dn_folded {
    rb_dn_tensor *weights, *bias; // bias NULL: none
} rb_dn_folded;
rb_dn_folded rb_dn_fold(rb_dn_plan *p, const rb_node *n, const rb_node *norm, const dnnl_memory_desc_t *md);

// What normalisation makes of a channel whose bias has not been added yet: k x + shift.
typedef struct rb_dn_line {
    double k, shift;
} rb_dn_line;
rb_dn_line rb_dn_norm_line(const rb_node *norm, double gamma, double beta, double mean, double var, double bias);

// ---- evaluate.c ----------------------------------------------------------------------------------------------------

bool rb_dn_evaluate_conv(rb_dn_plan *p, const rb_node *n);

// ---- bytes.c -------------------------------------------------------------------------------------------------------

bool rb_dn_computes_bytes(const rb_dn_plan *p, const rb_node *n);                // convolution `n`, in an int8 plan
bool rb_dn_takes_bytes(const rb_node *n);                                        // as they are; others get values
rb_dn_tensor *rb_dn_as_values(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *t); // `t`, or floats of its bytes

// ---- watch.c -------------------------------------------------------------------------------------------------------

void rb_dn_emit_watch(rb_dn_plan *p, const rb_node *n); // counts magnitudes of what `n` gives

// ---- op/input.c ----------------------------------------------------------------------------------------------------

// Pictures as `reader` wants them: in layout `md`, as bytes of `scale` if that is not 0.
rb_dn_tensor *rb_dn_input_as(rb_dn_plan *p, const rb_node *reader, const dnnl_memory_desc_t *md, float scale);

// ---- layout.c ----------------------------------------------------------------------------------------------------

bool rb_dn_layout(rb_dn_plan *p);      // places tensors, binds steps
void rb_dn_spoil(const rb_dn_step *s); // fills with NaN what dies with it

// ---- loss.c --------------------------------------------------------------------------------------------------------

void rb_dn_emit_loss(rb_dn_plan *p, const rb_node *output);

// ---- primitives.c: the only file that creates primitives (2.6's descriptors are not 3.x's) ------------------------

bool rb_dn_failed(rb_error *err, dnnl_status_t status, const char *what); // true after writing err
bool rb_dn_cpu_has(dnnl_cpu_isa_t isa);
dnnl_memory_desc_t rb_dn_md(dnnl_data_type_t type, int rank, const int *dims, dnnl_format_tag_t tag);
dnnl_memory_desc_t rb_dn_floats_md(int rank, const int *dims, dnnl_format_tag_t tag);
dnnl_memory_desc_t rb_dn_row_md(ptrdiff_t floats); // more than an int may hold: 2^31 are 8 GiB
dnnl_memory_desc_t rb_dn_conv_weights_md(const rb_node *n, dnnl_data_type_t type,
                                         dnnl_format_tag_t tag); // with groups: 5 axes

// Maps between convolutions are of the store's precision; pictures on their way in, pooled rows and logits are floats.
dnnl_data_type_t rb_dn_map_type(const rb_dn_store *s);
dnnl_memory_desc_t rb_dn_map_md(const rb_dn_plan *p, rb_shape s, dnnl_format_tag_t tag);
dnnl_format_tag_t rb_dn_map_tag(const dnnl_memory_desc_t *md); // of maps; any: none that oneDNN has fast kernels for
dnnl_memory_desc_t rb_dn_plain_md(const rb_dn_plan *p, rb_shape s); // floats, [n c h w]

// What a primitive does with its sums before it writes them, in this order. Scales of 0 are 1.
typedef struct rb_dn_after {
    const float *scales; // times these, one for each of `scale_count` output channels; NULL: nothing
    int scale_count;
    bool sum; // plus what the output holds, times `sum_scale`, read as `sum_type` (undef: the output's own)
    float sum_scale;
    dnnl_data_type_t sum_type;
    rb_dn_activation activation; // the result times `activation_scale`
    float activation_scale;
} rb_dn_after;

// NULL after writing p->err, or where `required` is false and oneDNN has no such kernel.
typedef struct rb_dn_conv_spec {
    const rb_node *node;
    dnnl_alg_kind_t algorithm;
    dnnl_prop_kind_t kind;
    dnnl_memory_desc_t src, weights, dst;
    bool bias;
    rb_dn_after after; // of forward
} rb_dn_conv_spec;
dnnl_primitive_desc_t rb_dn_conv_forward(rb_error *err, dnnl_engine_t e, const rb_dn_conv_spec *s);
dnnl_primitive_desc_t rb_dn_conv_backward_data(rb_error *err, dnnl_engine_t e, const rb_dn_conv_spec *s);
dnnl_primitive_desc_t rb_dn_conv_backward_weights(rb_error *err, dnnl_engine_t e, const rb_dn_conv_spec *s);

typedef struct rb_dn_pool_spec {
    bool max, training;
    dnnl_memory_desc_t src, dst;
    int kernel_h, kernel_w, stride_h, stride_w, padding;
} rb_dn_pool_spec;
dnnl_primitive_desc_t rb_dn_pool_forward(rb_error *err, dnnl_engine_t e, const rb_dn_pool_spec *s);
dnnl_primitive_desc_t rb_dn_pool_backward(rb_error *err, dnnl_engine_t e, const rb_dn_pool_spec *s);

typedef struct rb_dn_dense_spec {
    dnnl_memory_desc_t src, weights, bias, dst; // bias of no axes: none
    bool inference;
    rb_dn_after after; // of forward
} rb_dn_dense_spec;
dnnl_primitive_desc_t rb_dn_dense_forward(rb_error *err, dnnl_engine_t e, const rb_dn_dense_spec *s);
dnnl_primitive_desc_t rb_dn_dense_backward_data(rb_error *err, dnnl_engine_t e, const rb_dn_dense_spec *s);
dnnl_primitive_desc_t rb_dn_dense_backward_weights(rb_error *err, dnnl_engine_t e, const rb_dn_dense_spec *s);

// Every value times `scale`.
dnnl_primitive_desc_t rb_dn_reorder(rb_error *err, dnnl_engine_t e, const dnnl_memory_desc_t *from,
                                    const dnnl_memory_desc_t *to, float scale);

// ---- algorithm.c ---------------------------------------------------------------------------------------------------

// How a pass of a convolution is computed.
typedef enum rb_dn_way {
    RB_DN_DIRECT, // as oneDNN likes
    RB_DN_WINOGRAD,
    RB_DN_TILES,   // training: tile_conv.c
    RB_DN_BLOCKED, // evaluation: oneDNN, in blocks of 16 channels,
    RB_DN_ROWS,    // or one matrix product of gathered rows
} rb_dn_way;

// Of a plan for training: a table, so that two runs choose alike.
rb_dn_way rb_dn_conv_way(const rb_dn_store *s, const rb_node *conv, int batch, rb_work pass);

// ---- tile_conv.c ---------------------------------------------------------------------------------------------------

bool rb_dn_has_tiles(void);                          // on this CPU
bool rb_dn_tiles_read(const dnnl_memory_desc_t *md); // maps in this layout
dnnl_memory_desc_t rb_dn_tile_weights_md(const rb_node *n);
// work: CONV_FORWARD, or CONV_DATA from the output's gradient to the input's.
bool rb_dn_emit_tile_conv(rb_dn_plan *p, const rb_node *n, rb_work work, rb_dn_tensor *from, rb_dn_tensor *to);
bool rb_dn_emit_tile_gradient(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *dy);

// ---- store.c -------------------------------------------------------------------------------------------------------

bool rb_dn_store_open(rb_arena *a, const rb_graph *g, const rb_store_spec *spec, rb_store **out, rb_error *err);
void rb_dn_store_put(rb_store *s, const rb_param *p, rb_slot slot, const float *src);
void rb_dn_store_lend(rb_store *s, const rb_param *p, const float *src);
void rb_dn_store_get(rb_store *s, const rb_param *p, rb_slot slot, double *dst);
void rb_dn_reorder_now(const rb_dn_store *s, dnnl_memory_t from, dnnl_memory_t to);
// Reads the first `count` values of a tensor in the plain layout `md`.
void rb_dn_read_plain(const rb_dn_store *s, const rb_dn_tensor *t, dnnl_memory_desc_t md, double *dst, ptrdiff_t count);
bool rb_dn_store_update(rb_store *s, const rb_update *u, rb_error *err);

#endif
