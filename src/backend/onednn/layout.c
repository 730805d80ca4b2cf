// SPDX-License-Identifier: Apache-2.0
// layout.c - gives every tensor of a plan its place in one block: two tensors may share bytes when no step needs both.
//
// Largest first, each at the lowest place that is free for its whole life.
// Source: "greedy by size", Pisarchyk & Lee, arXiv:2001.03288
#include "backend/onednn/onednn.h"

#include <stdlib.h>

static int larger_first(const void *x, const void *y)
{
    const rb_dn_tensor *a = *(rb_dn_tensor *const *)x, *b = *(rb_dn_tensor *const *)y;
    if (a->bytes != b->bytes) return a->bytes < b->bytes ? 1 : -1;
    return (a->first > b->first) - (a->first < b->first);
}

static bool at_once(const rb_dn_tensor *a, const rb_dn_tensor *b)
{
    return a->first <= b->last && b->first <= a->last;
}

// `placed` is sorted by place. Returns where `t` fits lowest.
static ptrdiff_t lowest_place(const rb_dn_tensor *t, rb_dn_tensor *const *placed, int count)
{
    ptrdiff_t at = 0;
    for (int i = 0; i < count; i++) {
        if (!at_once(t, placed[i])) continue;
        if (at + t->bytes <= placed[i]->place) break;
        ptrdiff_t end = placed[i]->place + rb_aligned(placed[i]->bytes);
        if (end > at) at = end;
    }
    return at;
}

static void insert_by_place(rb_dn_tensor **placed, int count, rb_dn_tensor *t)
{
    int i = count;
    for (; i > 0 && placed[i - 1]->place > t->place; i--) placed[i] = placed[i - 1];
    placed[i] = t;
}

static void place_tensors(rb_dn_plan *p)
{
    int count = p->tensors.count;
    rb_dn_tensor **placed = RB_NEW(p->arena, rb_dn_tensor *, count);
    qsort(p->tensors.at, (size_t)count, sizeof *p->tensors.at, larger_first);
    for (int i = 0; i < count; i++) {
        rb_dn_tensor *t = p->tensors.at[i];
        t->place = lowest_place(t, placed, i);
        insert_by_place(placed, i, t);
        ptrdiff_t end = t->place + rb_aligned(t->bytes);
        if (end > p->block_bytes) p->block_bytes = end;
    }
}

static void destroy_memory(void *memory)
{
    dnnl_memory_destroy(memory);
}

static bool wrap(rb_dn_plan *p, rb_dn_tensor *t)
{
    dnnl_status_t status = dnnl_memory_create(&t->memory, &t->md, p->store->engine, t->data);
    if (rb_dn_failed(&p->err, status, "memory")) return false;
    rb_arena_defer(p->arena, destroy_memory, t->memory);
    return true;
}

static void bind_step(rb_dn_step *s)
{
    for (int i = 0; i < s->use_count; i++) s->bound[i] = (dnnl_exec_arg_t){s->arg[i], s->use[i]->memory};
}

// Plans of one store never run at once, so that the first one's block, training's, serves the others that fit into it.
// What a plan keeps between runs is then made again after another plan ran (onednn.c, forward).
static uint8_t *block_for(rb_dn_store *s, rb_arena *a, ptrdiff_t bytes)
{
    if (s->shared && s->shared_bytes >= bytes) return s->shared;
    uint8_t *block = RB_NEW(a, uint8_t, bytes);
    if (!s->shared) {
        s->shared = block;
        s->shared_bytes = bytes;
    }
    return block;
}

// What the plan tells of itself: its steps in order.
static void list_work(rb_dn_plan *p)
{
    int count = 0;
    for (int phase = 0; phase < RB_DN_PHASES; phase++) count += p->steps[phase].count;
    p->base.work = RB_NEW(p->arena, rb_work_item, count);
    for (int phase = 0; phase < RB_DN_PHASES; phase++)
        for (int i = 0; i < p->steps[phase].count; i++) {
            rb_dn_step *s = p->steps[phase].step[i];
            const char *name = *s->node->name ? s->node->name : s->node->op->name;
            s->item = &p->base.work[p->base.work_count++];
            *s->item = (rb_work_item){s->work, name, s->by, 0};
        }
}

// One scratchpad as large as the greediest primitive's, alive all the time.
static void size_scratchpad(rb_dn_plan *p)
{
    rb_dn_tensor *t = p->scratchpad;
    t->bytes = p->scratchpad_bytes + (ptrdiff_t)sizeof(float);
    t->md = rb_dn_row_md(t->bytes / (ptrdiff_t)sizeof(float));
    t->first = 0;
    t->last = RB_DN_FOREVER;
}

bool rb_dn_layout(rb_dn_plan *p)
{
    size_scratchpad(p);
    place_tensors(p);
    p->block = block_for(p->store, p->arena, p->block_bytes);
    for (int i = 0; i < p->tensors.count; i++) {
        rb_dn_tensor *t = p->tensors.at[i];
        t->data = p->block + (t->over ? t->over : t)->place;
        if (!wrap(p, t)) return false;
    }
    for (int phase = 0; phase < RB_DN_PHASES; phase++)
        for (int i = 0; i < p->steps[phase].count; i++) bind_step(p->steps[phase].step[i]);
    list_work(p);
    return true;
}
