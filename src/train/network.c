// SPDX-License-Identifier: Apache-2.0
#include "train/network.h"

#include "base/log.h"
#include "base/parallel.h"

#include <math.h>
#include <string.h>

// Mean and standard deviation of ImageNet's pictures: what the original project normalises with.
static const double imagenet_mean[] = {0.485, 0.456, 0.406}, imagenet_std[] = {0.229, 0.224, 0.225};

static rb_preprocessing preprocessing_of(const rb_data_settings *d)
{
    rb_network n = {.preprocessing = {d->image_size, d->channels, rb_interpolation_names[d->interpolation], {0}, {0}}};
    rb_network_take_colours(&n, imagenet_mean, imagenet_std, 3);
    return n.preprocessing;
}

bool rb_compute_resolve(rb_compute_settings *c, rb_error *err)
{
    const rb_backend *b;
    if (!rb_backend_find(c->backend, &b, err)) return false;
    if (!c->threads) c->threads = rb_parallel_cores();
    if (b->computes((rb_precision)c->precision)) return true;
    rb_note("precision %s: not on this CPU with backend %s, fp32 is used%s", rb_precision_names[c->precision], b->name,
            c->precision == RB_INT8 ? ", though the threshold was chosen in int8" : "");
    c->precision = RB_FP32;
    return true;
}

bool rb_network_open(rb_arena *a, const rb_settings *s, const rb_optim *optim, const void *optim_cfg, rb_network *out,
                     rb_error *err)
{
    const rb_data_settings *d = &s->data;
    rb_compute_settings c = s->compute;
    *out = (rb_network){.model = rb_model_name(s->model.model_type, err), .preprocessing = preprocessing_of(d)};
    if (!out->model) return false;
    if (!rb_model_build(a, &s->model, (rb_shape){d->channels, d->image_size, d->image_size}, &out->graph, err) ||
        !rb_compute_resolve(&c, err) || !rb_backend_find(c.backend, &out->backend, err))
        return false;
    if (c.device_index >= 0) rb_note("device_index %d: no usable GPU here, the CPU computes", c.device_index);
    rb_parallel_threads(c.threads);
    out->calibration = rb_calibration_none(a, rb_columns_of(out->graph->output->shape.c));
    if (c.precision == RB_INT8 && optim)
        return rb_fail(err, RB_ERR_USAGE,
                       "precision int8 is for eval, infer and bench --mode inference; train in fp32 "
                       "or bf16, then run `rarebit weights quantize`");
    if (c.precision == RB_INT8) out->range = RB_NEW(a, float, out->graph->node_count);
    rb_store_spec spec = {.precision = (rb_precision)c.precision,
                          .batch = c.batch_size,
                          .optim = optim,
                          .optim_cfg = optim_cfg,
                          .average = optim && s->training.ema_decay > 0,
                          .recompute = (rb_recompute)s->training.recompute,
                          .range = out->range};
    return out->backend->store(a, out->graph, &spec, &out->store, err);
}

static ptrdiff_t largest_param(const rb_graph *g)
{
    ptrdiff_t most = 0;
    for (int i = 0; i < g->param_count; i++)
        if (g->params[i]->count > most) most = g->params[i]->count;
    return most;
}

void rb_network_init(const rb_network *n, uint32_t seed)
{
    rb_arena *scratch = rb_arena_open();
    float *w = RB_NEW(scratch, float, largest_param(n->graph));
    for (int i = 0; i < n->graph->param_count; i++) {
        rb_param_init(n->graph->params[i], seed, w);
        n->backend->put(n->store, n->graph->params[i], RB_VALUE, w);
    }
    rb_arena_close(scratch);
}

// Without a branch for each value: by the largest magnitude as bits, of which infinity and NaN have the largest.
static bool all_finite(const float *x, ptrdiff_t count)
{
    uint32_t most = 0;
    for (ptrdiff_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bits &= 0x7FFFFFFF;
        most = bits > most ? bits : most;
    }
    return most < 0x7F800000;
}

static bool are_sensible(const rb_tensor *t, const float *w, rb_error *err)
{
    return all_finite(w, (ptrdiff_t)t->count) ||
           rb_fail(err, RB_ERR_WEIGHTS, "tensor %s holds NaN or infinity: nothing sensible can come of it", t->name);
}

static bool set(const rb_network *n, const rb_param *p, const rb_tensor *t, const float *w, rb_error *err)
{
    if (!are_sensible(t, w, err)) return false;
    n->backend->put(n->store, p, RB_VALUE, w);
    return true;
}

// The tensor's values, if they lie there as the network wants them; or NULL.
static const float *floats_of(const rb_tensor *t)
{
    return t->dtype == RB_F32 && !t->strides && (uintptr_t)t->data % sizeof(float) == 0 ? t->data : NULL;
}

static const float *floats_in(const rb_tensor *t, float *room)
{
    rb_tensor_to_f32(t, room);
    return room;
}

static bool lend(const rb_network *n, const rb_param *p, const rb_tensor *t, const float *w, rb_error *err)
{
    if (!are_sensible(t, w, err)) return false;
    n->backend->lend(n->store, p, w);
    return true;
}

static bool load(rb_arena *scratch, const rb_network *n, const rb_tensors *t, bool lent, rb_error *err)
{
    const rb_tensor **match;
    if (!rb_tensors_match(scratch, t, n->graph, "", false, &match, err)) return false;
    float *room = RB_NEW(scratch, float, largest_param(n->graph));
    for (int i = 0; i < n->graph->param_count; i++) {
        const rb_param *p = n->graph->params[i];
        const float *there = floats_of(match[i]);
        if (there && lent && n->backend->lend ? !lend(n, p, match[i], there, err)
                                              : !set(n, p, match[i], there ? there : floats_in(match[i], room), err))
            return false;
    }
    return true;
}

static bool load_all(const rb_network *n, const rb_tensors *t, bool lent, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool done = load(scratch, n, t, lent, err) && (!n->range || rb_ranges_load(n->graph, t, n->range, err));
    rb_arena_close(scratch);
    return done;
}

bool rb_network_load(const rb_network *n, const rb_tensors *t, rb_error *err)
{
    return load_all(n, t, false, err);
}

bool rb_network_borrow(const rb_network *n, const rb_tensors *t, rb_error *err)
{
    return load_all(n, t, true, err);
}

bool rb_network_calibrate(rb_arena *a, rb_network *n, const char *text, rb_error *err)
{
    return rb_calibration_read(a, text ? text : "null", n->calibration.k, &n->calibration, err);
}

#define AVERAGE_PREFIX "ema."

static const char *state_prefix(rb_arena *a, const rb_optim *optim, int k)
{
    return rb_text_format(a, "optim.%s.", optim->state[k]);
}

static bool load_slot(rb_arena *scratch, const rb_network *n, const rb_tensors *t, const char *prefix, rb_slot slot,
                      rb_error *err)
{
    const rb_tensor **match;
    if (!rb_tensors_match(scratch, t, n->graph, prefix, slot != RB_AVERAGE, &match, err)) return false;
    float *w = RB_NEW(scratch, float, largest_param(n->graph));
    for (int i = 0; i < n->graph->param_count; i++) {
        if (!match[i]) continue;
        rb_tensor_to_f32(match[i], w);
        n->backend->put(n->store, n->graph->params[i], slot, w);
    }
    return true;
}

bool rb_network_resume(const rb_network *n, const rb_tensors *t, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    const rb_optim *optim = n->store->spec.optim;
    bool done = load(scratch, n, t, false, err);
    for (int k = 0; done && k < optim->states; k++)
        done = load_slot(scratch, n, t, state_prefix(scratch, optim, k), (rb_slot)(RB_STATE + k), err);
    if (done && n->store->spec.average) done = load_slot(scratch, n, t, AVERAGE_PREFIX, RB_AVERAGE, err);
    rb_arena_close(scratch);
    return done;
}

// ---- weights of others ---------------------------------------------------------------------------------------------

// [filters 3 h w] -> [filters 1 h w] in place: what three equal channels would give.
static void sum_colours(float *w, const rb_param *grey)
{
    ptrdiff_t area = (ptrdiff_t)grey->dims[2] * grey->dims[3];
    for (int f = 0; f < grey->dims[0]; f++)
        for (ptrdiff_t i = 0; i < area; i++) {
            const float *from = w + 3 * f * area + i;
            w[f * area + i] = from[0] + from[area] + from[2 * area];
        }
}

bool rb_network_fit(rb_arena *a, const rb_network *n, const rb_tensors *t, rb_fit *out, rb_error *err)
{
    const rb_graph *g = n->graph;
    if (!rb_tensors_fit(a, t, g, rb_model_head_from(g), out, err)) return false;
    float *w = RB_NEW(a, float, 3 * largest_param(g));
    for (int i = 0; i < g->param_count; i++) {
        if (!out->match[i]) continue;
        rb_tensor_to_f32(out->match[i], w);
        if (g->params[i] == out->grey) sum_colours(w, out->grey);
        if (!set(n, g->params[i], out->match[i], w, err)) return false;
    }
    return true;
}

void rb_network_take_colours(rb_network *n, const double *mean, const double *std, int channels)
{
    rb_preprocessing *to = &n->preprocessing;
    memset(to->mean, 0, sizeof to->mean);
    memset(to->std, 0, sizeof to->std);
    for (int c = 0; c < (channels > to->channels ? channels : to->channels); c++) {
        int into = c % to->channels, from = c % channels;
        to->mean[into] += channels > to->channels ? mean[from] / channels : mean[from];
        to->std[into] += channels > to->channels ? std[from] / channels : std[from];
    }
}

// ---- running statistics --------------------------------------------------------------------------------------------

ptrdiff_t rb_network_buffer_count(const rb_network *n)
{
    ptrdiff_t count = 0;
    for (int i = 0; i < n->graph->param_count; i++)
        if (!n->graph->params[i]->trained) count += n->graph->params[i]->count;
    return count;
}

void rb_network_get_buffers(const rb_network *n, float *out)
{
    rb_arena *scratch = rb_arena_open();
    double *wide = RB_NEW(scratch, double, largest_param(n->graph));
    for (int i = 0; i < n->graph->param_count; i++) {
        const rb_param *p = n->graph->params[i];
        if (p->trained) continue;
        n->backend->get(n->store, p, RB_VALUE, wide);
        for (ptrdiff_t k = 0; k < p->count; k++) *out++ = (float)wide[k];
    }
    rb_arena_close(scratch);
}

void rb_network_put_buffers(const rb_network *n, const float *values)
{
    for (int i = 0; i < n->graph->param_count; i++) {
        const rb_param *p = n->graph->params[i];
        if (p->trained) continue;
        n->backend->put(n->store, p, RB_VALUE, values);
        values += p->count;
    }
}

// ---- averages ------------------------------------------------------------------------------------------------------

static void get_floats(const rb_network *n, const rb_param *p, rb_slot slot, double *wide, float *out)
{
    n->backend->get(n->store, p, slot, wide);
    for (ptrdiff_t i = 0; i < p->count; i++) out[i] = (float)wide[i];
}

static void copy_or_swap(const rb_network *n, bool swap)
{
    rb_arena *scratch = rb_arena_open();
    ptrdiff_t most = largest_param(n->graph);
    double *wide = RB_NEW(scratch, double, most);
    float *value = RB_NEW(scratch, float, most), *average = RB_NEW(scratch, float, most);
    for (int i = 0; i < n->graph->param_count && n->store->spec.average; i++) {
        const rb_param *p = n->graph->params[i];
        get_floats(n, p, RB_VALUE, wide, value);
        if (swap) get_floats(n, p, RB_AVERAGE, wide, average);
        n->backend->put(n->store, p, RB_AVERAGE, value);
        if (swap) n->backend->put(n->store, p, RB_VALUE, average);
    }
    rb_arena_close(scratch);
}

void rb_network_begin_average(const rb_network *n)
{
    copy_or_swap(n, false);
}

void rb_network_swap_average(const rb_network *n)
{
    copy_or_swap(n, true);
}

// ---- tensors for a file --------------------------------------------------------------------------------------------

static rb_tensor float_tensor(rb_arena *a, const rb_network *n, const rb_param *p, rb_slot slot, const char *prefix,
                              double *wide)
{
    float *data = RB_NEW(a, float, p->count);
    n->backend->get(n->store, p, slot, wide);
    for (ptrdiff_t i = 0; i < p->count; i++) data[i] = (float)wide[i];
    rb_tensor t = {.name = rb_text_format(a, "%s%s", prefix, p->name),
                   .dtype = RB_F32,
                   .rank = p->rank,
                   .count = p->count,
                   .data = data};
    for (int i = 0; i < p->rank; i++) t.dims[i] = p->dims[i];
    return t;
}

// PyTorch counts the batches that each normalisation has seen; those that stand still have seen none.
static rb_tensor batches_tensor(rb_arena *a, const rb_node *norm, int64_t forwards)
{
    int64_t *count = RB_NEW(a, int64_t, 1);
    *count = ((const rb_norm *)norm->attr)->frozen ? 0 : forwards;
    return (rb_tensor){
        .name = rb_text_format(a, "%s.num_batches_tracked", norm->name), .dtype = RB_I64, .count = 1, .data = count};
}

// What is trained itself with what training goes on from; or what it gave.
void rb_network_tensors(rb_arena *a, const rb_network *n, int64_t forwards, bool state, rb_tensors *out)
{
    const rb_graph *g = n->graph;
    const rb_optim *optim = n->store->spec.optim;
    bool average = n->store->spec.average;
    int kept = state ? optim->states : 0;
    rb_arena *scratch = rb_arena_open();
    double *wide = RB_NEW(scratch, double, largest_param(g));
    *out = (rb_tensors){.tensor = RB_NEW(a, rb_tensor, (ptrdiff_t)g->param_count * (2 + kept) + g->node_count)};
    for (int i = 0; i < g->param_count; i++) {
        const rb_param *p = g->params[i];
        out->tensor[out->count++] = float_tensor(a, n, p, average && !state ? RB_AVERAGE : RB_VALUE, "", wide);
        for (int k = 0; k < kept && p->trained; k++)
            out->tensor[out->count++] =
                float_tensor(a, n, p, (rb_slot)(RB_STATE + k), state_prefix(scratch, optim, k), wide);
        if (average && state) out->tensor[out->count++] = float_tensor(a, n, p, RB_AVERAGE, AVERAGE_PREFIX, wide);
    }
    for (int i = 0; i < g->node_count; i++)
        if (g->nodes[i]->op == &rb_op_batch_norm) out->tensor[out->count++] = batches_tensor(a, g->nodes[i], forwards);
    rb_arena_close(scratch);
}

rb_plan_spec rb_network_plan_spec(const rb_network *n, rb_mode mode, int batch)
{
    rb_plan_spec spec = {.mode = mode, .batch = batch};
    memcpy(spec.mean, n->preprocessing.mean, sizeof spec.mean);
    memcpy(spec.std, n->preprocessing.std, sizeof spec.std);
    return spec;
}
