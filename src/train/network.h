// SPDX-License-Identifier: Apache-2.0
// network.h - a model on a device: graph, backend, parameters; what training, evaluation and inference share.
#ifndef RB_TRAIN_NETWORK_H
#define RB_TRAIN_NETWORK_H

#include "calibrate/calibrate.h"
#include "train/ranges.h"
#include "train/settings.h"
#include "weights/checkpoint.h"
#include "weights/fit.h"

typedef struct rb_network {
    const char *model; // timm's name
    rb_graph *graph;
    const rb_backend *backend;
    rb_store *store;
    float *range; // by node id, the store's; NULL: not int8
    rb_preprocessing preprocessing;
    rb_calibration calibration; // of scores: none, until somebody sets another
} rb_network;

// One or two logits decide by one number, label 1's over label 0's; more by all of them.
static inline int rb_columns_of(int k)
{
    return k > 2 ? k : 1;
}

// Puts what this machine makes of it in the place of what was asked for, so that what is shown and recorded is what
// computes: for 0 threads its cores; for a precision that the backend would have to emulate, and be slower for it,
// fp32, with a notice.
//
// Errors: USAGE (no such backend), DEVICE
bool rb_compute_resolve(rb_compute_settings *c, rb_error *err) RB_CHECKED;

// Builds the model and opens a store for it; its weights are not set yet. `optim` NULL: for evaluation only. Sets the
// number of compute threads, and says so where there is no GPU for device_index.
//
// Errors: USAGE (model, backend, picture too small), DEVICE
bool rb_network_open(rb_arena *a, const rb_settings *s, const rb_optim *optim, const void *optim_cfg, rb_network *out,
                     rb_error *err) RB_CHECKED;

// Fresh weights: a function of `seed` alone.
void rb_network_init(const rb_network *n, uint32_t seed);

// Weights and running statistics of a file, for int8 its ranges too. Errors: WEIGHTS (another model, no ranges)
bool rb_network_load(const rb_network *n, const rb_tensors *t, rb_error *err) RB_CHECKED;

// The same for a network that only evaluates, without copies where that can be: the tensors stay as long as it does.
bool rb_network_borrow(const rb_network *n, const rb_tensors *t, rb_error *err) RB_CHECKED;

// The calibration that a checkpoint has; NULL: none. Owner: lives in `a`. Errors: WEIGHTS
bool rb_network_calibrate(rb_arena *a, rb_network *n, const char *text, rb_error *err) RB_CHECKED;

// Weights, and the optimiser's own tensors and averages beside them. Errors: WEIGHTS (another model, another
// optimiser)
bool rb_network_resume(const rb_network *n, const rb_tensors *t, rb_error *err) RB_CHECKED;

// Weights of others: the backbone's, and the head's if they fit; the rest stays as it is.
//
// Owner:  what `out` tells lives in `a`
// Errors: those of rb_tensors_fit
bool rb_network_fit(rb_arena *a, const rb_network *n, const rb_tensors *t, rb_fit *out, rb_error *err) RB_CHECKED;

// The mean and std [channels] that weights were trained with come along with them; a grey network gets the mean of
// three colours. No plan may be open yet.
void rb_network_take_colours(rb_network *n, const double *mean, const double *std, int channels);

// Running statistics, all in one, of rb_network_buffer_count values.
ptrdiff_t rb_network_buffer_count(const rb_network *n);
void rb_network_get_buffers(const rb_network *n, float *out);
void rb_network_put_buffers(const rb_network *n, const float *values);

// Moving averages of weights and statistics begin as these; and change places with them, to be judged and back. Nothing
// happens where the store has none.
void rb_network_begin_average(const rb_network *n);
void rb_network_swap_average(const rb_network *n);

// Weights and statistics as tensors under timm's names, num_batches_tracked (`forwards`) among them: averages where
// there are any. With `state` those that are trained, and beside them the optimiser's, optim.<PyTorch's name of
// it>.<parameter>, and averages, ema.<parameter>. Everything lives in `a`.
void rb_network_tensors(rb_arena *a, const rb_network *n, int64_t forwards, bool state, rb_tensors *out);

// The beginning of a plan for it: mode, batch and what pixels become. The caller adds loss and seed.
rb_plan_spec rb_network_plan_spec(const rb_network *n, rb_mode mode, int batch);

#endif
