// SPDX-License-Identifier: Apache-2.0
// rows.c - a convolution of small maps as one matrix product: each output pixel is a row of what its filter sees,
//
//     y[n r q, o] = sum over u v i of x[n, s r + u - p, s q + v - p, i] w[o, u v i]
//
// so that all pictures of a batch share one pass over the weights, which at such maps are what takes time.
//
// Source: Chellapilla et al., "High performance convolutional neural networks for document processing", 2006
#include "backend/onednn/evaluate.h"

#include "base/parallel.h"

#include <string.h>

typedef struct job {
    const uint8_t *x; // [n h w] pixels
    uint8_t *rows;    // [n r q u v] pixels
    size_t pixel;     // bytes
    rb_conv conv;
    rb_shape in, out;
} job;

// Taps outside the picture are 0, whose bytes are 0 in every format; those of a row inside it lie side by side.
static void gather_row(const job *j, const uint8_t *picture, int r, int q, uint8_t *to)
{
    const rb_conv *c = &j->conv;
    int x = q * c->stride - c->padding, from = x < 0 ? -x : 0,
        until = j->in.w - x < c->kernel ? j->in.w - x : c->kernel;
    size_t before = (size_t)from * j->pixel, inside = until > from ? (size_t)(until - from) * j->pixel : 0;
    size_t all = (size_t)c->kernel * j->pixel;
    for (int u = 0; u < c->kernel; u++, to += all) {
        int y = r * c->stride + u - c->padding;
        if (y < 0 || y >= j->in.h || !inside) {
            memset(to, 0, all);
            continue;
        }
        memset(to, 0, before);
        memcpy(to + before, picture + (size_t)(y * j->in.w + x + from) * j->pixel, inside);
        memset(to + before + inside, 0, all - before - inside);
    }
}

static void gather(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const job *j = context;
    ptrdiff_t area = (ptrdiff_t)j->out.h * j->out.w, taps = (ptrdiff_t)j->conv.kernel * j->conv.kernel;
    for (ptrdiff_t i = from; i < to; i++) {
        const uint8_t *picture = j->x + (size_t)(i / area * j->in.h * j->in.w) * j->pixel;
        int at = (int)(i % area);
        gather_row(j, picture, at / j->out.w, at % j->out.w, j->rows + (size_t)(i * taps) * j->pixel);
    }
}

// use: x, rows
static void run(const rb_dn_step *s, rb_dn_plan *p)
{
    rb_shape in = s->node->input[0]->shape, out = s->node->shape;
    job j = {.x = s->use[0]->data,
             .rows = s->use[1]->data,
             .pixel = (size_t)in.c * dnnl_data_type_size(s->use[0]->md.data_type),
             .conv = *(const rb_conv *)s->node->attr,
             .in = in,
             .out = out};
    rb_parallel_for((ptrdiff_t)p->base.spec.batch * out.h * out.w, 8, gather, &j);
}

static rb_dn_tensor *emit_gather(rb_dn_call *c, const dnnl_memory_desc_t *md)
{
    rb_dn_tensor *rows = rb_dn_tensor_new(c->plan, md);
    rb_dn_step *s = rb_dn_step_new(c->plan, RB_DN_FORWARD, c->node);
    s->run = run;
    rb_dn_use(s, 0, c->src);
    rb_dn_use(s, 0, rows);
    return rows;
}

bool rb_dn_emit_rows(rb_dn_call *c)
{
    rb_dn_plan *p = c->plan;
    rb_shape in = c->node->input[0]->shape, out = c->node->shape;
    int batch = p->base.spec.batch, rows = batch * out.h * out.w, kernel = ((const rb_conv *)c->node->attr)->kernel;
    dnnl_memory_desc_t src_md = rb_dn_md(c->type, 4, (int[]){batch, in.c, in.h, in.w}, dnnl_nhwc);
    dnnl_memory_desc_t dst_md = rb_dn_md(c->out.type, 4, (int[]){batch, out.c, out.h, out.w}, dnnl_nhwc);
    rb_dn_dense_spec spec = {.src = rb_dn_md(c->type, 4, (int[]){rows, in.c, kernel, kernel}, dnnl_nhwc),
                             .weights = rb_dn_conv_weights_md(c->node, c->weight_type, dnnl_format_tag_any),
                             .dst = rb_dn_md(c->out.type, 2, (int[]){rows, out.c}, dnnl_ab),
                             .inference = true,
                             .after = c->after};
    if (c->bias) spec.bias = rb_dn_floats_md(1, &out.c, dnnl_a);
    if (!rb_dn_call_source(c, &src_md) || !rb_dn_call_output(c, &dst_md)) return false;
    dnnl_primitive_desc_t pd = rb_dn_dense_forward(&p->err, p->store->engine, &spec);
    if (!pd) return false;
    dnnl_memory_desc_t weights_md = *dnnl_primitive_desc_query_md(pd, dnnl_query_weights_md, 0);
    rb_dn_tensor *gathered = emit_gather(c, &spec.src);
    rb_dn_folded folded = rb_dn_call_weights(c, &weights_md);
    rb_dn_step *s = rb_dn_primitive_step(p, RB_DN_FORWARD, c->node, pd);
    if (!folded.weights || !s) return false;
    s->work = RB_WORK_CONV_FORWARD;
    rb_dn_use(s, DNNL_ARG_SRC, gathered);
    rb_dn_use(s, DNNL_ARG_WEIGHTS, folded.weights);
    rb_dn_use(s, DNNL_ARG_BIAS, folded.bias);
    rb_dn_use(s, DNNL_ARG_DST, c->dst); // its maps are these rows
    return true;
}
