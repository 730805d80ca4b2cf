// SPDX-License-Identifier: Apache-2.0
// backend.h - a compute library seen from above: it turns a graph into plans and runs them.
//
// A *store* holds the parameters of one graph on one device: values, gradients and the optimiser's state, one block
// each. A *plan* is
// the graph compiled for one batch size, mode and precision, with all memory laid out once; plans for training, for a
// last smaller batch and for evaluation attach to the same store. A step is feed, forward, backward, update; read is
// the only call that must wait for a result, so that a device may run the whole step as one graph.
//
// `ref` is plain loops and the oracle of every other backend.
//
// Threads: a store and its plans belong to one thread
#ifndef RB_BACKEND_BACKEND_H
#define RB_BACKEND_BACKEND_H

#include "backend/magnitudes.h"
#include "graph/graph.h"
#include "loss/loss.h"
#include "optim/optim.h"

// BF16: maps and the weights that meet them are bfloat16; master weights, statistics, gradients of weights, loss and
// logits are floats. INT8: for evaluation alone; maps and weights of most convolutions are bytes.
typedef enum rb_precision { RB_FP32, RB_BF16, RB_INT8, RB_FP64 } rb_precision;
typedef enum rb_mode { RB_EVALUATE, RB_TRAIN } rb_mode;

// The tensors that belong to a parameter. The optimiser's own, as many as it has, follow from RB_STATE on; two of them
// are Adam's moments.
typedef enum rb_slot {
    RB_VALUE,
    RB_GRAD,
    RB_STATE,
    RB_MOMENT1 = RB_STATE,
    RB_MOMENT2,
    RB_AVERAGE = RB_STATE + RB_OPTIM_STATES, // moving average of the value, of buffers too
    RB_SLOTS
} rb_slot;

typedef struct rb_backend rb_backend;

// What an update is for one parameter: its share of the rate, and steps counted from when it began to learn, so that
// moments which begin at zero are corrected for it.
static inline rb_update rb_update_of(const rb_update *u, const rb_param *p)
{
    rb_update own = *u;
    own.lr *= p->lr_share;
    own.step -= p->thawed;
    return own;
}

// Steps of a byte between 0 and the largest magnitude: 0..255 stand for maps that are never negative, -127..127 for
// others.
static inline int rb_byte_levels(const rb_node *n)
{
    return rb_node_is_positive(n) ? 255 : 127;
}

// Outputs that backward computes again instead of keeping them since forward; the bits are the same.
typedef enum rb_recompute {
    RB_RECOMPUTE_NONE,
    RB_RECOMPUTE_CHEAP, // those that cost a pass over memory: norms, with a ReLU or nothing behind them
    RB_RECOMPUTE_MORE,  // and those that cost arithmetic too: norms with a SiLU, gates
} rb_recompute;

typedef struct rb_store_spec {
    rb_precision precision;
    int batch;             // of the training plan to come: layouts may be chosen for it
    const rb_optim *optim; // NULL: a store for evaluation, values only
    const void *optim_cfg;
    bool average; // with an optimiser: updates move an average of every value
    rb_recompute recompute;
    const float *range; // INT8: by node id, the magnitude up to which bytes stand for what it gives; lives as the store
} rb_store_spec;

typedef struct rb_store {
    const rb_backend *backend;
    const rb_graph *graph;
    rb_store_spec spec;
    uint64_t version; // counts changes of values; plans that derive weights compare it
    double grad_norm; // of all gradients together at the last update, before clipping
} rb_store;

// How a plan's buffers lie. Results are the same bits in all; the last two are there to prove it.
typedef enum rb_sharing {
    RB_SHARED,  // bytes go from one buffer to the next
    RB_APART,   // each has its own
    RB_SPOILED, // shared, and what nobody may read any more is filled with NaN
} rb_sharing;

typedef struct rb_plan_spec {
    rb_mode mode;
    int batch;
    double mean[4], std[4]; // of pixels in 0..1, by channel
    const rb_loss *loss;    // NULL: logits only
    const void *loss_cfg;
    uint32_t seed; // of dropout
    rb_sharing sharing;
    const rb_node *keep; // a node whose output rb_backend.peek may read; NULL: none
    rb_magnitudes *seen; // by node id: evaluation counts what it makes, where it is made at all; NULL: it does not
} rb_plan_spec;

// What a part of a step does, for those who ask where time goes.
typedef enum rb_work {
    RB_WORK_CONV_FORWARD,
    RB_WORK_CONV_DATA,    // gradients of a convolution's input
    RB_WORK_CONV_WEIGHTS, // gradients of its weights
    RB_WORK_NORM,
    RB_WORK_REORDER, // from one layout or number format to another
    RB_WORK_OTHER,
    RB_WORKS
} rb_work;
extern const char *const rb_work_names[RB_WORKS];

typedef struct rb_work_item {
    rb_work work;
    const char *node; // its name, or that of its op
    const char *by;   // which of several implementations: the algorithm that was chosen
    double seconds;   // while the plan was `timed`
} rb_work_item;

typedef struct rb_plan {
    const rb_backend *backend;
    rb_store *store;
    rb_plan_spec spec;
    rb_work_item *work; // all parts, in order; none where a backend does not tell
    int work_count;
    bool timed; // set by who wants the seconds; costs a look at the clock for each part
} rb_plan;

// One batch going in. Either pixels or values.
typedef struct rb_feed {
    int n;                 // rows used, 1..batch; an evaluation plan ignores the rest, a training plan needs n == batch
    const uint8_t *pixels; // [n h w c]
    const float *values;   // [n c h w], normalised already
    const int *labels;     // [n] or
    const float *targets;  // [n k] what should come out: a class, or shares of the classes; both NULL: no loss
    const float *weights;  // [n] weight of each row's loss, NULL: 1
    double scale;          // loss = scale * sum of weight * row loss; 1/n for a mean
    uint32_t epoch, draw;  // of row 0: where dropout's random numbers are drawn
} rb_feed;

struct rb_backend {
    const char *name; // "ref", "onednn"
    const char *help;
    bool (*usable)(rb_error *why_not);        // Errors: DEVICE
    bool (*computes)(rb_precision precision); // natively, on this machine
    bool (*store)(rb_arena *a, const rb_graph *g, const rb_store_spec *spec, rb_store **out, rb_error *err);
    // An INT8 plan is made of the weights that its store holds by then. Errors: WEIGHTS (INT8: a range is missing)
    bool (*plan)(rb_arena *a, rb_store *s, const rb_plan_spec *spec, rb_plan **out, rb_error *err);
    // Copies a parameter's tensor in plain C order. `put` from float; `get` to double, whatever the device keeps.
    void (*put)(rb_store *s, const rb_param *p, rb_slot slot, const float *src);
    void (*get)(rb_store *s, const rb_param *p, rb_slot slot, double *dst);
    // As `put` of a value, in a store for evaluation: `src` stays as it is until the store ends, and need not be
    // copied. NULL: it is.
    void (*lend)(rb_store *s, const rb_param *p, const float *src);
    bool (*forward)(rb_plan *p, const rb_feed *feed, rb_error *err);
    bool (*backward)(rb_plan *p, bool accumulate, rb_error *err); // gradients of the last forward
    bool (*update)(rb_store *s, const rb_update *u,
                   rb_error *err); // Errors: NUMERIC (a gradient is inf or NaN): nothing is changed
    // loss and logits [n k] of the last forward; either may be NULL.
    bool (*read)(rb_plan *p, double *loss, double *logits, rb_error *err);
    void (*peek)(rb_plan *p, double *dst); // output of spec.keep, [n c h w]
};

// Whether the store keeps such a tensor of a parameter.
static inline bool rb_store_has(const rb_store *s, rb_slot slot, const rb_param *p)
{
    if (slot == RB_VALUE) return true;
    if (!s->spec.optim) return false;
    return slot == RB_AVERAGE ? s->spec.average : p->trained && (int)slot < RB_STATE + s->spec.optim->states;
}

extern const rb_backend *const rb_backends[]; // NULL-ended, best first
extern const rb_backend rb_backend_onednn, rb_backend_ref;

// For backends: whether store->grad_norm is a number. Errors: NUMERIC, naming the first parameter it is lost in
bool rb_norm_is_finite(rb_store *s, rb_error *err) RB_CHECKED;

// The backend of that name, or for "auto" the first usable one.
// Errors: USAGE (no such), DEVICE (not usable here)
bool rb_backend_find(const char *name, const rb_backend **out, rb_error *err) RB_CHECKED;

#endif
