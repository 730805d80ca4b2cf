// SPDX-License-Identifier: Apache-2.0
// input.c - pixels to normalised floats: (p / 255 - mean) / std, [n h w c] bytes -> [n c h w].
#include "backend/onednn/onednn.h"

#include "base/parallel.h"

#include <string.h>

typedef struct picture_job {
    const rb_dn_plan *plan;
    float *out;
    float table[4][256]; // the normalised value of each byte, by channel
} picture_job;

static void normalise(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const picture_job *j = context;
    rb_shape s = j->plan->graph->input->shape;
    ptrdiff_t area = (ptrdiff_t)s.h * s.w;
    for (ptrdiff_t i = from; i < to; i++) {
        const uint8_t *pixels = j->plan->feed.pixels + i * area * s.c;
        for (int c = 0; c < s.c; c++) {
            float *plane = j->out + (i * s.c + c) * area;
            for (ptrdiff_t k = 0; k < area; k++) plane[k] = j->table[c][pixels[k * s.c + c]];
        }
    }
}

static void run(const rb_dn_step *step, rb_dn_plan *p)
{
    rb_shape s = p->graph->input->shape;
    ptrdiff_t row = (ptrdiff_t)s.c * s.h * s.w, used = p->feed.n * row, all = p->base.spec.batch * row;
    float *out = step->use[0]->data;
    memset(out + used, 0, (size_t)(all - used) * sizeof *out);
    if (!p->feed.pixels) {
        memcpy(out, p->feed.values, (size_t)used * sizeof *out);
        return;
    }
    picture_job job = {.plan = p, .out = out};
    for (int c = 0; c < s.c; c++)
        for (int v = 0; v < 256; v++)
            job.table[c][v] = (float)((v / 255.0 - p->base.spec.mean[c]) / p->base.spec.std[c]);
    rb_parallel_for(p->feed.n, 1, normalise, &job);
}

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    dnnl_memory_desc_t md = rb_dn_plain_md(p, n->shape);
    rb_dn_step *s = rb_dn_step_new(p, RB_DN_FORWARD, n);
    s->run = run;
    p->value[n->id] = rb_dn_tensor_new(p, &md);
    rb_dn_use(s, 0, p->value[n->id]);
    return true;
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    (void)p, (void)n; // pictures do not learn
    return true;
}

const rb_dn_op rb_dn_input = {&rb_op_input, forward, backward, NULL};
