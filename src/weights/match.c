// SPDX-License-Identifier: Apache-2.0
// match.c - which tensor of a file is which parameter of a network.
#include "weights/checkpoint.h"

#include <stdio.h>
#include <string.h>

static bool same_shape(const rb_tensor *t, const rb_param *p)
{
    if (t->rank != p->rank) return false;
    for (int i = 0; i < p->rank; i++)
        if (t->dims[i] != p->dims[i]) return false;
    return true;
}

static bool fail_shape(rb_arena *a, const rb_tensor *t, const rb_param *p, rb_error *err)
{
    int64_t dims[4];
    for (int i = 0; i < p->rank; i++) dims[i] = p->dims[i];
    return rb_fail(err, RB_ERR_WEIGHTS, "%s is %s in the file and %s in the network: the file is of another model",
                   t->name, rb_shape_text(a, t->rank, t->dims), rb_shape_text(a, p->rank, dims));
}

bool rb_tensors_match(rb_arena *a, const rb_tensors *t, const rb_graph *g, const char *prefix, bool trained_only,
                      const rb_tensor ***out, rb_error *err)
{
    const rb_tensor **match = RB_NEW(a, const rb_tensor *, g->param_count);
    for (int i = 0; i < g->param_count; i++) {
        const rb_param *p = g->params[i];
        if (trained_only && !p->trained) continue;
        const char *name = rb_text_format(a, "%s%s", prefix, p->name);
        match[i] = rb_tensors_find(t, name);
        if (!match[i]) return rb_fail(err, RB_ERR_WEIGHTS, "there is no tensor %s: the file is of another model", name);
        if (!same_shape(match[i], p)) return fail_shape(a, match[i], p, err);
    }
    *out = match;
    return true;
}
