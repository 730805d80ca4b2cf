// SPDX-License-Identifier: Apache-2.0
// test_tile.c - convolutions on tiles beside sums in doubles, on shapes where something is left over: pictures beside
// blocks of 16 and 32, channels beside 16 and 32, maps of 1x1 to 9x7, strides, filters up to 7x7, both layouts.
#include "check.h"

#include "backend/onednn/onednn.h"
#include "backend/onednn/tile.h"
#include "base/arena.h"
#include "base/parallel.h"

#include <stdlib.h>
#include <string.h>

// An output may be off by so much of the sum of all its |x y|. fp32: products lose up to 2^-22 of themselves, and a sum
// in floats is rounded some hundred times, each by up to 2^-24 of what it is by then. bf16: maps hold exact values
// here, and what comes out is rounded by 2^-9; the gradient of weights stays in floats.
#define OFF_FP32 1e-6
#define OFF_HALF 4e-3

typedef struct shape {
    int pictures, in, out, h, w, kernel, stride, padding;
    bool half, flat; // nhwc
} shape;

static const shape shapes[] = {
    {1, 16, 16, 1, 1, 1, 1, 0, false, false},   {13, 20, 33, 7, 5, 3, 1, 1, false, false},
    {16, 33, 20, 2, 2, 3, 1, 1, false, false},  {17, 64, 48, 4, 4, 3, 1, 1, false, false},
    {33, 5, 40, 9, 7, 3, 2, 1, false, false},   {48, 32, 16, 3, 3, 3, 2, 1, false, false},
    {16, 40, 24, 6, 5, 1, 2, 0, false, true},   {8, 3, 20, 9, 8, 7, 2, 3, false, true},
    {64, 48, 64, 2, 2, 3, 1, 1, false, false},  {16, 24, 33, 5, 4, 5, 1, 2, false, true},
    {1, 20, 20, 3, 1, 3, 1, 1, true, true},     {13, 33, 17, 7, 5, 3, 1, 1, true, true},
    {16, 16, 40, 2, 2, 3, 1, 1, true, true},    {40, 64, 32, 4, 4, 3, 1, 1, true, true},
    {17, 24, 24, 7, 7, 3, 2, 1, true, true},    {64, 40, 80, 3, 2, 1, 1, 0, true, true},
    {32, 32, 32, 6, 6, 3, 2, 1, true, false},   {8, 3, 32, 11, 9, 7, 2, 3, true, true},
    {9, 16, 16, 4, 4, 5, 2, 2, true, true},     {33, 96, 16, 1, 1, 3, 1, 1, true, true},
    {8, 3, 64, 17, 13, 7, 2, 3, true, true},    {33, 3, 20, 6, 7, 7, 2, 3, true, true},
    {40, 1, 17, 5, 1, 3, 1, 1, false, true},    {4, 4, 16, 7, 9, 5, 1, 2, false, true},
    {32, 16, 16, 9, 24, 3, 1, 1, false, false}, {16, 20, 12, 8, 1, 3, 1, 1, false, false},
    {5, 18, 34, 5, 6, 2, 1, 0, false, true},
};

static int size_behind(const shape *s, int size)
{
    return (size + 2 * s->padding - s->kernel) / s->stride + 1;
}

// Between -1 and 1, of few bits: exact in either precision where `coarse`.
static float value_of(uint32_t i, bool coarse)
{
    uint32_t bits = (i + 1) * 2654435761u;
    bits ^= bits >> 15;
    bits *= 2246822519u;
    bits ^= bits >> 13;
    return coarse ? (float)(int)(bits % 255) / 128 - 0.9921875f : (float)(bits >> 8) / 8388608 - 1;
}

// ---- maps ----------------------------------------------------------------------------------------------------------

static rb_tile_map map_new(rb_arena *a, const shape *s, int channels, int h, int w)
{
    int blocks = (channels + 15) / 16, lanes = s->flat ? channels : 16;
    rb_tile_map m = {.half = s->half, .padded = !s->flat, .pictures = s->pictures, .channels = channels};
    m.blocks = blocks;
    m.h = h;
    m.w = w;
    m.column = lanes;
    m.row = m.column * w;
    m.block = s->flat ? 16 : m.row * h;
    m.picture = s->flat ? m.row * h : m.block * blocks;
    m.data = RB_NEW(a, uint8_t, s->pictures * m.picture * (s->half ? 2 : 4));
    return m;
}

static ptrdiff_t bytes_of(const rb_tile_map *m)
{
    return m->pictures * m->picture * (m->half ? 2 : 4);
}

static ptrdiff_t place_of(const rb_tile_map *m, int n, int c, int y, int x)
{
    return n * m->picture + c / 16 * m->block + y * m->row + x * m->column + c % 16;
}

static float get(const rb_tile_map *m, int n, int c, int y, int x)
{
    ptrdiff_t at = place_of(m, n, c, y, x);
    if (!m->half) return ((const float *)m->data)[at];
    uint32_t bits = (uint32_t)((const uint16_t *)m->data)[at] << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void fill(const rb_tile_map *m, uint32_t from)
{
    for (int n = 0; n < m->pictures; n++)
        for (int c = 0; c < m->channels; c++)
            for (int y = 0; y < m->h; y++)
                for (int x = 0; x < m->w; x++) {
                    float value = value_of(from++, m->half);
                    uint32_t bits;
                    memcpy(&bits, &value, sizeof bits);
                    ptrdiff_t at = place_of(m, n, c, y, x);
                    if (m->half)
                        ((uint16_t *)m->data)[at] = (uint16_t)(bits >> 16);
                    else
                        ((float *)m->data)[at] = value;
                }
}

// What no kernel may leave or rely on: not a number where a result comes to lie.
static void spoil(const rb_tile_map *m)
{
    memset(m->data, 0xFF, (size_t)bytes_of(m));
}

static ptrdiff_t weight_at(const rb_tile_map *x, int kernel, int o, int i, int u, int v)
{
    return (((ptrdiff_t)(o / 16 * x->blocks + i / 16) * kernel + u) * kernel + v) * 256 + o % 16 * 16 + i % 16;
}

// ---- the same in doubles -------------------------------------------------------------------------------------------

// Everything that is asked for once: x, dy, weights; results with the sums of absolute values beside them.
typedef struct subject {
    shape shape;
    rb_arena *arena;
    rb_tile_map x, y, dy, dx;
    float *weights, *dw;
    ptrdiff_t weight_count;
    double *sum_y, *all_y, *sum_dx, *all_dx, *sum_dw, *all_dw;
} subject;

static ptrdiff_t index_of(const rb_tile_map *m, int n, int c, int y, int x)
{
    return (((ptrdiff_t)n * m->channels + c) * m->h + y) * m->w + x;
}

static void add(double *sum, double *all, ptrdiff_t at, float a, float b)
{
    sum[at] += (double)a * (double)b;
    all[at] += fabs((double)a * (double)b);
}

static void sum_tap(const subject *s, int n, int o, int i, int u, int v)
{
    const shape *h = &s->shape;
    ptrdiff_t at = weight_at(&s->x, h->kernel, o, i, u, v);
    for (int r = 0; r < s->y.h; r++)
        for (int q = 0; q < s->y.w; q++) {
            int y = h->stride * r + u - h->padding, x = h->stride * q + v - h->padding;
            if (y < 0 || y >= s->x.h || x < 0 || x >= s->x.w) continue;
            float in = get(&s->x, n, i, y, x), g = get(&s->dy, n, o, r, q);
            add(s->sum_y, s->all_y, index_of(&s->y, n, o, r, q), in, s->weights[at]);
            add(s->sum_dx, s->all_dx, index_of(&s->x, n, i, y, x), g, s->weights[at]);
            add(s->sum_dw, s->all_dw, at, in, g);
        }
}

static void sum_all(const subject *s)
{
    for (int n = 0; n < s->shape.pictures; n++)
        for (int o = 0; o < s->shape.out; o++)
            for (int i = 0; i < s->shape.in; i++)
                for (int tap = 0; tap < s->shape.kernel * s->shape.kernel; tap++)
                    sum_tap(s, n, o, i, tap / s->shape.kernel, tap % s->shape.kernel);
}

static double *doubles(rb_arena *a, const rb_tile_map *m)
{
    return RB_NEW(a, double, (ptrdiff_t)m->pictures * m->channels * m->h * m->w);
}

static subject subject_of(rb_arena *a, const shape *h)
{
    subject s = {.shape = *h, .arena = a};
    int out_h = size_behind(h, h->h), out_w = size_behind(h, h->w);
    s.x = map_new(a, h, h->in, h->h, h->w);
    s.dx = map_new(a, h, h->in, h->h, h->w);
    s.y = map_new(a, h, h->out, out_h, out_w);
    s.dy = map_new(a, h, h->out, out_h, out_w);
    fill(&s.x, 1);
    fill(&s.dy, 1 << 20);
    s.weight_count = (ptrdiff_t)s.x.blocks * s.y.blocks * 256 * h->kernel * h->kernel;
    s.weights = RB_NEW(a, float, s.weight_count);
    s.dw = RB_NEW(a, float, s.weight_count);
    for (int o = 0; o < h->out; o++)
        for (int i = 0; i < h->in; i++)
            for (int tap = 0; tap < h->kernel * h->kernel; tap++) {
                ptrdiff_t at = weight_at(&s.x, h->kernel, o, i, tap / h->kernel, tap % h->kernel);
                s.weights[at] = value_of((uint32_t)at + (1 << 24), h->half);
            }
    s.sum_y = doubles(a, &s.y), s.all_y = doubles(a, &s.y);
    s.sum_dx = doubles(a, &s.x), s.all_dx = doubles(a, &s.x);
    s.sum_dw = RB_NEW(a, double, s.weight_count), s.all_dw = RB_NEW(a, double, s.weight_count);
    sum_all(&s);
    return s;
}

// ---- comparing -----------------------------------------------------------------------------------------------------

static void check_value(const char *what, const subject *s, ptrdiff_t at, double got, double want, double all,
                        double allowed)
{
    const shape *h = &s->shape;
    if (fabs(got - want) <= allowed * all) return;
    fail_msg("%s of %d pictures, %d to %d channels, %dx%d, filter %d stride %d padding %d, %s %s: [%td] is %.9g, not "
             "%.9g, off by %.3g of the sum of absolute values",
             what, h->pictures, h->in, h->out, h->h, h->w, h->kernel, h->stride, h->padding, h->half ? "bf16" : "fp32",
             h->flat ? "nhwc" : "nChw16c", at, got, want, fabs(got - want) / all);
}

static void check_map(const char *what, const subject *s, const rb_tile_map *m, const double *sum, const double *all)
{
    for (int n = 0; n < m->pictures; n++)
        for (int c = 0; c < m->channels; c++)
            for (int y = 0; y < m->h; y++)
                for (int x = 0; x < m->w; x++) {
                    ptrdiff_t at = index_of(m, n, c, y, x);
                    check_value(what, s, at, (double)get(m, n, c, y, x), sum[at], all[at],
                                m->half ? OFF_HALF : OFF_FP32);
                }
}

// Lanes beyond the last channel are zeros, as oneDNN wants them.
static void check_padding(const rb_tile_map *m)
{
    if (!m->padded) return;
    for (int n = 0; n < m->pictures; n++)
        for (int c = m->channels; c < 16 * m->blocks; c++)
            for (int y = 0; y < m->h; y++)
                for (int x = 0; x < m->w; x++) assert_true(get(m, n, c, y, x) == 0);
}

static uint8_t *room(rb_arena *a, ptrdiff_t bytes)
{
    return memset(RB_NEW(a, uint8_t, bytes), 0xFF, (size_t)bytes);
}

static void convolve(const subject *s, bool backward, const rb_tile_map *from, const rb_tile_map *to)
{
    rb_tile_conv c =
        rb_tile_conv_of((rb_tile_window){s->shape.kernel, s->shape.stride, s->shape.padding}, backward, *from, *to);
    c.weights = s->weights;
    c.left = room(s->arena, rb_tile_conv_left_bytes(&c));
    c.right = room(s->arena, rb_tile_conv_right_bytes(&c));
    spoil(to);
    rb_tile_conv_run(&c);
    check_padding(to);
}

static void check_gradient(const subject *s)
{
    rb_tile_gradient g =
        rb_tile_gradient_of((rb_tile_window){s->shape.kernel, s->shape.stride, s->shape.padding}, s->x, s->dy);
    g.left = room(s->arena, rb_tile_gradient_left_bytes(&g));
    g.right = room(s->arena, rb_tile_gradient_right_bytes(&g));
    g.folded = (float *)(void *)room(s->arena, rb_tile_gradient_folded_bytes(&g));
    g.dw = s->dw;
    memset(s->dw, 0xFF, (size_t)s->weight_count * sizeof *s->dw);
    rb_tile_gradient_run(&g);
    for (ptrdiff_t i = 0; i < s->weight_count; i++)
        check_value("gradient of weights", s, i, (double)s->dw[i], s->sum_dw[i], s->all_dw[i], OFF_FP32);
}

// The bits of all results so far, one behind the other.
static uint8_t *bits_of(const subject *s)
{
    ptrdiff_t y = bytes_of(&s->y), dx = bytes_of(&s->dx), dw = s->weight_count * (ptrdiff_t)sizeof *s->dw;
    uint8_t *all = RB_NEW(s->arena, uint8_t, y + dx + dw);
    memcpy(all, s->y.data, (size_t)y);
    memcpy(all + y, s->dx.data, (size_t)dx);
    memcpy(all + y + dx, s->dw, (size_t)dw);
    return all;
}

static uint8_t *run_all(const subject *s)
{
    convolve(s, false, &s->x, &s->y);
    check_map("output", s, &s->y, s->sum_y, s->all_y);
    convolve(s, true, &s->dy, &s->dx);
    check_map("gradient of the input", s, &s->dx, s->sum_dx, s->all_dx);
    check_gradient(s);
    return bits_of(s);
}

static void try(void **state)
{
    const shape *h = *state;
    if (!rb_dn_has_tiles()) {
        print_message("this CPU has no tiles\n");
        skip();
    }
    rb_arena *a = rb_arena_open();
    subject s = subject_of(a, h);
    rb_parallel_threads(1);
    const uint8_t *alone = run_all(&s);
    size_t bytes = (size_t)(bytes_of(&s.y) + bytes_of(&s.dx)) + (size_t)s.weight_count * sizeof *s.dw;
    for (int threads = 2; threads <= 3; threads++) {
        rb_parallel_threads(threads);
        assert_memory_equal(run_all(&s), alone, bytes);
    }
    rb_arena_close(a);
}

int main(void)
{
    enum { COUNT = sizeof shapes / sizeof *shapes };
    static struct CMUnitTest tests[COUNT];
    for (int i = 0; i < COUNT; i++)
        tests[i] = (struct CMUnitTest){"shape", try, NULL, NULL, (void *)(uintptr_t)&shapes[i]};
    return check_code(_cmocka_run_group_tests("tile", tests, COUNT, NULL, NULL), COUNT);
}
