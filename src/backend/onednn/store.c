// SPDX-License-Identifier: Apache-2.0
// store.c - parameters of one graph: values, gradients and the optimiser's state, one block each, at the same offsets.
//
// A convolution's weights lie in the layout in which oneDNN hands out their gradient for the training batch, so that
// the update is one pass over memory; who wants another layout reorders. Where kernels of ours make the gradient, it is
// plain.
#include "backend/onednn/onednn.h"

#include "base/parallel.h"
#include "optim/average.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 4096 // floats

static dnnl_memory_desc_t plain_md(const rb_param *p)
{
    static const dnnl_format_tag_t tags[] = {0, dnnl_a, dnnl_ab, dnnl_abc, dnnl_abcd};
    if (p->node->op == &rb_op_conv && p->rank == 4) return rb_dn_conv_weights_md(p->node, dnnl_f32, dnnl_oihw);
    return rb_dn_floats_md(p->rank, p->dims, tags[p->rank]);
}

// The layout of a convolution's weight gradient when oneDNN may choose everything.
static bool gradient_md(rb_dn_store *s, const rb_node *n, dnnl_memory_desc_t *md, rb_error *err)
{
    int batch = s->base.spec.batch;
    rb_shape in = n->input[0]->shape, out = n->shape;
    dnnl_data_type_t type = rb_dn_map_type(s);
    rb_dn_conv_spec spec = {.node = n,
                            .algorithm = dnnl_convolution_direct,
                            .src = rb_dn_md(type, 4, (int[]){batch, in.c, in.h, in.w}, dnnl_format_tag_any),
                            .weights = rb_dn_conv_weights_md(n, dnnl_f32, dnnl_format_tag_any),
                            .dst = rb_dn_md(type, 4, (int[]){batch, out.c, out.h, out.w}, dnnl_format_tag_any)};
    dnnl_primitive_desc_t pd = rb_dn_conv_backward_weights(err, s->engine, &spec);
    if (!pd) return false;
    *md = *dnnl_primitive_desc_query_md(pd, dnnl_query_diff_weights_md, 0);
    dnnl_primitive_desc_destroy(pd);
    return true;
}

static bool choose_md(rb_dn_store *s, const rb_param *p, dnnl_memory_desc_t *md, rb_error *err)
{
    *md = plain_md(p);
    bool convolution = p->node->op == &rb_op_conv && p->rank == 4;
    bool ours = rb_dn_is_dense(p->node) || rb_dn_is_depthwise(p->node);
    if (!s->base.spec.optim || !convolution || ours) return true;
    rb_dn_way way = rb_dn_conv_way(s, p->node, s->base.spec.batch, RB_WORK_CONV_WEIGHTS);
    if (way != RB_DN_TILES) return gradient_md(s, p->node, md, err);
    *md = rb_dn_tile_weights_md(p->node);
    return true;
}

static void destroy_memory(void *memory)
{
    dnnl_memory_destroy(memory);
}

static bool wrap(rb_dn_store *s, rb_dn_tensor *t, uint8_t *block, rb_error *err)
{
    t->data = block + t->place;
    if (rb_dn_failed(err, dnnl_memory_create(&t->memory, &t->md, s->engine, t->data), "memory")) return false;
    rb_arena_defer(s->arena, destroy_memory, t->memory);
    return true;
}

// Trained weights of several axes, trained ones of one, buffers.
#define KINDS         3
#define TRAINED_KINDS 2

static int kind_of(const rb_param *p)
{
    if (!p->trained) return 2;
    return p->rank <= 1;
}

// Places of all parameters in the VALUE block, kind after kind.
static bool place(rb_dn_store *s, ptrdiff_t *bytes, rb_error *err)
{
    const rb_graph *g = s->base.graph;
    *bytes = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        for (int i = 0; i < g->param_count; i++) {
            if (kind_of(g->params[i]) != kind) continue;
            rb_dn_tensor *t = &s->param[RB_VALUE][i];
            if (!choose_md(s, g->params[i], &t->md, err)) return false;
            t->bytes = (ptrdiff_t)dnnl_memory_desc_get_size(&t->md);
            t->place = *bytes;
            *bytes += rb_aligned(t->bytes);
        }
        if (kind < TRAINED_KINDS) s->trained_bytes = *bytes;
    }
    return true;
}

static bool open_blocks(rb_dn_store *s, ptrdiff_t value_bytes, rb_error *err)
{
    const rb_graph *g = s->base.graph;
    for (int slot = 0; slot < RB_SLOTS; slot++) {
        ptrdiff_t bytes = slot == RB_VALUE || slot == RB_AVERAGE ? value_bytes : s->trained_bytes;
        for (int i = 0; i < g->param_count; i++) {
            s->param[slot][i] = s->param[RB_VALUE][i];
            if (!rb_store_has(&s->base, (rb_slot)slot, g->params[i])) continue;
            if (!s->block[slot]) s->block[slot] = RB_NEW(s->arena, uint8_t, bytes);
            if (!wrap(s, &s->param[slot][i], s->block[slot], err)) return false;
        }
    }
    s->value_bytes = value_bytes;
    if (s->base.spec.optim)
        s->squares = RB_NEW(s->arena, double, s->trained_bytes / (ptrdiff_t)sizeof(float) / PIECE + 1);
    return true;
}

static void close_engine(void *handle)
{
    rb_dn_store *s = handle;
    dnnl_stream_destroy(s->stream);
    dnnl_engine_destroy(s->engine);
}

static bool open_engine(rb_dn_store *s, rb_error *err)
{
    if (rb_dn_failed(err, dnnl_engine_create(&s->engine, dnnl_cpu, 0), "engine")) return false;
    if (rb_dn_failed(err, dnnl_stream_create(&s->stream, s->engine, dnnl_stream_default_flags), "stream")) {
        dnnl_engine_destroy(s->engine);
        return false;
    }
    rb_arena_defer(s->arena, close_engine, s);
    return true;
}

bool rb_dn_store_open(rb_arena *a, const rb_graph *g, const rb_store_spec *spec, rb_store **out, rb_error *err)
{
    if (!rb_backend_onednn.computes(spec->precision))
        return rb_fail(err, RB_ERR_USAGE, "precision: the onednn backend computes fp32, and bf16 where the CPU can");
    rb_dn_store *s = RB_NEW(a, rb_dn_store, 1);
    s->base = (rb_store){.backend = &rb_backend_onednn, .graph = g, .spec = *spec, .version = 1};
    s->arena = a;
    for (int slot = 0; slot < RB_SLOTS; slot++) s->param[slot] = RB_NEW(a, rb_dn_tensor, g->param_count);
    ptrdiff_t bytes;
    *out = &s->base;
    return open_engine(s, err) && place(s, &bytes, err) && open_blocks(s, bytes, err);
}

// ---- copies in plain order ---------------------------------------------------------------------------------------

static dnnl_memory_t around(const rb_dn_store *s, const dnnl_memory_desc_t *md, void *data)
{
    dnnl_memory_t memory;
    if (dnnl_memory_create(&memory, md, s->engine, data)) abort();
    return memory;
}

// Reorders at once. A failure here would be ours: every layout was checked when it was chosen.
void rb_dn_reorder_now(const rb_dn_store *s, dnnl_memory_t from, dnnl_memory_t to)
{
    rb_error err = {0};
    const dnnl_memory_desc_t *from_md, *to_md;
    dnnl_primitive_t primitive;
    dnnl_memory_get_memory_desc(from, &from_md);
    dnnl_memory_get_memory_desc(to, &to_md);
    dnnl_primitive_desc_t pd = rb_dn_reorder(&err, s->engine, from_md, to_md, 1);
    if (!pd || dnnl_primitive_create(&primitive, pd)) abort();
    rb_arena *scratch = rb_arena_open();
    const dnnl_memory_desc_t *room = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    dnnl_memory_t scratchpad =
        around(s, room, RB_NEW(scratch, uint8_t, (ptrdiff_t)dnnl_memory_desc_get_size(room) + 1));
    dnnl_exec_arg_t args[] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, scratchpad}};
    if (dnnl_primitive_execute(primitive, s->stream, 3, args) || dnnl_stream_wait(s->stream)) abort();
    dnnl_memory_destroy(scratchpad);
    rb_arena_close(scratch);
    dnnl_primitive_destroy(primitive);
    dnnl_primitive_desc_destroy(pd);
}

void rb_dn_read_plain(const rb_dn_store *s, const rb_dn_tensor *t, dnnl_memory_desc_t md, double *dst, ptrdiff_t count)
{
    rb_arena *scratch = rb_arena_open();
    float *plain = (float *)(void *)RB_NEW(scratch, uint8_t, (ptrdiff_t)dnnl_memory_desc_get_size(&md));
    dnnl_memory_t memory = around(s, &md, plain);
    rb_dn_reorder_now(s, t->memory, memory);
    dnnl_memory_destroy(memory);
    for (ptrdiff_t i = 0; i < count; i++) dst[i] = plain[i];
    rb_arena_close(scratch);
}

void rb_dn_store_get(rb_store *store, const rb_param *p, rb_slot slot, double *dst)
{
    const rb_dn_store *s = (const rb_dn_store *)store;
    rb_dn_read_plain(s, &s->param[slot][p->id], plain_md(p), dst, p->count);
}

static void put_reordered(const rb_dn_store *s, const rb_dn_tensor *t, const dnnl_memory_desc_t *md, const float *src,
                          ptrdiff_t count)
{
    rb_arena *scratch = rb_arena_open();
    float *plain = RB_NEW(scratch, float, count);
    memcpy(plain, src, (size_t)count * sizeof *plain);
    dnnl_memory_t memory = around(s, md, plain);
    rb_dn_reorder_now(s, memory, t->memory);
    dnnl_memory_destroy(memory);
    rb_arena_close(scratch);
}

void rb_dn_store_put(rb_store *store, const rb_param *p, rb_slot slot, const float *src)
{
    rb_dn_store *s = (rb_dn_store *)store;
    const rb_dn_tensor *t = &s->param[slot][p->id];
    dnnl_memory_desc_t md = plain_md(p);
    if (dnnl_memory_desc_equal(&md, &t->md))
        memcpy(t->data, src, (size_t)t->bytes);
    else
        put_reordered(s, t, &md, src, p->count);
    if (slot == RB_VALUE) store->version++;
}

// All layouts of an evaluation's store are plain, and nothing writes its values.
void rb_dn_store_lend(rb_store *store, const rb_param *p, const float *src)
{
    rb_dn_tensor *t = &((rb_dn_store *)store)->param[RB_VALUE][p->id];
    assert(!store->spec.optim);
    t->data = (void *)(uintptr_t)src; // NOLINT(performance-no-int-to-ptr)
    if (dnnl_memory_set_data_handle(t->memory, t->data)) abort();
    store->version++;
}

// ---- the update ----------------------------------------------------------------------------------------------------

static float *floats_at(const rb_dn_store *s, int slot, ptrdiff_t place)
{
    return s->block[slot] ? (float *)(void *)(s->block[slot] + place) : NULL;
}

typedef void rb_visit(rb_dn_store *s, void *context, const rb_param *first, ptrdiff_t from, ptrdiff_t to);

static bool alike(const rb_param *p, const rb_param *q)
{
    return p->lr_share == q->lr_share && p->thawed == q->thawed;
}

// Visits the bytes of each run of neighbours of one kind that are not frozen and are updated as the first of them is.
// Kinds apart, for biases and norms may have a weight decay of their own.
static void each_run(rb_dn_store *s, rb_visit *visit, void *context)
{
    const rb_graph *g = s->base.graph;
    for (int kind = 0; kind < TRAINED_KINDS; kind++) {
        const rb_param *first = NULL;
        ptrdiff_t from = 0, to = 0;
        for (int i = 0; i < g->param_count; i++) {
            const rb_param *p = g->params[i];
            const rb_dn_tensor *t = &s->param[RB_VALUE][i];
            if (kind_of(p) != kind) continue;
            if (first && (p->frozen || !alike(first, p))) {
                visit(s, context, first, from, to);
                first = NULL;
            }
            if (p->frozen) continue;
            if (!first) {
                first = p;
                from = t->place;
            }
            to = t->place + rb_aligned(t->bytes);
        }
        if (first) visit(s, context, first, from, to);
    }
}

typedef struct update_job {
    const rb_optim *optim;
    const rb_update *update;
    double coef[RB_OPTIM_COEFS];
    float *at[RB_SLOTS];
} update_job;

static void average_piece(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const update_job *j = context;
    rb_average_f32(j->update->kept, to - from, j->at[RB_VALUE] + from, j->at[RB_AVERAGE] + from);
}

static void update_piece(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const update_job *j = context;
    float *state[RB_OPTIM_STATES] = {NULL};
    for (int k = 0; k < j->optim->states; k++) state[k] = j->at[RB_STATE + k] + from;
    j->optim->apply_f32(j->coef, to - from, j->at[RB_VALUE] + from, j->at[RB_GRAD] + from, state);
    if (j->at[RB_AVERAGE]) average_piece(context, from, to);
}

// In pieces that the average finds in the cache: one pass over memory.
static void update_pieces(void *context, ptrdiff_t from, ptrdiff_t to)
{
    for (ptrdiff_t at = from; at < to; at += PIECE) update_piece(context, at, to - at < PIECE ? to : at + PIECE);
}

// Running statistics, which no update moves.
static void average_buffers(const rb_dn_store *s, update_job *j)
{
    if (!s->base.spec.average) return;
    for (int slot = 0; slot < RB_SLOTS; slot++) j->at[slot] = floats_at(s, slot, s->trained_bytes);
    rb_parallel_for((s->value_bytes - s->trained_bytes) / (ptrdiff_t)sizeof(float), PIECE, average_piece, j);
}

static void update_run(rb_dn_store *s, void *context, const rb_param *first, ptrdiff_t from, ptrdiff_t to)
{
    update_job *j = context;
    rb_update own = rb_update_of(j->update, first);
    rb_optim_prepare(j->optim, s->base.spec.optim_cfg, &own, s->base.grad_norm, first->rank, j->coef);
    for (int slot = 0; slot < RB_SLOTS; slot++) j->at[slot] = floats_at(s, slot, from);
    rb_parallel_for((to - from) / (ptrdiff_t)sizeof(float), PIECE, update_pieces, j);
}

// The sum of squares in pieces of a fixed size, each in a fixed order: the same for any number of threads. What lies
// between tensors and in their padding is 0.
#define LANES 8

typedef struct square_job {
    const float *at;
    double *sums; // by piece
} square_job;

static double squares(const float *x, ptrdiff_t count)
{
    double lane[LANES] = {0}, sum = 0;
    ptrdiff_t i = 0;
    for (; i + LANES <= count; i += LANES)
        for (int k = 0; k < LANES; k++) lane[k] += (double)x[i + k] * (double)x[i + k];
    for (; i < count; i++) sum += (double)x[i] * (double)x[i];
    for (int k = 0; k < LANES; k++) sum += lane[k];
    return sum;
}

static void square_pieces(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const square_job *j = context;
    for (ptrdiff_t at = from; at < to; at += PIECE)
        j->sums[at / PIECE] = squares(j->at + at, to - at < PIECE ? to - at : PIECE);
}

static void square_run(rb_dn_store *s, void *context, const rb_param *first, ptrdiff_t from, ptrdiff_t to)
{
    (void)first;
    double *sum = context;
    ptrdiff_t count = (to - from) / (ptrdiff_t)sizeof(float);
    square_job j = {floats_at(s, RB_GRAD, from), s->squares};
    rb_parallel_for(count, PIECE, square_pieces, &j);
    for (ptrdiff_t i = 0; i < (count + PIECE - 1) / PIECE; i++) *sum += j.sums[i];
}

bool rb_dn_store_update(rb_store *store, const rb_update *u, rb_error *err)
{
    rb_dn_store *s = (rb_dn_store *)store;
    double sum = 0;
    each_run(s, square_run, &sum);
    store->grad_norm = sqrt(sum);
    if (!rb_norm_is_finite(store, err)) return false;
    update_job job = {.optim = store->spec.optim, .update = u};
    each_run(s, update_run, &job);
    average_buffers(s, &job);
    store->version++;
    return true;
}
