// SPDX-License-Identifier: Apache-2.0
// networks.h - PyTorch's numbers for whole networks: the files, and the rule by which both sides make their weights.
// Include after check.h. The rule is told in golden/networks/README.md.
#ifndef RB_TESTS_GOLDEN_NETWORKS_H
#define RB_TESTS_GOLDEN_NETWORKS_H

#include "numbers.h"

#include "backend/backend.h"
#include "model/model.h"
#include "weights/weights.h"

#define BATCH 2 // pictures of 3x64x64

static inline bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

// ---- networks ------------------------------------------------------------------------------------------------------

static inline const rb_graph *golden_graph(rb_arena *a, const char *model, int classes)
{
    rb_error err = {0};
    rb_graph *g;
    int head_depth = strcmp(model, "cnn_encoder") ? 1 : 2;
    rb_model_settings s = {.model_type = model, .num_classes = classes, .dim_base = 32, .head_depth = head_depth};
    check_done(rb_model_build(a, &s, (rb_shape){3, 64, 64}, &g, &err), err);
    return g;
}

// ---- weights -------------------------------------------------------------------------------------------------------

static inline uint32_t name_hash(const char *name) // FNV-1a
{
    uint32_t h = 2166136261u;
    for (; *name; name++) h = (h ^ (uint8_t)*name) * 16777619u;
    return h;
}

static inline uint32_t scrambled(uint32_t x) // the finaliser of MurmurHash3
{
    x ^= x >> 16;
    x *= 0x85ebca6bu;
    x ^= x >> 13;
    x *= 0xc2b2ae35u;
    return x ^ x >> 16;
}

// Weights lie within base +- scale / 2.
static inline void golden_range(const char *model, const rb_param *p, double *base, double *scale)
{
    bool norm = p->node->op == &rb_op_batch_norm;
    bool basic = !strcmp(model, "resnet18"), bottleneck = !strcmp(model, "resnet50");
    bool ends_branch =
        (basic && ends_with(p->name, ".bn2.weight")) || (bottleneck && ends_with(p->name, ".bn3.weight"));
    bool narrow = !strcmp(model, "efficientnet_b0");
    *base = 0;
    *scale = 0.25;
    if (p->rank > 1) *scale = sqrt(24.0 / (double)(p->count / p->dims[0]));
    if (norm && p == p->node->param[0]) *base = ends_branch ? 0.25 : 1;
    if (norm && p == p->node->param[3]) *base = narrow ? 0.75 : 1, *scale = narrow ? 0.25 : 0.5;
}

static inline float *golden_weights(rb_arena *a, const char *model, const rb_param *p)
{
    double base, scale;
    golden_range(model, p, &base, &scale);
    uint32_t hash = name_hash(p->name);
    float *w = RB_NEW(a, float, p->count);
    for (ptrdiff_t i = 0; i < p->count; i++)
        w[i] = (float)(base + (scrambled(hash + (uint32_t)i) / 4294967296.0 - 0.5) * scale);
    return w;
}

static inline void golden_fill(rb_store *s, const char *model)
{
    for (int i = 0; i < s->graph->param_count; i++) {
        rb_arena *scratch = rb_arena_open();
        const rb_param *p = s->graph->params[i];
        s->backend->put(s, p, RB_VALUE, golden_weights(scratch, model, p));
        rb_arena_close(scratch);
    }
}

// ---- files ---------------------------------------------------------------------------------------------------------

static inline rb_bytes golden_file(rb_arena *a, const char *name, const char *suffix)
{
    rb_error err = {0};
    rb_bytes file;
    const char *path = rb_text_format(a, "golden/networks/%s.%s", name, suffix);
    check_done(rb_file_read(a, path, 1 << 20, &file, &err), err);
    return file;
}

static inline rb_tensors golden_tensors(rb_arena *a, const char *name)
{
    rb_error err = {0};
    rb_tensors t;
    check_done(rb_safetensors_parse(a, golden_file(a, name, "safetensors"), &t, &err), err);
    return t;
}

static inline const double *golden_values(rb_arena *a, const rb_tensors *t, const char *name, ptrdiff_t count)
{
    const rb_tensor *tensor = rb_tensors_find(t, name);
    if (!tensor || tensor->count != count) fail_msg("the golden file has no %s of %td values", name, count);
    double *out = RB_NEW(a, double, count);
    rb_tensor_to_f64(tensor, out);
    return out;
}

static inline const float *golden_input(rb_arena *a)
{
    rb_tensors t = golden_tensors(a, "input");
    const rb_tensor *tensor = rb_tensors_find(&t, "input");
    assert_non_null(tensor);
    float *out = RB_NEW(a, float, tensor->count);
    rb_tensor_to_f32(tensor, out);
    return out;
}

// One row of <model>.params.csv; NAN where PyTorch's buffers have no number.
enum { FIRST, LAST, NORM0, GRAD_NORM, NORM1, UPD1, NORM3, UPD3, ZERO_GRAD, COLUMNS };

typedef struct golden_param {
    const char *name;
    ptrdiff_t count;
    uint64_t checksum;
    double column[COLUMNS];
} golden_param;

// As many rows as the network has parameters, in its order.
static inline const golden_param *golden_params(rb_arena *a, const char *model, const rb_graph *g)
{
    char *at = (char *)golden_file(a, model, "params.csv").data;
    golden_param *rows = RB_NEW(a, golden_param, g->param_count);
    strsep(&at, "\n");
    for (int i = 0; i < g->param_count; i++) {
        if (!*at) fail_msg("%s.params.csv has %d rows, the network %d parameters", model, i, g->param_count);
        golden_param *r = &rows[i];
        r->name = strsep(&at, ",");
        strsep(&at, ","); // the shape as text
        r->count = strtol(strsep(&at, ","), NULL, 10);
        r->checksum = strtoull(strsep(&at, ","), NULL, 16);
        for (int c = 0; c < COLUMNS; c++) {
            const char *field = strsep(&at, ",\n");
            r->column[c] = *field ? strtod(field, NULL) : NAN;
        }
    }
    if (*at) fail_msg("%s.params.csv has more rows than the network's %d parameters", model, g->param_count);
    return rows;
}

#endif
