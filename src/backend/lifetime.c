// SPDX-License-Identifier: Apache-2.0
// lifetime.c - largest first, each at the lowest place that is free for its whole life.
//
// Source: "greedy by size", Pisarchyk & Lee, arXiv:2001.03288
#include "backend/lifetime.h"

#include <stdlib.h>

static int larger_first(const void *x, const void *y)
{
    const rb_lifetime *a = *(rb_lifetime *const *)x, *b = *(rb_lifetime *const *)y;
    if (a->bytes != b->bytes) return a->bytes < b->bytes ? 1 : -1;
    if (a->first != b->first) return a->first > b->first ? 1 : -1;
    return (a > b) - (a < b); // as they came: the same places on every machine
}

static bool lives(const rb_lifetime *l)
{
    return l->first <= l->last;
}

bool rb_lifetimes_meet(const rb_lifetime *a, const rb_lifetime *b)
{
    return lives(a) && lives(b) && a->first <= b->last && b->first <= a->last;
}

// `placed` is sorted by place.
static ptrdiff_t lowest_place(const rb_lifetime *l, rb_lifetime *const *placed, int count)
{
    ptrdiff_t at = 0;
    for (int i = 0; i < count; i++) {
        if (!rb_lifetimes_meet(l, placed[i])) continue;
        if (at + l->bytes <= placed[i]->place) break;
        ptrdiff_t end = placed[i]->place + rb_aligned(placed[i]->bytes);
        if (end > at) at = end;
    }
    return at;
}

static void insert_by_place(rb_lifetime **placed, int count, rb_lifetime *l)
{
    int i = count;
    for (; i > 0 && placed[i - 1]->place > l->place; i--) placed[i] = placed[i - 1];
    placed[i] = l;
}

ptrdiff_t rb_lifetimes_place(rb_arena *scratch, rb_lifetime *of, int count)
{
    rb_lifetime **order = RB_NEW(scratch, rb_lifetime *, count), **placed = RB_NEW(scratch, rb_lifetime *, count);
    ptrdiff_t block = 0;
    for (int i = 0; i < count; i++) order[i] = &of[i];
    qsort(order, (size_t)count, sizeof *order, larger_first);
    for (int i = 0; i < count; i++) {
        order[i]->place = lowest_place(order[i], placed, i);
        insert_by_place(placed, i, order[i]);
        ptrdiff_t end = order[i]->place + rb_aligned(order[i]->bytes);
        if (end > block) block = end;
    }
    return block;
}

// Something is alive at most when something begins to live.
ptrdiff_t rb_lifetimes_bound(const rb_lifetime *of, int count)
{
    ptrdiff_t most = 0;
    for (int i = 0; i < count; i++) {
        ptrdiff_t alive = 0;
        for (int k = 0; k < count && lives(&of[i]); k++)
            if (of[k].first <= of[i].first && of[i].first <= of[k].last) alive += rb_aligned(of[k].bytes);
        if (alive > most) most = alive;
    }
    return most;
}
