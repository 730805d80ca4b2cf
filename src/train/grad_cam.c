// SPDX-License-Identifier: Apache-2.0
// grad_cam.c - the head's few layers onwards and back again, in doubles; features come from the backend's plan.
#include "train/grad_cam.h"

#include "model/model.h"

#include <math.h>
#include <string.h>

// How a layer computes y from x, and dx from dy.
typedef struct layer_kind {
    const rb_op *op;
    void (*onwards)(const rb_cam_layer *l, const double *x);
    void (*back)(const rb_cam_layer *l, const double *x, double *dx);
} layer_kind;

struct rb_cam_layer {
    const layer_kind *kind;
    int width, units;      // of x and y
    double *y, *dy;        // [units]
    double *weight, *bias; // of dense layers: [units width], [units]
};

// ---- layers -------------------------------------------------------------------------------------------------------

static void dense_onwards(const rb_cam_layer *l, const double *x)
{
    for (int u = 0; u < l->units; u++) {
        l->y[u] = l->bias[u];
        for (int i = 0; i < l->width; i++) l->y[u] += l->weight[(ptrdiff_t)u * l->width + i] * x[i];
    }
}

static void dense_back(const rb_cam_layer *l, const double *x, double *dx)
{
    (void)x;
    memset(dx, 0, (size_t)l->width * sizeof *dx);
    for (int u = 0; u < l->units; u++)
        for (int i = 0; i < l->width; i++) dx[i] += l->dy[u] * l->weight[(ptrdiff_t)u * l->width + i];
}

static void relu_onwards(const rb_cam_layer *l, const double *x)
{
    for (int i = 0; i < l->width; i++) l->y[i] = x[i] > 0 ? x[i] : 0;
}

static void relu_back(const rb_cam_layer *l, const double *x, double *dx)
{
    for (int i = 0; i < l->width; i++) dx[i] = x[i] > 0 ? l->dy[i] : 0;
}

static void pass_onwards(const rb_cam_layer *l, const double *x)
{
    memcpy(l->y, x, (size_t)l->width * sizeof *x);
}

static void pass_back(const rb_cam_layer *l, const double *x, double *dx)
{
    (void)x;
    memcpy(dx, l->dy, (size_t)l->width * sizeof *dx);
}

static const layer_kind kinds[] = {
    {&rb_op_dense, dense_onwards, dense_back},
    {&rb_op_relu, relu_onwards, relu_back},
    {&rb_op_dropout, pass_onwards, pass_back},
};
#define KINDS ((int)(sizeof kinds / sizeof *kinds))

// ---- the head -----------------------------------------------------------------------------------------------------

static double *values_of(rb_arena *a, rb_store *s, const rb_param *p)
{
    double *out = RB_NEW(a, double, p->count);
    s->backend->get(s, p, RB_VALUE, out);
    return out;
}

static bool open_layer(rb_arena *a, rb_store *s, const rb_node *n, rb_cam_layer *l, rb_error *err)
{
    *l = (rb_cam_layer){.width = n->input[0]->shape.c, .units = n->shape.c};
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].op == n->op) l->kind = &kinds[i];
    if (!l->kind) return rb_fail(err, RB_ERR_INTERNAL, "heat maps know no head with the op %s", n->op->name);
    l->y = RB_NEW(a, double, l->units);
    l->dy = RB_NEW(a, double, l->units);
    if (n->op != &rb_op_dense) return true;
    l->weight = values_of(a, s, n->param[0]);
    l->bias = values_of(a, s, n->param[1]);
    return true;
}

// From the logits up to the pooled features: a head has no branches.
static bool open_head(rb_arena *a, rb_store *s, const rb_node *features, rb_grad_cam *g, rb_error *err)
{
    for (const rb_node *n = s->graph->output; n != features; n = n->input[0]) g->layers++;
    g->layer = RB_NEW(a, rb_cam_layer, g->layers);
    const rb_node *n = s->graph->output;
    for (int i = g->layers - 1; i >= 0; i--, n = n->input[0])
        if (!open_layer(a, s, n, &g->layer[i], err)) return false;
    return true;
}

bool rb_grad_cam_open(rb_arena *a, rb_store *s, const rb_plan_spec *spec, rb_grad_cam *out, rb_error *err)
{
    const rb_node *features = rb_model_features(s->graph);
    rb_plan_spec own = *spec;
    own.keep = features->input[0];
    *out = (rb_grad_cam){.shape = own.keep->shape};
    out->map = RB_NEW(a, double, (ptrdiff_t)spec->batch * out->shape.c * out->shape.h * out->shape.w);
    out->mean = RB_NEW(a, double, out->shape.c);
    out->slope = RB_NEW(a, double, out->shape.c);
    return open_head(a, s, features, out, err) && s->backend->plan(a, s, &own, &out->plan, err);
}

// ---- one picture --------------------------------------------------------------------------------------------------

static void take_means(const rb_grad_cam *g, const double *a)
{
    ptrdiff_t area = (ptrdiff_t)g->shape.h * g->shape.w;
    for (int c = 0; c < g->shape.c; c++) {
        g->mean[c] = 0;
        for (ptrdiff_t i = c * area; i < (c + 1) * area; i++) g->mean[c] += a[i] / (double)area;
    }
}

static void run_head(const rb_grad_cam *g)
{
    const double *x = g->mean;
    for (int i = 0; i < g->layers; x = g->layer[i++].y) g->layer[i].kind->onwards(&g->layer[i], x);
}

// Of what the decision goes by: one logit, the difference of two, or of more that of the class.
static void speak_for(const rb_cam_layer *last, int class)
{
    for (int k = 0; k < last->units; k++) last->dy[k] = k == class;
    if (last->units == 1) last->dy[0] = class ? 1 : -1;
    if (last->units == 2) last->dy[!class] = -1;
}

// The slope of that over each mean.
static void find_slopes(const rb_grad_cam *g, int class)
{
    speak_for(&g->layer[g->layers - 1], class);
    for (int i = g->layers - 1; i > 0; i--) g->layer[i].kind->back(&g->layer[i], g->layer[i - 1].y, g->layer[i - 1].dy);
    g->layer[0].kind->back(&g->layer[0], g->mean, g->slope);
}

// alpha is the slope over the mean by the area: so much of the mean is each value.
static void draw_map(const rb_grad_cam *g, const double *a, float *map)
{
    ptrdiff_t area = (ptrdiff_t)g->shape.h * g->shape.w;
    for (ptrdiff_t i = 0; i < area; i++) {
        double sum = 0;
        for (int c = 0; c < g->shape.c; c++) sum += g->slope[c] / (double)area * a[c * area + i];
        map[i] = (float)fmax(sum, 0);
    }
}

bool rb_grad_cam_look(const rb_grad_cam *g, const rb_feed *feed, const int *class, float *maps, rb_error *err)
{
    ptrdiff_t area = (ptrdiff_t)g->shape.h * g->shape.w;
    if (!g->plan->backend->forward(g->plan, feed, err)) return false;
    g->plan->backend->peek(g->plan, g->map);
    for (int i = 0; i < feed->n; i++) {
        const double *a = g->map + i * g->shape.c * area;
        take_means(g, a);
        run_head(g);
        find_slopes(g, class[i]);
        draw_map(g, a, maps + i * area);
    }
    return true;
}
