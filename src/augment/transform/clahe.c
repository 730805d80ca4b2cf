// SPDX-License-Identifier: Apache-2.0
// clahe.c - equalises histograms tile by tile, with limited contrast; of colour pictures, the lightness alone.
//
// Draws: the clip limit.
// Source: Albumentations 1.x, CLAHE; OpenCV 4.6, clahe.cpp, whose arithmetic in float is repeated here step by step
#include "augment/filter.h"
#include "augment/lab.h"

#include <string.h>

#define LEVELS 256

typedef struct clahe {
    rb_range clip_limit, tile_grid_size;
} clahe;

// Tiles over a plane padded at its right and bottom, so that all have the same size. As OpenCV does, a whole tile
// count is added to a side that divides where the other does not.
typedef struct grid {
    const uint8_t *plane;
    int h, w, across, down, tile_h, tile_w;
} grid;

static grid grid_over(const uint8_t *plane, int h, int w, int across, int down)
{
    bool even = w % across == 0 && h % down == 0;
    int full_w = even ? w : w + across - w % across, full_h = even ? h : h + down - h % down;
    return (grid){plane, h, w, across, down, full_h / down, full_w / across};
}

static void count_tile(const grid *g, int tile_y, int tile_x, int *count)
{
    memset(count, 0, LEVELS * sizeof *count);
    for (int y = tile_y * g->tile_h; y < (tile_y + 1) * g->tile_h; y++) {
        const uint8_t *row = g->plane + (ptrdiff_t)rb_reflect_101(y, g->h) * g->w;
        for (int x = tile_x * g->tile_w; x < (tile_x + 1) * g->tile_w; x++) count[row[rb_reflect_101(x, g->w)]]++;
    }
}

// What is over the limit is shared out evenly; the rest of the division goes one each to bins at equal distances.
static void clip(int *count, int limit)
{
    int excess = 0;
    for (int i = 0; i < LEVELS; i++)
        if (count[i] > limit) {
            excess += count[i] - limit;
            count[i] = limit;
        }
    int batch = excess / LEVELS, rest = excess % LEVELS;
    for (int i = 0; i < LEVELS; i++) count[i] += batch;
    int step = rest && LEVELS / rest > 1 ? LEVELS / rest : 1;
    for (int i = 0; i < LEVELS && rest > 0; i += step, rest--) count[i]++;
}

static void fill_tables(const grid *g, double clip_limit, uint8_t *tables)
{
    int area = g->tile_h * g->tile_w, limit = (int)(clip_limit * area / LEVELS);
    float scale = 255.0f / (float)area;
    for (int tile = 0; tile < g->across * g->down; tile++, tables += LEVELS) {
        int count[LEVELS], sum = 0;
        count_tile(g, tile / g->across, tile % g->across, count);
        clip(count, limit > 1 ? limit : 1);
        for (int i = 0; i < LEVELS; i++) tables[i] = rb_level((float)(sum += count[i]) * scale);
    }
}

// The two tiles on whose tables a pixel depends, along one axis, and the weight of the second.
typedef struct between {
    int first, second;
    float weight;
} between;

static between tiles_at(int i, int size, int tiles)
{
    float at = (float)i * (1.0f / (float)size) - 0.5f;
    int first = at < 0 ? -1 : (int)at; // at >= -0.5
    float weight = at - (float)first;
    return (between){first < 0 ? 0 : first, first + 1 < tiles ? first + 1 : tiles - 1, weight};
}

static void equalise(rb_arena *scratch, uint8_t *plane, int h, int w, double clip_limit, int across, int down)
{
    grid g = grid_over(plane, h, w, across, down);
    uint8_t *tables = RB_NEW(scratch, uint8_t, (ptrdiff_t)across * down * LEVELS);
    fill_tables(&g, clip_limit, tables);
    between *columns = RB_NEW(scratch, between, w);
    for (int x = 0; x < w; x++) columns[x] = tiles_at(x, g.tile_w, across);
    for (int y = 0; y < h; y++) {
        between row = tiles_at(y, g.tile_h, down);
        const uint8_t *upper = tables + (ptrdiff_t)row.first * across * LEVELS;
        const uint8_t *lower = tables + (ptrdiff_t)row.second * across * LEVELS;
        for (int x = 0; x < w; x++) {
            const between *b = &columns[x];
            uint8_t *at = plane + (ptrdiff_t)y * w + x;
            int first = b->first * LEVELS + *at, second = b->second * LEVELS + *at;
            float u = (float)upper[first] * (1 - b->weight) + (float)upper[second] * b->weight;
            float l = (float)lower[first] * (1 - b->weight) + (float)lower[second] * b->weight;
            *at = rb_level(u * (1 - row.weight) + l * row.weight);
        }
    }
}

static void apply(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    const clahe *c = cfg;
    double limit = rb_draw(random, c->clip_limit);
    int across = (int)c->tile_grid_size.low, down = (int)c->tile_grid_size.high;
    if (image->c == 1) {
        equalise(scratch, image->pixels, image->h, image->w, limit, across, down);
        return;
    }
    rb_lab lab = rb_lab_from(scratch, image);
    equalise(scratch, lab.l, image->h, image->w, limit, across, down);
    rb_lab_to(scratch, &lab, image);
}

static bool sound(const void *cfg, const char *where, rb_error *err)
{
    return rb_whole_ends(((const clahe *)cfg)->tile_grid_size, "tile_grid_size", where, err);
}

static const rb_field fields[] = {
    {"clip_limit", RB_RANGE, offsetof(clahe, clip_limit), .preset = 1, .preset_high = 4, .min = 1, .max = 256,
     .pair = RB_PAIR_FROM_MIN, .help = "most that a level may count, in multiples of an even histogram"},
    {"tile_grid_size", RB_RANGE, offsetof(clahe, tile_grid_size), .preset = 8, .preset_high = 8, .min = 1, .max = 64,
     .pair = RB_PAIR_FREE, .unit = "tiles", .help = "how many across and how many down"},
    {0},
};

const rb_augment rb_augment_clahe = {
    .name = "CLAHE",
    .help = "equalise histograms of tiles, with limited contrast",
    .p = 0.5,
    .cfg_bytes = sizeof(clahe),
    .fields = fields,
    .sound = sound,
    .apply = apply,
};
