// SPDX-License-Identifier: Apache-2.0
// store.c - parameters of one graph as doubles: values, and where there is an optimiser gradients and moments.
#include "backend/ref/ref.h"

#include <assert.h>
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
    int used = spec->optim ? RB_MOMENT1 + spec->optim->moments : RB_GRAD;
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

static void update_one(const rb_ref_store *s, const rb_param *p, const rb_update *u)
{
    double coef[RB_OPTIM_COEFS];
    rb_update own = rb_update_of(u, p);
    s->base.spec.optim->prepare(s->base.spec.optim_cfg, &own, coef);
    double *tensor[RB_SLOTS];
    for (int slot = 0; slot < RB_SLOTS; slot++) tensor[slot] = s->tensor[slot][p->id];
    s->base.spec.optim->apply(coef, p->count, tensor[RB_VALUE], tensor[RB_GRAD], tensor[RB_MOMENT1],
                              tensor[RB_MOMENT2]);
    for (int slot = 0; slot < RB_SLOTS; slot++)
        if (tensor[slot]) rb_ref_round(s, tensor[slot], p->count);
}

bool rb_ref_store_update(rb_store *store, const rb_update *u, rb_error *err)
{
    (void)err;
    assert(store->spec.optim);
    for (int i = 0; i < store->graph->param_count; i++) {
        const rb_param *p = store->graph->params[i];
        if (p->trained && !p->frozen) update_one((const rb_ref_store *)store, p, u);
    }
    store->version++;
    return true;
}
