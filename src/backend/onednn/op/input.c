// SPDX-License-Identifier: Apache-2.0
// input.c - pixels to normalised values: (p / 255 - mean) / std, [n h w c] bytes -> [n c h w], in the layout and the
// format that the first convolution reads.
#include "backend/onednn/onednn.h"

#include "backend/onednn/half.h"
#include "base/parallel.h"

#include <math.h>
#include <string.h>

// What each byte of a picture becomes, by channel, in the format that is written; made once.
#define COLOURS 4 // that pixels may have; values may have any number of channels
typedef struct tables {
    float value[COLOURS][256];
    uint16_t half[COLOURS][256];
    int8_t byte[COLOURS][256];
} tables;

typedef struct picture_job {
    const rb_dn_plan *plan;
    const tables *of;
    void *out;
    dnnl_data_type_t type;
    float scale;             // of bytes
    ptrdiff_t picture, c, k; // strides in values; k: of pixels
} picture_job;

// A byte of -127..127, as the maps of int8 are.
static int8_t as_byte(float value, float scale)
{
    float byte = rintf(value / scale);
    return (int8_t)(byte < -127 ? -127 : byte > 127 ? 127 : byte);
}

static void write_value(const picture_job *j, ptrdiff_t at, float value)
{
    if (j->type == dnnl_s8)
        ((int8_t *)j->out)[at] = as_byte(value, j->scale);
    else
        rb_store_value(j->out, at, value, j->type == dnnl_bf16);
}

static void write_values(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const picture_job *j = context;
    rb_shape s = j->plan->graph->input->shape;
    ptrdiff_t area = (ptrdiff_t)s.h * s.w;
    for (ptrdiff_t i = from; i < to; i++)
        for (int c = 0; c < s.c; c++) {
            const float *plane = j->plan->feed.values + (i * s.c + c) * area;
            for (ptrdiff_t k = 0; k < area; k++) write_value(j, i * j->picture + c * j->c + k * j->k, plane[k]);
        }
}

typedef struct span {
    ptrdiff_t from, to; // pixels
} span;

// One channel: `table` holds `size` bytes for each value of a pixel's byte.
RB_INLINE void look_up_channel(size_t size, const picture_job *j, const void *table, const uint8_t *pixels, span s,
                               ptrdiff_t at)
{
    ptrdiff_t colours = j->plan->graph->input->shape.c, step = j->k * (ptrdiff_t)size;
    uint8_t *to = (uint8_t *)j->out + at * (ptrdiff_t)size + s.from * step;
    for (ptrdiff_t k = s.from; k < s.to; k++, to += step)
        memcpy(to, (const uint8_t *)table + pixels[k * colours] * size, size);
}

#define PIECE 1024 // pixels

static void look_up(void *context, ptrdiff_t first, ptrdiff_t last)
{
    const picture_job *j = context;
    rb_shape s = j->plan->graph->input->shape;
    ptrdiff_t area = (ptrdiff_t)s.h * s.w, pieces = (area + PIECE - 1) / PIECE;
    for (ptrdiff_t piece = first; piece < last; piece++) {
        ptrdiff_t i = piece / pieces, from = piece % pieces * PIECE, to = from + PIECE < area ? from + PIECE : area;
        for (int c = 0; c < s.c; c++) {
            const uint8_t *pixels = j->plan->feed.pixels + i * area * s.c + c;
            ptrdiff_t at = i * j->picture + c * j->c;
            if (j->type == dnnl_s8)
                look_up_channel(sizeof(int8_t), j, j->of->byte[c], pixels, (span){from, to}, at);
            else if (j->type == dnnl_bf16)
                look_up_channel(sizeof(uint16_t), j, j->of->half[c], pixels, (span){from, to}, at);
            else
                look_up_channel(sizeof(float), j, j->of->value[c], pixels, (span){from, to}, at);
        }
    }
}

static void run(const rb_dn_step *step, rb_dn_plan *p)
{
    const rb_dn_tensor *t = step->use[0];
    const dnnl_dim_t *strides = t->md.format_desc.blocking.strides;
    rb_shape s = p->graph->input->shape;
    ptrdiff_t used = p->feed.n * t->bytes / p->base.spec.batch, area = (ptrdiff_t)s.h * s.w;
    picture_job job = {p,         p->saved[step->node->id], t->data, t->md.data_type, t->scale, strides[0], strides[1],
                       strides[3]};
    memset((uint8_t *)t->data + used, 0, (size_t)(t->bytes - used));
    if (p->feed.pixels)
        rb_parallel_for(p->feed.n * ((area + PIECE - 1) / PIECE), 1, look_up, &job);
    else
        rb_parallel_for(p->feed.n, 1, write_values, &job);
}

static void prepare(const rb_dn_step *step, rb_dn_plan *p)
{
    const rb_dn_tensor *t = p->value[step->node->id];
    const rb_plan_spec *spec = &p->base.spec;
    tables *of = p->saved[step->node->id];
    for (int c = 0; c < p->graph->input->shape.c && c < COLOURS; c++)
        for (int v = 0; v < 256; v++) {
            of->value[c][v] = (float)((v / 255.0 - spec->mean[c]) / spec->std[c]);
            rb_store_value(of->half[c], v, of->value[c][v], true);
            if (t->scale != 0) of->byte[c][v] = as_byte(of->value[c][v], t->scale);
        }
}

// Rows of pixels without gaps, channels apart or side by side.
static bool can_write(const dnnl_memory_desc_t *md)
{
    const dnnl_blocking_desc_t *b = &md->format_desc.blocking;
    return b->inner_nblks == 0 && b->strides[2] == b->strides[3] * md->dims[3];
}

rb_dn_tensor *rb_dn_input_as(rb_dn_plan *p, const rb_node *reader, const dnnl_memory_desc_t *md, float scale)
{
    const rb_node *n = p->graph->input;
    rb_dn_tensor *t = p->value[n->id];
    bool shared = n->readers > 1 || p->base.spec.keep == n || p->base.spec.seen;
    if (!shared && can_write(md)) {
        t->md = *md;
        t->bytes = (ptrdiff_t)dnnl_memory_desc_get_size(md);
        t->scale = scale;
        return t;
    }
    rb_dn_tensor *out = rb_dn_tensor_new(p, md);
    out->scale = scale;
    return rb_dn_copy(p, RB_DN_FORWARD, reader, t, out) ? out : NULL;
}

static bool forward(rb_dn_plan *p, const rb_node *n)
{
    dnnl_memory_desc_t md = rb_dn_plain_md(p, n->shape);
    p->value[n->id] = rb_dn_tensor_new(p, &md);
    p->saved[n->id] = RB_NEW(p->arena, tables, 1);
    rb_dn_step_new(p, RB_DN_PREPARE, n)->run = prepare;
    rb_dn_step *s = rb_dn_step_new(p, RB_DN_FORWARD, n);
    s->run = run;
    rb_dn_use(s, 0, p->value[n->id]);
    return true;
}

static bool backward(rb_dn_plan *p, const rb_node *n)
{
    (void)p, (void)n; // pictures do not learn
    return true;
}

const rb_dn_op rb_dn_input = {&rb_op_input, forward, backward, NULL};
