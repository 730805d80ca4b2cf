// SPDX-License-Identifier: Apache-2.0
// grid_distortion.c - stretches the columns and rows of a grid, each by a factor of its own.
//
// n cells a side lie between the first and the last pixel, W-1 apart. Cell k is read with the step s_k = 1 + u_k,
// u_k ~ U(distort_limit), columns drawn first. With t = j n / (W-1) and k = floor(t), at most n-1,
//
//     x = e_k + (t-k) s_k (W-1)/n,  e_0 = 0,  e_(k+1) = e_k + s_k (W-1)/n
//
// and likewise y. `normalized` scales x so that the last pixel comes from the last.
//
// Albumentations takes cells of floor(W/n) pixels, whose joints repeat a place and whose last place is outside; here
// equal steps are the identity.
//
// Source: Albumentations 1.3, GridDistortion
#include "augment/augment.h"
#include "augment/draw.h"

#define CELLS 64

typedef struct grid_distortion {
    int num_steps;
    rb_range distort_limit;
    bool normalized;
} grid_distortion;

static const rb_field fields[] = {
    {"num_steps", RB_INT, offsetof(grid_distortion, num_steps), .preset = 5, .min = 1, .max = CELLS,
     .help = "cells a side"},
    {"distort_limit", RB_RANGE, offsetof(grid_distortion, distort_limit), .preset = -0.3, .preset_high = 0.3, .min = -1,
     .max = 1, .pair = RB_PAIR_SYMMETRIC, .help = "change of a cell's step, as a share of it"},
    {"normalized", RB_BOOL, offsetof(grid_distortion, normalized), .preset = false,
     .help = "keep the last pixel at the edge"},
    {0},
};

// Where the pixels of a line of n come from.
static float *line(rb_arena *scratch, const grid_distortion *c, int n, rb_rng *random)
{
    int cells = c->num_steps;
    double step[CELLS] = {0}, edge[CELLS + 1] = {0}, width = (n - 1) / (double)cells;
    for (int k = 0; k < cells; k++) {
        step[k] = (1 + rb_draw(random, c->distort_limit)) * width;
        edge[k + 1] = edge[k] + step[k];
    }
    double scale = c->normalized && edge[cells] > 0 ? (n - 1) / edge[cells] : 1;
    float *at = RB_NEW(scratch, float, n);
    for (int j = 1; j < n; j++) { // the first pixel comes from the first
        int k = (int)((int64_t)j * cells / (n - 1));
        if (k >= cells) k = cells - 1;
        double t = (double)j * cells / (n - 1);
        at[j] = (float)(scale * (edge[k] + (t - k) * step[k]));
    }
    return at;
}

typedef struct lines {
    const float *x, *y;
} lines;

static void row(const void *context, int i, int width, float *x, float *y)
{
    const lines *l = context;
    for (int j = 0; j < width; j++) x[j] = l->x[j], y[j] = l->y[i];
}

static rb_warp warp(const void *cfg, rb_rng *random, rb_arena *scratch, int h, int w)
{
    lines *l = RB_NEW(scratch, lines, 1);
    l->x = line(scratch, cfg, w, random);
    l->y = line(scratch, cfg, h, random);
    return (rb_warp){row, l};
}

const rb_augment rb_augment_grid_distortion = {
    .name = "GridDistortion",
    .help = "stretch the columns and rows of a grid",
    .p = 0.5,
    .cfg_bytes = sizeof(grid_distortion),
    .fields = fields,
    .warp = warp,
};
