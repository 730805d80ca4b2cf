// SPDX-License-Identifier: Apache-2.0
#include "train/ranges.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "int8."

static const char *name_of(rb_arena *a, const rb_node *n)
{
    return rb_text_format(a, PREFIX "%s", rb_node_label(a, n));
}

static bool load(rb_arena *scratch, const rb_graph *g, const rb_tensors *t, float *out, rb_error *err)
{
    int found = 0;
    for (int i = 0; i < g->node_count; i++) {
        const rb_tensor *range = rb_tensors_find(t, name_of(scratch, g->nodes[i]));
        out[i] = 0;
        if (!range) continue;
        if (range->count == 1) rb_tensor_to_f32(range, &out[i]);
        if (range->count != 1 || !(out[i] > 0) || !isfinite(out[i]))
            return rb_fail(err, RB_ERR_WEIGHTS, "tensor %s is not one number above 0", range->name);
        found++;
    }
    return found || rb_fail(err, RB_ERR_WEIGHTS,
                            "has no ranges for precision int8; run `rarebit weights quantize` on it or on its run");
}

bool rb_ranges_load(const rb_graph *g, const rb_tensors *t, float *out, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool done = load(scratch, g, t, out, err);
    rb_arena_close(scratch);
    return done;
}

static int by_name(const void *x, const void *y)
{
    return strcmp(((const rb_tensor *)x)->name, ((const rb_tensor *)y)->name);
}

rb_tensors rb_ranges_beside(rb_arena *a, const rb_graph *g, const float *range, const rb_tensors *t)
{
    rb_tensors out = *t;
    out.count = 0;
    out.tensor = RB_NEW(a, rb_tensor, t->count + g->node_count);
    for (int i = 0; i < t->count; i++)
        if (strncmp(t->tensor[i].name, PREFIX, strlen(PREFIX)) != 0) out.tensor[out.count++] = t->tensor[i];
    for (int i = 0; i < g->node_count; i++) {
        if (!(range[i] > 0)) continue;
        float *value = RB_NEW(a, float, 1);
        *value = range[i];
        out.tensor[out.count++] =
            (rb_tensor){.name = name_of(a, g->nodes[i]), .dtype = RB_F32, .count = 1, .data = value};
    }
    qsort(out.tensor, (size_t)out.count, sizeof *out.tensor, by_name);
    return out;
}
