// SPDX-License-Identifier: Apache-2.0
// registry.c - the compute libraries of this build, best first.
#include "backend/backend.h"

#include "config/config.h"

#include <math.h>
#include <string.h>

const char *const rb_work_names[RB_WORKS] = {
    [RB_WORK_CONV_FORWARD] = "convolution forward",
    [RB_WORK_CONV_DATA] = "convolution backward data",
    [RB_WORK_CONV_WEIGHTS] = "convolution backward weights",
    [RB_WORK_NORM] = "batch normalisation",
    [RB_WORK_REORDER] = "reorders",
    [RB_WORK_OTHER] = "other kernels",
};

const rb_backend *const rb_backends[] = {&rb_backend_onednn, &rb_backend_ref, NULL};

// The first of the network's parameters whose gradient is not finite.
static const rb_param *first_lost(rb_store *s)
{
    const rb_param *found = NULL;
    rb_arena *scratch = rb_arena_open();
    for (int i = 0; i < s->graph->param_count && !found; i++) {
        const rb_param *p = s->graph->params[i];
        if (!p->trained || p->frozen) continue;
        double *gradient = RB_NEW(scratch, double, p->count);
        s->backend->get(s, p, RB_GRAD, gradient);
        for (ptrdiff_t k = 0; k < p->count && !found; k++)
            if (!isfinite(gradient[k])) found = p;
        rb_arena_reset(scratch);
    }
    rb_arena_close(scratch);
    return found;
}

bool rb_norm_is_finite(rb_store *s, rb_error *err)
{
    if (isfinite(s->grad_norm)) return true;
    const rb_param *p = first_lost(s);
    return rb_fail(err, RB_ERR_NUMERIC, "the norm of the gradients is %g, first of all that of %s", s->grad_norm,
                   p ? p->name : "all together");
}

// The first usable one, or why the last of them is not.
static bool find_usable(const rb_backend **out, rb_error *err)
{
    for (const rb_backend *const *b = rb_backends; *b; b++)
        if ((*b)->usable(err)) {
            *out = *b;
            return true;
        }
    return rb_fail_in(err, "no backend is usable here");
}

static bool fail_unknown(const char *name, rb_error *err)
{
    const char *known[sizeof rb_backends / sizeof *rb_backends + 1] = {"auto"};
    for (int i = 0; rb_backends[i]; i++) known[i + 1] = rb_backends[i]->name;
    const char *near = rb_nearest(name, known);
    return rb_fail(err, RB_ERR_USAGE, "backend: there is no '%s'; did you mean '%s'?", name, near ? near : known[0]);
}

bool rb_backend_find(const char *name, const rb_backend **out, rb_error *err)
{
    if (!strcmp(name, "auto")) return find_usable(out, err);
    for (const rb_backend *const *b = rb_backends; *b; b++)
        if (!strcmp(name, (*b)->name)) {
            *out = *b;
            return (*b)->usable(err);
        }
    return fail_unknown(name, err);
}
