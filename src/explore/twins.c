// SPDX-License-Identifier: Apache-2.0
#include "explore/twins.h"

#include "base/parallel.h"
#include "explore/compare.h"
#include "explore/phash.h"

#include <stdlib.h>
#include <string.h>

// Re-encoded, resized and turned copies of photographs of 64 px differ in 0..4 bits, of flat ones in more; they
// correlate from 0.96 up and leave at most 0.5 in a patch. Of 18 million pairs of different satellite tiles, and as
// many views of each, the nearest with so few bits correlates at 0.93 and leaves 0.9; of 3 million pairs of drawn
// faces, which are all framed alike, at 0.94 and 0.63.
#define MOST_BITS    12   // of 64 that may differ
#define LEAST_ALIKE  0.95 // correlation
#define WORST_PATCH  0.6  // see rb_agreement
#define LEAST_SPREAD 1.0  // grey levels: what is flatter is, to a hash, the noise of its file

// ---- exact twins --------------------------------------------------------------------------------------------------

typedef struct keyed {
    rb_digest pixels, file;
    int sample;
} keyed;

static int by_digest(rb_digest x, rb_digest y)
{
    if (x.high != y.high) return x.high < y.high ? -1 : 1;
    return (x.low > y.low) - (x.low < y.low);
}

static int by_pixels(const void *left, const void *right)
{
    const keyed *x = left, *y = right;
    int order = by_digest(x->pixels, y->pixels);
    return order ? order : x->sample - y->sample;
}

static int by_file(const void *left, const void *right)
{
    const keyed *x = left, *y = right;
    return by_digest(x->file, y->file);
}

static int by_first(const void *left, const void *right)
{
    const rb_twin_group *x = left, *y = right;
    return x->member[0] - y->member[0];
}

static keyed *keys_of(rb_arena *scratch, const rb_survey *s)
{
    keyed *keys = RB_NEW(scratch, keyed, s->readable), *to = keys;
    for (int i = 0; i < s->data->count; i++)
        if (!s->facts[i].reason) *to++ = (keyed){s->facts[i].pixels, s->facts[i].file, i};
    qsort(keys, (size_t)s->readable, sizeof *keys, by_pixels);
    return keys;
}

static rb_twin_group group_of(rb_arena *a, keyed *keys, int count)
{
    int *member = RB_NEW(a, int, count), files = 1;
    for (int i = 0; i < count; i++) member[i] = keys[i].sample;
    qsort(keys, (size_t)count, sizeof *keys, by_file);
    for (int i = 1; i < count; i++) files += by_file(&keys[i - 1], &keys[i]) != 0;
    return (rb_twin_group){member, count, files};
}

static void find_groups(rb_arena *a, rb_arena *scratch, const rb_survey *s, rb_twins *t)
{
    keyed *keys = keys_of(scratch, s);
    t->groups = RB_NEW(a, rb_twin_group, s->readable / 2 + 1);
    for (int i = 0, n; i < s->readable; i += n) {
        for (n = 1; i + n < s->readable && !by_digest(keys[i].pixels, keys[i + n].pixels);) n++;
        if (n > 1) t->groups[t->group_count++] = group_of(a, keys + i, n);
    }
    qsort(t->groups, (size_t)t->group_count, sizeof *t->groups, by_first);
}

// ---- near twins ---------------------------------------------------------------------------------------------------

typedef struct search {
    const rb_survey *survey;
    const int *distinct; // ascending sample indices, one of each group, none flat
    int count;
    uint64_t *hash[RB_VIEWS]; // [count]
    rb_twin_pair *found;      // [count RB_TWINS_EACH]
    int *found_count;         // [count]
} search;

static search search_new(rb_arena *scratch, const rb_survey *s, rb_twins *t)
{
    int n = s->data->count;
    bool *again = RB_NEW(scratch, bool, n);
    for (int g = 0; g < t->group_count; g++)
        for (int i = 1; i < t->groups[g].count; i++) again[t->groups[g].member[i]] = true;
    int *distinct = RB_NEW(scratch, int, n);
    search f = {.survey = s, .distinct = distinct};
    for (int i = 0; i < n; i++) {
        if (s->facts[i].reason || again[i]) continue;
        if (rb_thumb_spread(s->thumb + (ptrdiff_t)i * RB_THUMB * RB_THUMB) < LEAST_SPREAD)
            t->flat++;
        else
            distinct[f.count++] = i;
    }
    for (int v = 0; v < RB_VIEWS; v++) {
        f.hash[v] = RB_NEW(scratch, uint64_t, f.count);
        for (int i = 0; i < f.count; i++) f.hash[v][i] = s->facts[distinct[i]].hash[v];
    }
    f.found = RB_NEW(scratch, rb_twin_pair, (ptrdiff_t)f.count * RB_TWINS_EACH);
    f.found_count = RB_NEW(scratch, int, f.count);
    return f;
}

static bool is_nearer(const rb_twin_pair *x, const rb_twin_pair *y)
{
    return x->likeness != y->likeness ? x->likeness > y->likeness : x->b < y->b;
}

static int farthest(const rb_twin_pair *kept, int count)
{
    int at = 0;
    for (int i = 1; i < count; i++)
        if (is_nearer(&kept[at], &kept[i])) at = i;
    return at;
}

// Keeps the nearest. A view that fits better takes the place of another of the same picture.
static void keep(rb_twin_pair *kept, int *count, rb_twin_pair p)
{
    int at = 0;
    while (at < *count && kept[at].b != p.b) at++;
    bool known = at < *count;
    if (!known && *count < RB_TWINS_EACH) {
        kept[(*count)++] = p;
        return;
    }
    if (!known) at = farthest(kept, *count);
    if (is_nearer(&p, &kept[at])) kept[at] = p;
}

static void check(const search *f, int i, int j, int view, int distance)
{
    const uint8_t *thumbs = f->survey->thumb;
    uint8_t turned[RB_THUMB * RB_THUMB];
    rb_twin_pair p = {f->distinct[i], f->distinct[j], view, distance, 0};
    rb_view_turn(thumbs + (ptrdiff_t)p.b * RB_THUMB * RB_THUMB, view, turned);
    rb_agreement found = rb_thumb_compare(thumbs + (ptrdiff_t)p.a * RB_THUMB * RB_THUMB, turned);
    if (found.likeness < LEAST_ALIKE || found.worst > WORST_PATCH) return;
    p.likeness = found.likeness;
    keep(f->found + (ptrdiff_t)i * RB_TWINS_EACH, &f->found_count[i], p);
}

static void search_row(const search *f, int i)
{
    uint64_t wanted = f->hash[0][i];
    for (int v = 0; v < RB_VIEWS; v++)
        for (int j = i + 1; j < f->count; j++) {
            int distance = __builtin_popcountll(wanted ^ f->hash[v][j]);
            if (distance <= MOST_BITS) check(f, i, j, v, distance);
        }
}

// The rows of a triangle, a long one with a short one, so that all pieces cost the same.
static void search_rows(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const search *f = context;
    for (ptrdiff_t i = from; i < to; i++) {
        int other = f->count - 1 - (int)i;
        search_row(f, (int)i);
        if (other != i) search_row(f, other);
    }
}

static int by_b(const void *left, const void *right)
{
    return ((const rb_twin_pair *)left)->b - ((const rb_twin_pair *)right)->b;
}

static void find_pairs(rb_arena *a, rb_arena *scratch, const rb_survey *s, rb_twins *t)
{
    search f = search_new(scratch, s, t);
    rb_parallel_for((f.count + 1) / 2, 1, search_rows, &f);
    for (int i = 0; i < f.count; i++) t->pair_count += f.found_count[i];
    rb_twin_pair *to = t->pairs = RB_NEW(a, rb_twin_pair, t->pair_count);
    for (int i = 0; i < f.count; i++) {
        const rb_twin_pair *row = f.found + (ptrdiff_t)i * RB_TWINS_EACH;
        memcpy(to, row, (size_t)f.found_count[i] * sizeof *to);
        qsort(to, (size_t)f.found_count[i], sizeof *to, by_b);
        to += f.found_count[i];
    }
}

// ---- what hangs together ------------------------------------------------------------------------------------------

static int root_of(int *parent, int i)
{
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
}

// The smaller index becomes the root, so that clusters are numbered by their first pictures.
static void join(int *parent, int i, int j)
{
    int x = root_of(parent, i), y = root_of(parent, j);
    parent[x > y ? x : y] = x > y ? y : x;
}

static void find_clusters(rb_arena *a, rb_arena *scratch, int n, rb_twins *t)
{
    int *parent = RB_NEW(scratch, int, n), *size = RB_NEW(scratch, int, n);
    for (int i = 0; i < n; i++) parent[i] = i;
    for (int g = 0; g < t->group_count; g++)
        for (int i = 1; i < t->groups[g].count; i++) join(parent, t->groups[g].member[0], t->groups[g].member[i]);
    for (int p = 0; p < t->pair_count; p++) join(parent, t->pairs[p].a, t->pairs[p].b);
    for (int i = 0; i < n; i++) size[root_of(parent, i)]++;
    t->cluster = RB_NEW(a, int, n);
    for (int i = 0; i < n; i++) {
        int root = root_of(parent, i);
        t->cluster[i] = size[root] < 2 ? -1 : root == i ? t->cluster_count++ : t->cluster[root];
    }
}

rb_twins rb_twins_find(rb_arena *a, const rb_survey *s)
{
    rb_twins t = {0};
    rb_arena *scratch = rb_arena_open();
    find_groups(a, scratch, s, &t);
    find_pairs(a, scratch, s, &t);
    find_clusters(a, scratch, s->data->count, &t);
    rb_arena_close(scratch);
    return t;
}

rb_discord *rb_twins_discord(rb_arena *a, const rb_survey *s, const rb_twins *t)
{
    rb_discord *out = RB_NEW(a, rb_discord, t->cluster_count);
    const rb_sample **first = RB_NEW(a, const rb_sample *, t->cluster_count);
    for (int i = 0; i < s->data->count; i++) {
        int c = t->cluster[i];
        if (c < 0) continue;
        const rb_sample *x = &s->data->samples[i];
        if (!first[c]) first[c] = x;
        out[c].conflict |= x->label != first[c]->label;
        out[c].leak |= x->part != first[c]->part;
    }
    return out;
}
