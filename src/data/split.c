// SPDX-License-Identifier: Apache-2.0
// split.c - a stratified split that keeps groups together.
//
// Every class has a quota in each part, scikit-learn's. Groups are placed first, the largest first, each where most of
// its classes is still missing; single pictures, shuffled, then fill what is left of the quotas.
#include "base/log.h"
#include "data/data.h"
#include "data/shuffle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

// Parts in the order in which they are filled; what is over stays in train.
static const rb_part filled[] = {RB_TEST_PART, RB_VAL_PART};

typedef struct group {
    int first, count; // in splitter.grouped
    int turn;         // place in a random order, between groups of one size
} group;

typedef struct splitter {
    rb_dataset *data;
    uint32_t seed;
    int k;                   // classes
    double share[RB_PARTS];  // of test and val
    int *total;              // [k] pictures to place
    int *missing[RB_PARTS];  // [k] quota less what has been placed; below zero after a large group
    int *grouped, in_groups; // samples with a group, those of one group side by side
    group *groups;
    int group_count;
} splitter;

// ---- groups ------------------------------------------------------------------------------------------------------

static int by_group(const void *x, const void *y, void *samples)
{
    int i = *(const int *)x, j = *(const int *)y;
    int order = strcmp(((const rb_sample *)samples)[i].group, ((const rb_sample *)samples)[j].group);
    return order ? order : (i > j) - (i < j);
}

static void find_groups(rb_arena *scratch, splitter *s)
{
    rb_sample *all = s->data->samples;
    s->grouped = RB_NEW(scratch, int, s->data->count);
    s->groups = RB_NEW(scratch, group, s->data->count);
    for (int i = 0; i < s->data->count; i++)
        if (all[i].group) s->grouped[s->in_groups++] = i;
    qsort_r(s->grouped, (size_t)s->in_groups, sizeof *s->grouped, by_group, all);
    for (int i = 0; i < s->in_groups; i++) {
        if (!i || strcmp(all[s->grouped[i]].group, all[s->grouped[i - 1]].group)) s->groups[s->group_count++].first = i;
        s->groups[s->group_count - 1].count++;
    }
}

static rb_sample *member(const splitter *s, const group *g, int i)
{
    return &s->data->samples[s->grouped[g->first + i]];
}

// Where a manifest has put a member, the others follow; such groups are left out from here on.
static void follow_given_parts(splitter *s)
{
    int kept = 0, torn = 0;
    const char *example = NULL;
    for (int j = 0; j < s->group_count; j++) {
        group g = s->groups[j];
        rb_part part = RB_NO_PART;
        bool in_two = false;
        for (int i = 0; i < g.count; i++) {
            rb_part given = member(s, &g, i)->part;
            in_two |= given != RB_NO_PART && part != RB_NO_PART && given != part;
            if (part == RB_NO_PART) part = given;
        }
        if (in_two && !torn++) example = member(s, &g, 0)->group;
        if (part == RB_NO_PART) s->groups[kept++] = g;
        for (int i = 0; i < g.count; i++)
            if (member(s, &g, i)->part == RB_NO_PART) member(s, &g, i)->part = part;
    }
    s->group_count = kept;
    if (torn) rb_warn("%d groups are in more than one part of the manifest's split, '%s' among them", torn, example);
}

// ---- quotas ------------------------------------------------------------------------------------------------------

// Shares `take` pictures out over the classes: the floor of what is fair, then one each to the largest remainders.
static void share_out(rb_arena *scratch, const int *count, int k, int all, int take, int *quota)
{
    int64_t *remainder = RB_NEW(scratch, int64_t, k);
    int left = take;
    for (int i = 0; i < k; i++) {
        int64_t fair = (int64_t)count[i] * take;
        quota[i] = (int)(fair / all);
        remainder[i] = fair % all;
        left -= quota[i];
    }
    for (; left > 0; left--) {
        int most = 0;
        for (int i = 1; i < k; i++)
            if (remainder[i] > remainder[most]) most = i;
        quota[most]++;
        remainder[most] = -1;
    }
}

// A part that a manifest names is not drawn from the others.
static void find_shares(splitter *s, const rb_data_settings *settings)
{
    s->share[RB_TEST_PART] = settings->test_split;
    s->share[RB_VAL_PART] = settings->val_split;
    for (int i = 0; i < s->data->count; i++) {
        rb_part given = s->data->samples[i].part;
        if (given != RB_NO_PART) s->share[given] = 0;
    }
}

// Returns how many pictures are to be placed.
static int find_quotas(rb_arena *scratch, splitter *s)
{
    int all = 0;
    s->total = RB_NEW(scratch, int, s->k);
    for (int part = 0; part < RB_PARTS; part++) s->missing[part] = RB_NEW(scratch, int, s->k);
    for (int i = 0; i < s->data->count; i++) {
        if (s->data->samples[i].part != RB_NO_PART) continue;
        s->total[s->data->samples[i].label]++;
        all++;
    }
    int *rest = s->missing[RB_TRAIN_PART];
    memcpy(rest, s->total, (size_t)s->k * sizeof *rest);
    for (int f = 0, left = all; f < 2 && left > 0; f++) {
        int take = (int)ceil(s->share[filled[f]] * left), *quota = s->missing[filled[f]];
        share_out(scratch, rest, s->k, left, take, quota);
        for (int i = 0; i < s->k; i++) rest[i] -= quota[i];
        left -= take;
    }
    return all;
}

// ---- placing -----------------------------------------------------------------------------------------------------

static void place(splitter *s, rb_sample *sample, rb_part part)
{
    sample->part = part;
    s->missing[part][sample->label]--;
}

// What a part is missing of the classes of a group; a picture of a small class weighs more.
static double need(const splitter *s, const group *g, rb_part part)
{
    double sum = 0;
    for (int i = 0; i < g->count; i++) {
        int label = member(s, g, i)->label;
        sum += (double)s->missing[part][label] / s->total[label];
    }
    return sum;
}

static int largest_first(const void *x, const void *y)
{
    const group *g = x, *h = y;
    return g->count != h->count ? (g->count < h->count) - (g->count > h->count)
                                : (g->turn > h->turn) - (g->turn < h->turn);
}

static void place_groups(rb_arena *scratch, splitter *s)
{
    int *turn = RB_NEW(scratch, int, s->group_count);
    for (int j = 0; j < s->group_count; j++) turn[j] = j;
    rb_rng random = rb_rng_at(s->seed, RB_STREAM_SPLIT, (uint32_t)s->k, 0, 0); // draws below k are the classes'
    rb_shuffle(&random, turn, s->group_count, s->group_count);
    for (int j = 0; j < s->group_count; j++) s->groups[j].turn = turn[j];
    qsort(s->groups, (size_t)s->group_count, sizeof *s->groups, largest_first);

    for (int j = 0; j < s->group_count; j++) {
        const group *g = &s->groups[j];
        rb_part best = RB_TRAIN_PART;
        for (int f = 0; f < 2; f++)
            if (s->share[filled[f]] > 0 && need(s, g, filled[f]) > need(s, g, best)) best = filled[f];
        for (int i = 0; i < g->count; i++) place(s, member(s, g, i), best);
    }
}

static void place_class(rb_arena *scratch, splitter *s, int label)
{
    int *at = RB_NEW(scratch, int, s->total[label]), n = 0, next = 0;
    for (int i = 0; i < s->data->count; i++) {
        const rb_sample *sample = &s->data->samples[i];
        if (sample->part == RB_NO_PART && sample->label == label) at[n++] = i;
    }
    rb_rng random = rb_rng_at(s->seed, RB_STREAM_SPLIT, (uint32_t)label, 0, 0);
    rb_shuffle(&random, at, n, n);
    for (int f = 0; f < 2; f++)
        while (next < n && s->missing[filled[f]][label] > 0) place(s, &s->data->samples[at[next++]], filled[f]);
    while (next < n) place(s, &s->data->samples[at[next++]], RB_TRAIN_PART);
}

// Every class must be in train and in what is drawn beside it.
static bool all_present(rb_arena *scratch, const splitter *s, rb_error *err)
{
    int *found = RB_NEW(scratch, int, s->k);
    for (int part = 0; part < RB_PARTS; part++) {
        if (part != RB_TRAIN_PART && !(s->share[part] > 0)) continue;
        rb_dataset_counts(s->data, rb_dataset_part(scratch, s->data, (rb_part)part), found);
        for (int i = 0; i < s->k; i++)
            if (!found[i])
                return rb_fail(err, RB_ERR_DATA,
                               "class '%s' is too small: of its %d pictures%s none would be in %s; add pictures, or "
                               "change test_split and val_split (0: no such part)",
                               s->data->classes[i], s->total[i], s->group_count ? ", kept together by group," : "",
                               rb_part_names[part]);
    }
    return true;
}

bool rb_dataset_split(rb_arena *scratch, const rb_data_settings *settings, rb_dataset *d, rb_error *err)
{
    splitter s = {.data = d, .seed = (uint32_t)settings->split_seed, .k = d->class_count};
    find_shares(&s, settings);
    find_groups(scratch, &s);
    follow_given_parts(&s);
    if (!find_quotas(scratch, &s)) return true;
    place_groups(scratch, &s);
    for (int label = 0; label < s.k; label++) place_class(scratch, &s, label);
    return all_present(scratch, &s, err);
}
