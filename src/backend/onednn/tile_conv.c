// SPDX-License-Identifier: Apache-2.0
// tile_conv.c - steps that run a convolution's passes on tiles (tile.h). Weights and their gradient are OIhw16o16i.
#include "backend/onednn/onednn.h"
#include "backend/onednn/tile.h"

bool rb_dn_has_tiles(void)
{
    return (dnnl_get_effective_cpu_isa() & dnnl_cpu_isa_avx512_core_amx) == dnnl_cpu_isa_avx512_core_amx;
}

dnnl_memory_desc_t rb_dn_tile_weights_md(const rb_node *n)
{
    return rb_dn_conv_weights_md(n, dnnl_f32, dnnl_OIhw16o16i);
}

static rb_tile_window window_of(const rb_node *n)
{
    const rb_conv *c = n->attr;
    return (rb_tile_window){c->kernel, c->stride, c->padding};
}

// False for layouts other than nChw16c and nhwc.
static bool map_of(const dnnl_memory_desc_t *md, rb_tile_map *out)
{
    const dnnl_blocking_desc_t *b = &md->format_desc.blocking;
    bool blocked = b->inner_nblks == 1 && b->inner_blks[0] == RB_TILE_SIDE && b->inner_idxs[0] == 1;
    bool flat = b->inner_nblks == 0 && b->strides[1] == 1;
    int channels = (int)md->dims[1];
    *out = (rb_tile_map){.half = md->data_type == dnnl_bf16,
                         .padded = blocked,
                         .pictures = (int)md->dims[0],
                         .channels = channels,
                         .blocks = (channels + RB_TILE_SIDE - 1) / RB_TILE_SIDE,
                         .h = (int)md->dims[2],
                         .w = (int)md->dims[3],
                         .picture = b->strides[0],
                         .block = blocked ? b->strides[1] : RB_TILE_SIDE,
                         .row = b->strides[2],
                         .column = b->strides[3]};
    return blocked || flat;
}

bool rb_dn_tiles_read(const dnnl_memory_desc_t *md)
{
    rb_tile_map m;
    return map_of(md, &m);
}

static rb_dn_tensor *room(rb_dn_plan *p, ptrdiff_t bytes)
{
    dnnl_memory_desc_t md = rb_dn_row_md(bytes / (ptrdiff_t)sizeof(float));
    return rb_dn_tensor_new(p, &md);
}

// ---- a map from a map ----------------------------------------------------------------------------------------------

enum { FROM, WEIGHTS, LEFT, RIGHT, TO };

static void run_conv(const rb_dn_step *s, rb_dn_plan *p)
{
    (void)p;
    rb_tile_conv c = *(const rb_tile_conv *)s->attr;
    c.from.data = s->use[FROM]->data;
    c.to.data = s->use[TO]->data;
    c.weights = s->use[WEIGHTS]->data;
    c.left = s->use[LEFT]->data;
    c.right = s->use[RIGHT]->data;
    rb_tile_conv_run(&c);
}

bool rb_dn_emit_tile_conv(rb_dn_plan *p, const rb_node *n, rb_work work, rb_dn_tensor *from, rb_dn_tensor *to)
{
    bool backward = work == RB_WORK_CONV_DATA;
    rb_dn_phase phase = backward ? RB_DN_BACKWARD : RB_DN_FORWARD;
    rb_tile_map source, result;
    map_of(&from->md, &source);
    map_of(&to->md, &result);
    rb_tile_conv *c = RB_NEW(p->arena, rb_tile_conv, 1);
    *c = rb_tile_conv_of(window_of(n), backward, source, result);
    dnnl_memory_desc_t md = rb_dn_tile_weights_md(n);
    rb_dn_tensor *weights = rb_dn_in_layout(p, phase, n, rb_dn_param(p, n->param[0], RB_VALUE), &md);
    if (!weights) return false;
    rb_dn_step *s = rb_dn_step_new(p, phase, n);
    s->run = run_conv;
    s->attr = c;
    s->work = work;
    s->by = "own:tiles";
    rb_dn_tensor *uses[] = {from, weights, room(p, rb_tile_conv_left_bytes(c)), room(p, rb_tile_conv_right_bytes(c)),
                            to};
    for (int i = 0; i <= TO; i++) rb_dn_use(s, 0, uses[i]);
    return true;
}

// ---- the gradient of weights ---------------------------------------------------------------------------------------

enum { X, DY, DW = 4, FOLDED };

static void run_gradient(const rb_dn_step *s, rb_dn_plan *p)
{
    (void)p;
    rb_tile_gradient g = *(const rb_tile_gradient *)s->attr;
    g.x.data = s->use[X]->data;
    g.dy.data = s->use[DY]->data;
    g.left = s->use[LEFT]->data;
    g.right = s->use[RIGHT]->data;
    g.dw = s->use[DW]->data;
    g.folded = s->use_count > FOLDED ? s->use[FOLDED]->data : NULL;
    rb_tile_gradient_run(&g);
}

bool rb_dn_emit_tile_gradient(rb_dn_plan *p, const rb_node *n, rb_dn_tensor *x, rb_dn_tensor *dy)
{
    rb_tile_map source, result;
    map_of(&x->md, &source);
    map_of(&dy->md, &result);
    rb_tile_gradient *g = RB_NEW(p->arena, rb_tile_gradient, 1);
    *g = rb_tile_gradient_of(window_of(n), source, result);
    dnnl_memory_desc_t md = rb_dn_tile_weights_md(n);
    rb_dn_tensor *store = rb_dn_param(p, n->param[0], RB_GRAD);
    rb_dn_tensor *out = dnnl_memory_desc_equal(&md, &store->md) ? store : rb_dn_tensor_new(p, &md);
    rb_dn_step *s = rb_dn_step_new(p, RB_DN_BACKWARD, n);
    s->run = run_gradient;
    s->attr = g;
    s->work = RB_WORK_CONV_WEIGHTS;
    s->by = "own:tiles";
    rb_dn_tensor *left = room(p, rb_tile_gradient_left_bytes(g)), *right = room(p, rb_tile_gradient_right_bytes(g));
    rb_dn_tensor *uses[] = {x, dy, left, right, out};
    for (int i = 0; i <= DW; i++) rb_dn_use(s, 0, uses[i]);
    ptrdiff_t folded = rb_tile_gradient_folded_bytes(g);
    if (folded) rb_dn_use(s, 0, room(p, folded));
    return out == store || rb_dn_copy(p, RB_DN_BACKWARD, n, out, store);
}
