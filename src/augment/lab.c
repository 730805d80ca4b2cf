// SPDX-License-Identifier: Apache-2.0
#include "augment/lab.h"
#include "augment/filter.h"

#include <math.h>
#include <string.h>

#define WEIGHT_BITS 12
#define BLOCK       256 // pixels in work at once, in loops that compilers can vectorise

// D65 white, and sRGB to XYZ and back for it.
static const double white[3] = {0.950456, 1, 1.088754};
static const double to_xyz[3][3] = {
    {0.412453, 0.357580, 0.180423}, {0.212671, 0.715160, 0.072169}, {0.019334, 0.119193, 0.950227}};
static const double from_xyz[3][3] = {
    {3.240479, -1.53715, -0.498535}, {-0.969256, 1.875991, 0.041556}, {0.055648, -0.204043, 1.057311}};

static inline int descale(int v, int bits)
{
    return (v + (1 << (bits - 1))) >> bits;
}

static inline uint8_t clipped(int v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static void fill_weights(int weights[3][3])
{
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) weights[i][k] = (int)lrint((1 << WEIGHT_BITS) * to_xyz[i][k] / white[i]);
}

static void find_roots(const int *w, const int (*rgb)[BLOCK], int n, int *restrict f)
{
    const int *r = rgb[0], *g = rgb[1], *b = rgb[2];
    for (int i = 0; i < n; i++) f[i] = descale(r[i] * w[0] + g[i] * w[1] + b[i] * w[2], WEIGHT_BITS);
    for (int i = 0; i < n; i++) f[i] = rb_lab_root[f[i]];
}

static void store_scaled(int scale, const int *restrict p, int less, const int *restrict q, int shift, int n,
                         uint8_t *restrict out)
{
    for (int i = 0; i < n; i++) out[i] = clipped(descale(scale * (p[i] - less * q[i]) + shift, RB_LAB_BITS));
}

// L = 116 fY - 16, a = 500 (fX - fY), b = 200 (fY - fZ). One line serves dark pixels too, as in OpenCV.
static void block_from(const uint8_t *at, int (*weights)[3], int n, uint8_t *l, uint8_t *a, uint8_t *b)
{
    int rgb[3][BLOCK], fx[BLOCK], fy[BLOCK], fz[BLOCK];
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 3; k++) rgb[k][i] = rb_lab_light[at[3 * i + k]];
    find_roots(weights[0], rgb, n, fx);
    find_roots(weights[1], rgb, n, fy);
    find_roots(weights[2], rgb, n, fz);
    store_scaled((116 * 255 + 50) / 100, fy, 0, fx, -((16 * 255 * (1 << RB_LAB_BITS) + 50) / 100), n, l);
    store_scaled(500, fx, 1, fy, 128 << RB_LAB_BITS, n, a);
    store_scaled(200, fy, 1, fz, 128 << RB_LAB_BITS, n, b);
}

rb_lab rb_lab_from(rb_arena *arena, const rb_image *rgb)
{
    ptrdiff_t count = (ptrdiff_t)rgb->h * rgb->w;
    rb_lab out = {RB_NEW(arena, uint8_t, count), RB_NEW(arena, uint8_t, count), RB_NEW(arena, uint8_t, count)};
    int weights[3][3];
    fill_weights(weights);
    for (ptrdiff_t i = 0; i < count; i += BLOCK) {
        int n = (int)(count - i < BLOCK ? count - i : BLOCK);
        block_from(rgb->pixels + 3 * i, weights, n, out.l + i, out.a + i, out.b + i);
    }
    return out;
}

typedef struct backward {
    float y[256], root[256]; // by L
    float weights[3][3];     // the white is in them
    uint8_t srgb[RB_LAB_STEPS];
} backward;

static void fill_backward(backward *b)
{
    for (int i = 0; i < 256; i++) {
        double l = i * 100 / 255.0, r = (l + 16) / 116, y = l > 8 ? r * r * r : l / 903.3;
        b->y[i] = (float)y;
        b->root[i] = (float)(l > 8 ? r : 7.787 * y + 16.0 / 116);
    }
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) b->weights[i][k] = (float)(from_xyz[i][k] * white[k]);
    for (int level = 0; level < 256; level++) {
        int end = level < 255 ? rb_lab_begin[level + 1] : RB_LAB_STEPS;
        memset(b->srgb + rb_lab_begin[level], level, (size_t)(end - rb_lab_begin[level]));
    }
}

static inline float cubed(float f)
{
    float cube = f * f * f, line = (f - (float)(16.0 / 116)) * (float)(1 / 7.787);
    return f > 0.206893f ? cube : line;
}

// From XYZ to the step of linear light in one channel.
static void find_steps(const float *w, const float *restrict x, const float *restrict y, const float *restrict z, int n,
                       int *restrict step)
{
    for (int i = 0; i < n; i++) {
        float v = w[0] * x[i] + w[1] * y[i] + w[2] * z[i], below = v < 1 ? v : 1, inside = below > 0 ? below : 0;
        step[i] = (int)(inside * (RB_LAB_STEPS - 1) + 0.5f);
    }
}

static void block_to(const backward *t, const uint8_t *l, const uint8_t *a, const uint8_t *b, int n, uint8_t *out)
{
    float root[BLOCK], x[BLOCK], y[BLOCK], z[BLOCK];
    int step[3][BLOCK];
    for (int i = 0; i < n; i++) root[i] = t->root[l[i]], y[i] = t->y[l[i]];
    for (int i = 0; i < n; i++) {
        x[i] = cubed(root[i] + (float)(a[i] - 128) * (1 / 500.0f));
        z[i] = cubed(root[i] - (float)(b[i] - 128) * (1 / 200.0f));
    }
    for (int k = 0; k < 3; k++) find_steps(t->weights[k], x, y, z, n, step[k]);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 3; k++) out[3 * i + k] = t->srgb[step[k][i]];
}

void rb_lab_to(rb_arena *scratch, const rb_lab *lab, rb_image *rgb)
{
    backward *t = RB_NEW(scratch, backward, 1);
    fill_backward(t);
    ptrdiff_t count = (ptrdiff_t)rgb->h * rgb->w;
    for (ptrdiff_t i = 0; i < count; i += BLOCK) {
        int n = (int)(count - i < BLOCK ? count - i : BLOCK);
        block_to(t, lab->l + i, lab->a + i, lab->b + i, n, rgb->pixels + 3 * i);
    }
}
