// SPDX-License-Identifier: Apache-2.0
// fit.c - weights of others into a network of ours: the backbone whole or not at all, the head if it fits.
//
// Source: the rules of timm's load_pretrained, without its leniency about missing tensors
#include "weights/fit.h"

#include <string.h>

typedef struct job {
    rb_arena *arena;
    const rb_tensors *file;
    const rb_graph *graph;
    int head_from;     // id of the head's first parameter
    const char *head;  // "fc": its names begin so
    size_t head_bytes; // of that word
    rb_fit *out;
    rb_error *err;
} job;

static bool same_shape(const rb_tensor *t, const rb_param *p)
{
    bool same = t->rank == p->rank;
    for (int i = 0; same && i < p->rank; i++) same = t->dims[i] == p->dims[i];
    return same;
}

// The first convolution's kernels for pictures in colour, where ours are grey.
static bool is_coloured(const rb_tensor *t, const rb_param *p)
{
    rb_param colour = *p;
    if (p->rank != 4 || p->dims[1] != 1 || p->node->op != &rb_op_conv || p->node->input[0]->op != &rb_op_input)
        return false;
    colour.dims[1] = 3;
    return same_shape(t, &colour);
}

static const char *shape_of(const job *j, const rb_param *p)
{
    int64_t dims[4];
    for (int i = 0; i < p->rank; i++) dims[i] = p->dims[i];
    return rb_shape_text(j->arena, p->rank, dims);
}

static bool of_head(const job *j, const char *name)
{
    return !strncmp(name, j->head, j->head_bytes) && name[j->head_bytes] == '.';
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n >= m && !strcmp(name + n - m, end);
}

// ---- backbone ------------------------------------------------------------------------------------------------------

static bool fit_backbone(const job *j)
{
    for (int i = 0; i < j->head_from; i++) {
        const rb_param *p = j->graph->params[i];
        const rb_tensor *t = rb_tensors_find(j->file, p->name);
        if (!t)
            return rb_fail(j->err, RB_ERR_WEIGHTS,
                           "there is no tensor %s, which is %s in the network: the file is of "
                           "another model",
                           p->name, shape_of(j, p));
        if (is_coloured(t, p))
            j->out->grey = p;
        else if (!same_shape(t, p))
            return rb_fail(j->err, RB_ERR_WEIGHTS,
                           "%s is %s in the file and %s in the network: the file is of another "
                           "model",
                           t->name, rb_shape_text(j->arena, t->rank, t->dims), shape_of(j, p));
        j->out->match[i] = t;
        j->out->backbone++;
    }
    return true;
}

static bool same_module(const char *x, const char *y)
{
    size_t n = strcspn(x, ".");
    return n == strcspn(y, ".") && !strncmp(x, y, n);
}

// "layer1.2.conv1.weight" begins with a module of the network's own: the file is of a larger one.
static bool is_of_our_modules(const job *j, const char *name)
{
    for (int i = 0; i < j->head_from; i++)
        if (same_module(name, j->graph->params[i]->name)) return true;
    return false;
}

// Other tensors may stand beside the network, as a loss's or an optimiser's do; within it there must be none.
static bool check_rest(const job *j)
{
    for (int i = 0; i < j->file->count; i++) {
        const char *name = j->file->tensor[i].name;
        if (of_head(j, name) || ends_in(name, ".num_batches_tracked") || rb_graph_find_param(j->graph, name)) continue;
        if (is_of_our_modules(j, name))
            return rb_fail(j->err, RB_ERR_WEIGHTS,
                           "%s, %s in the file, is not in the network: the file is of another "
                           "model",
                           name, rb_shape_text(j->arena, j->file->tensor[i].rank, j->file->tensor[i].dims));
        if (!j->out->beside++) j->out->beside_name = name;
    }
    return true;
}

// ---- head ----------------------------------------------------------------------------------------------------------

// Why the head of the file is not ours; NULL: it is.
static const char *head_misfit(const job *j)
{
    for (int i = 0; i < j->file->count; i++) {
        const char *name = j->file->tensor[i].name;
        if (of_head(j, name) && !rb_graph_find_param(j->graph, name))
            return rb_text_format(j->arena, "the file's has a %s", name);
    }
    for (int i = j->head_from; i < j->graph->param_count; i++) {
        const rb_param *p = j->graph->params[i];
        const rb_tensor *t = rb_tensors_find(j->file, p->name);
        if (!t) return rb_text_format(j->arena, "the file has no %s", p->name);
        if (!same_shape(t, p))
            return rb_text_format(j->arena, "%s is %s in the file and %s in the network", p->name,
                                  rb_shape_text(j->arena, t->rank, t->dims), shape_of(j, p));
    }
    return NULL;
}

static void fit_head(const job *j)
{
    j->out->fresh_head = head_misfit(j);
    for (int i = j->head_from; !j->out->fresh_head && i < j->graph->param_count; i++)
        j->out->match[i] = rb_tensors_find(j->file, j->graph->params[i]->name);
}

bool rb_tensors_fit(rb_arena *a, const rb_tensors *t, const rb_graph *g, int head_from, rb_fit *out, rb_error *err)
{
    const char *head = g->params[head_from]->name;
    job j = {a, t, g, head_from, head, strcspn(head, "."), out, err};
    *out = (rb_fit){.match = RB_NEW(a, const rb_tensor *, g->param_count)};
    if (!fit_backbone(&j) || !check_rest(&j)) return false;
    fit_head(&j);
    return true;
}
