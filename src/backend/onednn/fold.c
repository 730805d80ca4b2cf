// SPDX-License-Identifier: Apache-2.0
// fold.c - a convolution's weights for a plan: as they are while training, with the batch normalisation behind them
// folded in for evaluation:
//
//   w'[o] = w[o] k[o],  b'[o] = beta[o] + (b[o] - mean[o]) k[o],  k[o] = gamma[o] / sqrt(var[o] + eps)
//
// Source: Jacob et al., arXiv:1712.05877, §3.2
#include "backend/onednn/onednn.h"

#include "base/parallel.h"

#include <math.h>

rb_dn_line rb_dn_norm_line(const rb_node *norm, double gamma, double beta, double mean, double var, double bias)
{
    double k = gamma / sqrt(var + ((const rb_norm *)norm->attr)->eps);
    return (rb_dn_line){k, beta + (bias - mean) * k};
}

typedef enum operand { WEIGHTS, BIAS, GAMMA, BETA, MEAN, VAR, OUT_WEIGHTS, OUT_BIAS } operand;

typedef struct job {
    const rb_dn_step *step;
} job;

static void fold_filters(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const rb_dn_step *s = ((const job *)context)->step;
    const rb_node *conv = s->node;
    const rb_param *w = conv->param[0];
    const float *weights = s->use[WEIGHTS]->data, *gamma = s->use[GAMMA]->data, *beta = s->use[BETA]->data;
    const float *mean = s->use[MEAN]->data, *var = s->use[VAR]->data;
    const float *bias = conv->param_count > 1 ? s->use[BIAS]->data : NULL;
    float *out_weights = s->use[OUT_WEIGHTS]->data, *out_bias = s->use[OUT_BIAS]->data;
    ptrdiff_t each = w->count / w->dims[0];
    for (ptrdiff_t o = from; o < to; o++) {
        rb_dn_line line = rb_dn_norm_line(s->attr, gamma[o], beta[o], mean[o], var[o], bias ? bias[o] : 0.0);
        for (ptrdiff_t i = o * each; i < (o + 1) * each; i++) out_weights[i] = (float)(weights[i] * line.k);
        out_bias[o] = (float)line.shift;
    }
}

static void run_fold(const rb_dn_step *s, rb_dn_plan *p)
{
    (void)p;
    job j = {s};
    rb_parallel_for(s->node->param[0]->dims[0], 8, fold_filters, &j);
}

// Plain weights of the convolution -> plain folded weights and bias, when the parameters have changed.
static rb_dn_folded emit_fold(rb_dn_plan *p, const rb_node *n, const rb_node *norm, rb_dn_tensor *plain)
{
    dnnl_memory_desc_t bias_md = rb_dn_floats_md(1, n->param[0]->dims, dnnl_a);
    rb_dn_folded out = {rb_dn_tensor_new(p, &plain->md), rb_dn_tensor_new(p, &bias_md)};
    rb_dn_tensor *bias = n->param_count > 1 ? rb_dn_param(p, n->param[1], RB_VALUE) : plain;
    rb_dn_step *s = rb_dn_step_new(p, RB_DN_PREPARE, n);
    s->run = run_fold;
    s->attr = norm;
    rb_dn_use(s, 0, plain);
    rb_dn_use(s, 0, bias);
    for (int i = 0; i < 4; i++) rb_dn_use(s, 0, rb_dn_param(p, norm->param[i], RB_VALUE));
    rb_dn_use(s, 0, out.weights);
    rb_dn_use(s, 0, out.bias);
    return out;
}

rb_dn_folded rb_dn_fold(rb_dn_plan *p, const rb_node *n, const rb_node *norm, const dnnl_memory_desc_t *md)
{
    rb_dn_folded f = {rb_dn_param(p, n->param[0], RB_VALUE),
                      n->param_count > 1 ? rb_dn_param(p, n->param[1], RB_VALUE) : NULL};
    // While training weights change with every step: reordered just before use, they need no memory of their own.
    if (p->base.spec.mode == RB_TRAIN) {
        f.weights = rb_dn_in_layout(p, RB_DN_FORWARD, n, f.weights, md);
        return f;
    }
    if (norm) {
        dnnl_memory_desc_t plain_md = rb_dn_conv_weights_md(n, dnnl_f32, dnnl_oihw);
        rb_dn_tensor *plain = rb_dn_in_layout(p, RB_DN_PREPARE, n, f.weights, &plain_md);
        if (!plain) return (rb_dn_folded){0};
        f = emit_fold(p, n, norm, plain);
        rb_dn_keep(f.bias);
    }
    f.weights = rb_dn_in_layout(p, RB_DN_PREPARE, n, f.weights, md);
    if (f.weights) rb_dn_keep(f.weights);
    return f;
}
