// SPDX-License-Identifier: Apache-2.0
// store.c - parameters of one graph as doubles: values, and where there is an optimiser gradients and its state.
#include "backend/ref/ref.h"

#include <assert.h>
#include <math.h>
#include <string.h>

void rb_ref_round(const rb_ref_store *s, double *x, ptrdiff_t count)
{
    if (s->base.spec.precision == RB_FP64) return;
    for (ptrdiff_t i = 0; i < count; i++) x[i] = (double)(float)x[i];
}

bool rb_ref_store_open(rb_arena *a, const rb_graph *g, const rb_store_spec *spec, rb_store **out, rb_error *err)
{
    if (!rb_backend_ref.computes(spec->precision))
        return rb_fail(err, RB_ERR_USAGE, "precision: the ref backend computes fp32 and fp64, not bf16");
    rb_ref_store *s = RB_NEW(a, rb_ref_store, 1);
    s->base = (rb_store){.backend = &rb_backend_ref, .graph = g, .spec = *spec, .version = 1};
    int used = spec->optim ? RB_STATE + spec->optim->states : RB_GRAD;
    for (int slot = 0; slot < RB_SLOTS; slot++) {
        s->tensor[slot] = RB_NEW(a, double *, g->param_count);
        for (int i = 0; i < g->param_count && slot < used; i++)
            if (slot == RB_VALUE || g->params[i]->trained) s->tensor[slot][i] = RB_NEW(a, double, g->params[i]->count);
    }
    *out = &s->base;
    return true;
}

void rb_ref_store_put(rb_store *store, const rb_param *p, rb_slot slot, const float *src)
{
    double *dst = ((rb_ref_store *)store)->tensor[slot][p->id];
    assert(dst);
    for (ptrdiff_t i = 0; i < p->count; i++) dst[i] = src[i];
    if (slot == RB_VALUE) store->version++;
}

void rb_ref_store_get(rb_store *store, const rb_param *p, rb_slot slot, double *dst)
{
    const double *src = ((const rb_ref_store *)store)->tensor[slot][p->id];
    assert(src);
    memcpy(dst, src, (size_t)p->count * sizeof *dst);
}

static bool learns(const rb_param *p)
{
    return p->trained && !p->frozen;
}

static double norm_of(const rb_ref_store *s)
{
    const rb_graph *g = s->base.graph;
    double sum = 0;
    for (int i = 0; i < g->param_count; i++)
        for (ptrdiff_t k = 0; learns(g->params[i]) && k < g->params[i]->count; k++)
            sum += s->tensor[RB_GRAD][i][k] * s->tensor[RB_GRAD][i][k];
    return sqrt(sum);
}

static void update_one(const rb_ref_store *s, const rb_param *p, const rb_update *u)
{
    const rb_optim *o = s->base.spec.optim;
    rb_update own = rb_update_of(u, p);
    double *tensor[RB_SLOTS], coef[RB_OPTIM_COEFS];
    for (int slot = 0; slot < RB_SLOTS; slot++) tensor[slot] = s->tensor[slot][p->id];
    rb_optim_prepare(o, s->base.spec.optim_cfg, &own, s->base.grad_norm, p->rank, coef);
    o->apply(coef, p->count, tensor[RB_VALUE], tensor[RB_GRAD], tensor + RB_STATE);
    for (int slot = 0; slot < RB_SLOTS; slot++)
        if (tensor[slot]) rb_ref_round(s, tensor[slot], p->count);
}

bool rb_ref_store_update(rb_store *store, const rb_update *u, rb_error *err)
{
    assert(store->spec.optim);
    store->grad_norm = norm_of((const rb_ref_store *)store);
    if (!rb_norm_is_finite(store, err)) return false;
    for (int i = 0; i < store->graph->param_count; i++)
        if (learns(store->graph->params[i])) update_one((const rb_ref_store *)store, store->graph->params[i], u);
    store->version++;
    return true;
}
