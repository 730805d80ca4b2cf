// SPDX-License-Identifier: Apache-2.0
#include "augment/lab.h"
#include "augment/filter.h"

#include <math.h>

#define LINEAR_SCALE 2040              // 255 * 8: linear light as whole numbers
#define ROOTS        (256 * 3 / 2 * 8) // room for sums of rounded weights a little over 1
#define WEIGHT_BITS  12
#define ROOT_BITS    15
#define GAMMA_STEPS  16384

// D65 white, and sRGB to XYZ and back for it.
static const double white[3] = {0.950456, 1, 1.088754};
static const double to_xyz[3][3] = {
    {0.412453, 0.357580, 0.180423}, {0.212671, 0.715160, 0.072169}, {0.019334, 0.119193, 0.950227}};
static const double from_xyz[3][3] = {
    {3.240479, -1.53715, -0.498535}, {-0.969256, 1.875991, 0.041556}, {0.055648, -0.204043, 1.057311}};

static double linear(double srgb)
{
    return srgb <= 0.04045 ? srgb / 12.92 : pow((srgb + 0.055) / 1.055, 2.4);
}

static double root(double t)
{
    return t < 0.008856 ? 7.787 * t + 16.0 / 116 : cbrt(t);
}

static inline int descale(int v, int bits)
{
    return (v + (1 << (bits - 1))) >> bits;
}

static inline uint8_t clipped(int v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

// Everything a pixel needs, as look-ups.
typedef struct forward {
    uint16_t light[256], roots[ROOTS];
    int weights[3][3];
} forward;

static void fill_forward(forward *f)
{
    for (int i = 0; i < 256; i++) f->light[i] = (uint16_t)lrint(LINEAR_SCALE * linear(i / 255.0));
    for (int i = 0; i < ROOTS; i++) f->roots[i] = (uint16_t)lrint((1 << ROOT_BITS) * root(i / (double)LINEAR_SCALE));
    for (int i = 0; i < 3; i++)
        for (int k = 0; k < 3; k++) f->weights[i][k] = (int)lrint((1 << WEIGHT_BITS) * to_xyz[i][k] / white[i]);
}

static inline int root_of(const forward *f, int axis, int r, int g, int b)
{
    const int *w = f->weights[axis];
    return f->roots[descale(r * w[0] + g * w[1] + b * w[2], WEIGHT_BITS)];
}

// L = 116 fY - 16, a = 500 (fX - fY), b = 200 (fY - fZ). One line serves dark pixels too, as in OpenCV.
rb_lab rb_lab_from(rb_arena *arena, const rb_image *rgb)
{
    ptrdiff_t count = (ptrdiff_t)rgb->h * rgb->w;
    rb_lab out = {RB_NEW(arena, uint8_t, count), RB_NEW(arena, uint8_t, count), RB_NEW(arena, uint8_t, count)};
    forward *f = RB_NEW(arena, forward, 1);
    fill_forward(f);
    const int l_scale = (116 * 255 + 50) / 100, l_shift = -((16 * 255 * (1 << ROOT_BITS) + 50) / 100);
    const int middle = 128 << ROOT_BITS;
    for (ptrdiff_t i = 0; i < count; i++) {
        const uint8_t *at = rgb->pixels + 3 * i;
        int r = f->light[at[0]], g = f->light[at[1]], b = f->light[at[2]];
        int fx = root_of(f, 0, r, g, b), fy = root_of(f, 1, r, g, b), fz = root_of(f, 2, r, g, b);
        out.l[i] = clipped(descale(l_scale * fy + l_shift, ROOT_BITS));
        out.a[i] = clipped(descale(500 * (fx - fy) + middle, ROOT_BITS));
        out.b[i] = clipped(descale(200 * (fy - fz) + middle, ROOT_BITS));
    }
    return out;
}

typedef struct backward {
    float y[256], root[256]; // by L
    float weights[3][3];     // the white is in them
    uint8_t srgb[GAMMA_STEPS];
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
    int level = 0;
    double end = linear(0.5 / 255); // of what rounds to `level`
    for (int i = 0; i < GAMMA_STEPS; i++) {
        while (level < 255 && i / (double)(GAMMA_STEPS - 1) >= end) end = linear((++level + 0.5) / 255);
        b->srgb[i] = (uint8_t)level;
    }
}

static inline float cubed(float f)
{
    return f > 0.206893f ? f * f * f : (f - (float)(16.0 / 116)) * (float)(1 / 7.787);
}

static inline uint8_t srgb_of(const backward *t, int channel, float x, float y, float z)
{
    const float *w = t->weights[channel];
    float v = w[0] * x + w[1] * y + w[2] * z;
    v = v < 0 ? 0 : v > 1 ? 1 : v;
    return t->srgb[(int)(v * (GAMMA_STEPS - 1) + 0.5f)];
}

void rb_lab_to(rb_arena *scratch, const rb_lab *lab, rb_image *rgb)
{
    backward *t = RB_NEW(scratch, backward, 1);
    fill_backward(t);
    ptrdiff_t count = (ptrdiff_t)rgb->h * rgb->w;
    for (ptrdiff_t i = 0; i < count; i++) {
        float root = t->root[lab->l[i]], y = t->y[lab->l[i]];
        float x = cubed(root + (float)(lab->a[i] - 128) * (1 / 500.0f));
        float z = cubed(root - (float)(lab->b[i] - 128) * (1 / 200.0f));
        for (int k = 0; k < 3; k++) rgb->pixels[3 * i + k] = srgb_of(t, k, x, y, z);
    }
}
