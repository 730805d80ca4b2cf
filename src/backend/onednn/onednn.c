// SPDX-License-Identifier: Apache-2.0
// onednn.c - the backend's face: a plan is compiled once, then a step walks its list.
#include "backend/onednn/onednn.h"

#include "base/clock.h"
#include "base/parallel.h"

#include <string.h>

static bool usable(rb_error *why_not)
{
    const dnnl_version_t *v = dnnl_version();
    if (v->major == 2) return true;
    return rb_fail(why_not, RB_ERR_DEVICE, "onednn: version %d.%d.%d is there, 2.x is needed", v->major, v->minor,
                   v->patch);
}

// bf16 and int8 only where the CPU has instructions for them: emulated they are slower than fp32, and bytes saturate.
static bool computes(rb_precision precision)
{
    if (precision == RB_BF16) return rb_dn_cpu_has(dnnl_cpu_isa_avx512_core_bf16);
    if (precision == RB_INT8) return rb_dn_cpu_has(dnnl_cpu_isa_avx512_core_vnni);
    return precision == RB_FP32;
}

static bool open_plan(rb_arena *a, rb_store *store, const rb_plan_spec *spec, rb_plan **out, rb_error *err)
{
    rb_dn_plan *p = RB_NEW(a, rb_dn_plan, 1);
    p->base = (rb_plan){.backend = &rb_backend_onednn, .store = store, .spec = *spec};
    p->store = (rb_dn_store *)store;
    p->graph = store->graph;
    p->arena = a;
    if (spec->mode == RB_TRAIN && !p->store->held)
        p->store->held = RB_NEW(p->store->arena, uint8_t, p->store->trained_bytes);
    *out = &p->base;
    if (rb_dn_compile(p) && rb_dn_layout(p)) return true;
    *err = p->err;
    return false;
}

static bool run_step(rb_dn_plan *p, const rb_dn_step *s, rb_error *err)
{
    if (s->run) {
        s->run(s, p);
        return true;
    }
    dnnl_status_t status = dnnl_primitive_execute(s->primitive, p->store->stream, s->use_count, s->bound);
    return !rb_dn_failed(err, status, s->node->op->name);
}

static bool run_phase(rb_dn_plan *p, rb_dn_phase phase, rb_error *err)
{
    const rb_dn_steps *steps = &p->steps[phase];
    double last_s = p->base.timed ? rb_clock_now_s() : 0;
    for (int i = 0; i < steps->count; i++) {
        const rb_dn_step *s = steps->step[i];
        if (!run_step(p, s, err)) return false;
        if (s->death_count) rb_dn_spoil(s);
        if (!p->base.timed) continue;
        double now_s = rb_clock_now_s();
        s->item->seconds += now_s - last_s;
        last_s = now_s;
    }
    return !rb_dn_failed(err, dnnl_stream_wait(p->store->stream), "stream");
}

static bool forward(rb_plan *plan, const rb_feed *feed, rb_error *err)
{
    rb_dn_plan *p = (rb_dn_plan *)plan;
    p->feed = *feed;
    bool overwritten = p->block == p->store->shared && p->store->last_user != p;
    p->store->last_user = p;
    if (p->frozen_version && p->frozen_version != p->store->base.version)
        return rb_fail(err, RB_ERR_INTERNAL, "onednn: weights have changed since an int8 plan was made of them");
    if (overwritten || p->prepared_version != p->store->base.version) {
        if (!run_phase(p, RB_DN_PREPARE, err)) return false;
        p->prepared_version = p->store->base.version;
    }
    return run_phase(p, RB_DN_FORWARD, err);
}

typedef struct sum_job {
    float *restrict sum;
    const float *restrict more;
} sum_job;

static void add_piece(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const sum_job *j = context;
    for (ptrdiff_t i = from; i < to; i++) j->sum[i] += j->more[i];
}

// oneDNN writes gradients and never adds to them: what was there is held aside and added afterwards.
static bool backward(rb_plan *plan, bool accumulate, rb_error *err)
{
    rb_dn_plan *p = (rb_dn_plan *)plan;
    rb_dn_store *s = p->store;
    if (accumulate) memcpy(s->held, s->block[RB_GRAD], (size_t)s->trained_bytes);
    if (!run_phase(p, RB_DN_BACKWARD, err)) return false;
    sum_job job = {(float *)(void *)s->block[RB_GRAD], (const float *)(const void *)s->held};
    if (accumulate) rb_parallel_for(s->trained_bytes / (ptrdiff_t)sizeof(float), 4096, add_piece, &job);
    return true;
}

static bool read_results(rb_plan *plan, double *loss, double *logits, rb_error *err)
{
    (void)err;
    const rb_dn_plan *p = (const rb_dn_plan *)plan;
    if (loss) *loss = p->loss;
    if (logits) memcpy(logits, p->logits, (size_t)p->feed.n * (size_t)p->graph->output->shape.c * sizeof *logits);
    return true;
}

// The kept node's tensor in plain order. Only tests and feature maps ask, after forward; layouts were made to be
// reordered.
static void peek(rb_plan *plan, double *dst)
{
    const rb_dn_plan *p = (const rb_dn_plan *)plan;
    const rb_dn_tensor *t = p->value[plan->spec.keep->id];
    rb_shape s = plan->spec.keep->shape;
    ptrdiff_t count = (ptrdiff_t)p->feed.n * s.c * s.h * s.w;
    rb_dn_read_plain(p->store, t, rb_dn_plain_md(p, s), dst, count);
    for (ptrdiff_t i = 0; t->scale != 0 && i < count; i++) dst[i] *= (double)t->scale;
}

const rb_backend rb_backend_onednn = {
    .name = "onednn",
    .help = "oneDNN's CPU kernels and some of ours, fp32, bf16 and int8",
    .usable = usable,
    .computes = computes,
    .store = rb_dn_store_open,
    .plan = open_plan,
    .put = rb_dn_store_put,
    .get = rb_dn_store_get,
    .lend = rb_dn_store_lend,
    .forward = forward,
    .backward = backward,
    .update = rb_dn_store_update,
    .read = read_results,
    .peek = peek,
};
