// SPDX-License-Identifier: Apache-2.0
// layout.c - gives every tensor of a plan its place in one block: two tensors may share bytes when no step needs both.
#include "backend/onednn/onednn.h"

#include "backend/lifetime.h"

#include <string.h>

static bool is_apart(const rb_dn_plan *p)
{
    return p->base.spec.sharing == RB_APART;
}

static void place_tensors(rb_dn_plan *p)
{
    int count = p->tensors.count;
    rb_arena *scratch = rb_arena_open();
    rb_lifetime *of = RB_NEW(scratch, rb_lifetime, count);
    for (int i = 0; i < count; i++) {
        const rb_dn_tensor *t = p->tensors.at[i];
        of[i] = (rb_lifetime){.bytes = t->bytes, .first = t->first, .last = t->last};
        if (is_apart(p)) of[i].first = 0, of[i].last = RB_DN_FOREVER;
    }
    p->block_bytes = rb_lifetimes_place(scratch, of, count);
    for (int i = 0; i < count; i++) p->tensors.at[i]->place = of[i].place;
    rb_arena_close(scratch);
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

// What dies with each step, for plans that spoil it.
static void list_deaths(rb_dn_plan *p)
{
    for (int i = 0; i < p->tensors.count; i++) {
        rb_dn_tensor *t = p->tensors.at[i];
        int phase = t->last / RB_DN_PHASE_TIMES;
        if (t->first > t->last || phase >= RB_DN_PHASES) continue;
        rb_dn_step *s = p->steps[phase].step[t->last % RB_DN_PHASE_TIMES];
        s->dies = rb_list_with(p->arena, s->dies, s->death_count++, t);
    }
}

#define NAN_BYTE 0xFF // repeated, it is NaN as a float, a bfloat16 and a double

void rb_dn_spoil(const rb_dn_step *s)
{
    for (int i = 0; i < s->death_count; i++) memset(s->dies[i]->data, NAN_BYTE, (size_t)s->dies[i]->bytes);
}

bool rb_dn_layout(rb_dn_plan *p)
{
    place_tensors(p);
    p->block = block_for(p->store, p->arena, p->block_bytes);
    if (p->base.spec.sharing == RB_SPOILED) {
        list_deaths(p);
        memset(p->block, NAN_BYTE, (size_t)p->block_bytes);
        p->store->last_user = NULL; // it may be another plan's block too
    }
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
