// SPDX-License-Identifier: Apache-2.0
#include "graph/graph.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

rb_graph *rb_graph_new(rb_arena *a)
{
    rb_graph *g = RB_NEW(a, rb_graph, 1);
    g->arena = a;
    return g;
}

void rb_graph_mistake(rb_graph *g, const char *format, ...)
{
    if (g->err.kind) return; // the first one explains the rest
    va_list args;
    va_start(args, format);
    rb_fail(&g->err, RB_ERR_USAGE, "%s", rb_text_formatv(g->arena, format, args));
    va_end(args);
}

bool rb_graph_finish(rb_graph *g, const rb_node *output, rb_error *err)
{
    g->output = output;
    if (!g->err.kind && !g->input) rb_graph_mistake(g, "the network has no input");
    if (g->err.kind) *err = g->err;
    return !g->err.kind;
}

const char *rb_scope(rb_graph *g, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *name = rb_text_formatv(g->arena, format, args);
    va_end(args);
    return name;
}

bool rb_node_is_positive(const rb_node *n)
{
    if (n->op == &rb_op_relu) return true;
    bool chooses = n->op == &rb_op_max_pool || n->op == &rb_op_dropout || n->op == &rb_op_drop_path;
    return chooses && rb_node_is_positive(n->input[0]);
}

const char *rb_node_label(rb_arena *a, const rb_node *n)
{
    if (*n->name || !n->input_count) return *n->name ? n->name : n->op->name;
    return rb_text_format(a, "%s.%s", rb_node_label(a, n->input[0]), n->op->name);
}

rb_node *rb_node_new(rb_graph *g, const rb_op *op, const char *name, const rb_node *x, const rb_node *y, rb_shape shape)
{
    rb_node *n = RB_NEW(g->arena, rb_node, 1);
    *n = (rb_node){.op = op, .name = name, .id = g->node_count, .shape = shape};
    const rb_node *inputs[RB_MAX_INPUTS] = {x, y};
    for (int i = 0; i < RB_MAX_INPUTS && inputs[i]; i++) {
        n->input[n->input_count++] = inputs[i];
        g->nodes[inputs[i]->id]->readers++;
    }
    g->nodes = rb_list_with(g->arena, g->nodes, g->node_count++, n);
    if (shape.c < 1 || shape.h < 1 || shape.w < 1)
        rb_graph_mistake(g, "%s %s: nothing is left of the picture (%dx%dx%d); use a larger image_size", op->name, name,
                         shape.c, shape.h, shape.w);
    return n;
}

void *rb_node_attr(rb_graph *g, rb_node *n, const void *attr, size_t bytes)
{
    void *own = memcpy(RB_NEW(g->arena, char, (ptrdiff_t)bytes), attr, bytes);
    n->attr = own;
    return own;
}

rb_param *rb_node_param(rb_graph *g, rb_node *n, const char *suffix, int rank, const int *dims)
{
    rb_param *p = RB_NEW(g->arena, rb_param, 1);
    *p = (rb_param){.name = rb_scope(g, "%s.%s", n->name, suffix),
                    .id = g->param_count,
                    .rank = rank,
                    .count = 1,
                    .trained = true,
                    .frozen = g->freezing,
                    .lr_share = 1,
                    .node = n};
    for (int i = 0; i < rank; i++) {
        p->dims[i] = dims[i];
        p->count *= dims[i];
    }
    if (rb_graph_find_param(g, p->name)) rb_graph_mistake(g, "two parameters are named %s", p->name);
    g->params = rb_list_with(g->arena, g->params, g->param_count++, p);
    n->param[n->param_count++] = p;
    return p;
}

const rb_param *rb_graph_find_param(const rb_graph *g, const char *name)
{
    for (int i = 0; i < g->param_count; i++)
        if (!strcmp(g->params[i]->name, name)) return g->params[i];
    return NULL;
}

ptrdiff_t rb_graph_trained_count(const rb_graph *g)
{
    ptrdiff_t count = 0;
    for (int i = 0; i < g->param_count; i++)
        if (g->params[i]->trained) count += g->params[i]->count;
    return count;
}

const bool *rb_graph_learning(rb_arena *a, const rb_graph *g)
{
    bool *learning = RB_NEW(a, bool, g->node_count);
    for (int i = 0; i < g->node_count; i++) {
        const rb_node *n = g->nodes[i];
        for (int k = 0; k < n->param_count; k++) learning[i] |= n->param[k]->trained && !n->param[k]->frozen;
        for (int k = 0; k < n->input_count; k++) learning[i] |= learning[n->input[k]->id];
    }
    return learning;
}

// The bytes of "layer1.0" in "layer1.0.conv1.weight"; 0 if no part of the name is a number.
static size_t block_bytes(const char *name)
{
    size_t end = 0;
    for (const char *part = name; *part; part += strcspn(part, ".") + (part[strcspn(part, ".")] == '.')) {
        size_t n = strcspn(part, ".");
        bool number = n && strspn(part, "0123456789") == n;
        if (!number && end) break;
        if (number) end = (size_t)(part - name) + n;
    }
    return end;
}

static bool same_block(const char *x, const char *y)
{
    size_t n = block_bytes(x);
    return n == block_bytes(y) && !strncmp(x, y, n);
}

void rb_graph_number_blocks(rb_graph *g, int head_from)
{
    int block = 0;
    for (int i = g->param_count - 1; i >= 0; i--) {
        bool other = i + 1 == head_from || (i < head_from && !same_block(g->params[i]->name, g->params[i + 1]->name));
        block += other;
        g->params[i]->block = block;
    }
}

int rb_graph_blocks(const rb_graph *g)
{
    return g->param_count ? g->params[0]->block : 0;
}

void rb_graph_share_rates(rb_graph *g, double decay)
{
    for (int i = 0; i < g->param_count; i++) g->params[i]->lr_share = pow(decay, g->params[i]->block);
}

void rb_graph_thaw(rb_graph *g, int block, int64_t updates)
{
    for (int i = 0; i < g->param_count; i++) {
        rb_param *p = g->params[i];
        if (p->block > block) continue;
        if (p->frozen) p->thawed = updates;
        p->frozen = false;
    }
    for (int i = 0; i < g->node_count; i++) {
        rb_node *n = g->nodes[i];
        if (n->op != &rb_op_batch_norm || n->param[0]->frozen) continue;
        rb_norm norm = *(const rb_norm *)n->attr;
        norm.frozen = false;
        rb_node_attr(g, n, &norm, sizeof norm);
    }
}

void rb_param_init(const rb_param *p, uint32_t seed, float *out)
{
    rb_rng random = rb_rng_at(seed, RB_STREAM_INIT, (uint32_t)p->id, 0, 0);
    for (ptrdiff_t i = 0; i < p->count; i++) {
        switch (p->init) {
        case RB_INIT_ZERO:
            out[i] = 0;
            break;
        case RB_INIT_ONE:
            out[i] = 1;
            break;
        case RB_INIT_NORMAL:
            out[i] = (float)(p->init_scale * rb_rng_normal(&random));
            break;
        case RB_INIT_UNIFORM:
            out[i] = (float)rb_rng_between(&random, -p->init_scale, p->init_scale);
            break;
        }
    }
}

int rb_window_out(int in, int kernel, int stride, int padding)
{
    int room = in + 2 * padding - kernel;
    return room < 0 ? 0 : room / stride + 1;
}
