// SPDX-License-Identifier: Apache-2.0
// elastic_transform.c - bends a picture like rubber: a slight affine change, then smooth random displacements.
//
//     (x, y) = A (j + alpha (g*u)[i j], i + alpha (g*v)[i j])      for out[i j];  u, v ~ U(-1, 1) at each pixel
//
// g is a Gaussian of `sigma`, cut at int(4 sigma + 1/2) pixels and summing to 1; beyond the edges the noise is mirrored
// like the picture. A is the affine map that takes the jittered points c + s (1,1), c + s (1,-1), c - s (1,1) back to
// where they were: c = (floor(W/2), floor(H/2)), s = floor(min(H, W) / 3), each coordinate moved by
// U(-alpha_affine, alpha_affine). Points that end up on a line, as those of a tiny picture are, change nothing.
//
// Drawn in this order: x and y of the three points, u by rows, v by rows. Albumentations samples the picture twice, for
// A and for the displacements; here once, which blurs less, and so is mirrored once too.
//
// Source: Albumentations 1.3, ElasticTransform; Simard, Steinkraus & Platt, "Best practices for convolutional neural
//         networks", 2003
#include "augment/affine_map.h"
#include "augment/augment.h"

#include <math.h>
#include <string.h>

#define VISIBLE 0.1 // pixels
#define FAR     50  // pixels

typedef struct elastic_transform {
    double alpha, sigma, alpha_affine;
} elastic_transform;

static const rb_field fields[] = {
    {"alpha", RB_REAL, offsetof(elastic_transform, alpha), .preset = 1, .min = 0, .max = 1e5, .unit = "pixels",
     .help = "factor of the smoothed noise"},
    {"sigma", RB_REAL, offsetof(elastic_transform, sigma), .preset = 50, .min = 0.1, .max = 500, .unit = "pixels",
     .help = "how smooth the displacements are"},
    {"alpha_affine", RB_REAL, offsetof(elastic_transform, alpha_affine), .preset = 50, .min = 0, .max = 1e4,
     .unit = "pixels", .help = "largest move of the three points of the affine change"},
    {0},
};

// ---- the affine change ---------------------------------------------------------------------------------------------

static rb_affine draw_affine(double jitter, int h, int w, rb_rng *random)
{
    double cx = w / 2, cy = h / 2, s = (h < w ? h : w) / 3; // whole numbers
    double from[3][2] = {{cx + s, cy + s}, {cx + s, cy - s}, {cx - s, cy - s}}, to[3][2];
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 2; k++) to[i][k] = from[i][k] + rb_rng_between(random, -jitter, jitter);

    // Two sides of the triangle, before and after; M = [before] [after]^-1.
    double p1 = from[1][0] - from[0][0], q1 = from[1][1] - from[0][1];
    double p2 = from[2][0] - from[0][0], q2 = from[2][1] - from[0][1];
    double a1 = to[1][0] - to[0][0], b1 = to[1][1] - to[0][1];
    double a2 = to[2][0] - to[0][0], b2 = to[2][1] - to[0][1];
    double det = a1 * b2 - a2 * b1;
    if (s < 1 || fabs(det) < 1e-3) return (rb_affine){.xx = 1, .yy = 1};
    return (rb_affine){.xx = (p1 * b2 - p2 * b1) / det,
                       .xy = (p2 * a1 - p1 * a2) / det,
                       .yx = (q1 * b2 - q2 * b1) / det,
                       .yy = (q2 * a1 - q1 * a2) / det,
                       .cx = to[0][0],
                       .cy = to[0][1],
                       .x0 = from[0][0],
                       .y0 = from[0][1]};
}

// ---- smooth noise --------------------------------------------------------------------------------------------------

typedef struct kernel {
    const float *weight; // 2 * radius + 1
    int radius;
} kernel;

static kernel gaussian(rb_arena *scratch, double sigma)
{
    int radius = (int)(4 * sigma + 0.5);
    float *weight = RB_NEW(scratch, float, 2 * radius + 1);
    double sum = 0;
    for (int k = -radius; k <= radius; k++) sum += exp(-0.5 * k * k / (sigma * sigma));
    for (int k = -radius; k <= radius; k++) weight[radius + k] = (float)(exp(-0.5 * k * k / (sigma * sigma)) / sum);
    return (kernel){weight, radius};
}

#define TOGETHER 8 // taps whose products are added before the sum is stored

static void add_scaled(float *restrict to, const float *const *from, const float *factor, int n)
{
    for (int j = 0; j < n; j++) {
        float sum = to[j];
        for (int k = 0; k < TOGETHER; k++) sum += factor[k] * from[k][j];
        to[j] = sum;
    }
}

// A row of sums over the taps of the kernel, in order, whatever is vectorised. Taps that fill up the last group weigh
// 0.
static void weigh(float *to, const float *const *from, const float *factor, int taps, int n)
{
    memset(to, 0, (size_t)n * sizeof *to);
    for (int k = 0; k < taps; k += TOGETHER) add_scaled(to, from + k, factor + k, n);
}

// n numbers of U(-1, 1).
static void fill_uniform(rb_rng *random, uint32_t *words, float *out, ptrdiff_t n)
{
    rb_rng_fill(random, words, n);
    for (ptrdiff_t i = 0; i < n; i++) out[i] = (float)(-1 + 2 * (words[i] * 0x1p-32));
}

// U(-1, 1) noise [h w] under the kernel, times alpha.
static float *smooth_noise(rb_arena *scratch, kernel g, double alpha, int h, int w, rb_rng *random)
{
    int side = 2 * g.radius + 1, taps = (side + TOGETHER - 1) / TOGETHER * TOGETHER;
    float *noise = RB_NEW(scratch, float, (ptrdiff_t)h *w), *rows = RB_NEW(scratch, float, (ptrdiff_t)h *w);
    float *wide = RB_NEW(scratch, float, w + side - 1), *factor = RB_NEW(scratch, float, taps);
    const float **from = RB_NEW(scratch, const float *, taps);
    uint32_t *words = RB_NEW(scratch, uint32_t, w);
    for (int i = 0; i < h; i++) fill_uniform(random, words, noise + (ptrdiff_t)i * w, w);

    for (int k = 0; k < taps; k++) from[k] = wide + (k < side ? k : 0);
    memcpy(factor, g.weight, (size_t)side * sizeof *factor);
    for (int i = 0; i < h; i++) {
        const float *line = noise + (ptrdiff_t)i * w;
        for (int j = 0; j < w + side - 1; j++) wide[j] = line[rb_reflect_101(j - g.radius, w)];
        weigh(rows + (ptrdiff_t)i * w, from, factor, taps, w);
    }
    for (int k = 0; k < side; k++) factor[k] = g.weight[k] * (float)alpha;
    for (int i = 0; i < h; i++) {
        for (int k = 0; k < taps; k++) from[k] = rows + (ptrdiff_t)rb_reflect_101(i + k - g.radius, h) * w;
        weigh(noise + (ptrdiff_t)i * w, from, factor, taps, w); // the noise is used up
    }
    return noise;
}

// ---- both ----------------------------------------------------------------------------------------------------------

typedef struct rubber {
    rb_affine m;
    const float *dx, *dy; // [h w]
} rubber;

static void row(const void *context, int i, int width, float *x, float *y)
{
    const rubber *r = context;
    const rb_affine m = r->m;
    const float *dx = r->dx + (ptrdiff_t)i * width, *dy = r->dy + (ptrdiff_t)i * width;
    for (int j = 0; j < width; j++) rb_affine_place(&m, j + (double)dx[j], i + (double)dy[j], &x[j], &y[j]);
}

static rb_warp warp(const void *cfg, rb_rng *random, rb_arena *scratch, int h, int w)
{
    const elastic_transform *c = cfg;
    kernel g = gaussian(scratch, c->sigma);
    rubber *r = RB_NEW(scratch, rubber, 1);
    r->m = draw_affine(c->alpha_affine, h, w, random);
    r->dx = smooth_noise(scratch, g, c->alpha, h, w, random);
    r->dy = smooth_noise(scratch, g, c->alpha, h, w, random);
    return (rb_warp){row, r};
}

// Noise of U(-1, 1) has a deviation of 1 / sqrt(3), which a Gaussian divides by 2 sqrt(pi) sigma.
static const char *surprise(const void *cfg)
{
    const elastic_transform *c = cfg;
    double bend = c->alpha / (sqrt(3) * 2 * sqrt(3.14159265358979323846) * c->sigma);
    bool weak = bend > 0 && bend < VISIBLE, far = c->alpha_affine >= FAR;
    if (weak && far)
        return "alpha and sigma bend by less than a tenth of a pixel; what shows is alpha_affine, which moves three "
               "points by up to 50 pixels or more";
    if (weak) return "alpha and sigma bend by less than a tenth of a pixel, which nobody sees";
    return far ? "alpha_affine moves three points by up to 50 pixels or more, most of a small picture" : NULL;
}

const rb_augment rb_augment_elastic_transform = {
    .name = "ElasticTransform",
    .help = "bend like rubber",
    .p = 0.5,
    .cfg_bytes = sizeof(elastic_transform),
    .fields = fields,
    .surprise = surprise,
    .warp = warp,
};
