// SPDX-License-Identifier: Apache-2.0
// tile.c - which tiles a convolution multiplies for a map from a map: packing in parallel first, then sums, each by one
// thread.
#include "backend/onednn/tile.h"

#include "base/parallel.h"

#define TAPS  (RB_TILE_KERNEL * RB_TILE_KERNEL)
#define BLOCK ((ptrdiff_t)RB_TILE_SIDE * RB_TILE_SIDE) // weights of one

rb_tile_conv rb_tile_conv_of(rb_tile_window window, bool backward, rb_tile_map from, rb_tile_map to)
{
    return (rb_tile_conv){.window = window,
                          .backward = backward,
                          .parts = rb_tile_parts(&from),
                          .pictures = rb_tile_blocks(from.pictures, RB_TILE_SIDE),
                          .depth = rb_tile_blocks(from.blocks, 2),
                          .from = from,
                          .to = to};
}

static ptrdiff_t left_part(const rb_tile_conv *c)
{
    return (ptrdiff_t)c->from.h * c->from.w * c->pictures * c->depth * RB_TILE_BYTES;
}

static ptrdiff_t right_part(const rb_tile_conv *c)
{
    return (ptrdiff_t)c->to.blocks * c->window.kernel * c->window.kernel * c->depth * RB_TILE_BYTES;
}

ptrdiff_t rb_tile_conv_left_bytes(const rb_tile_conv *c)
{
    return c->parts * left_part(c);
}

ptrdiff_t rb_tile_conv_right_bytes(const rb_tile_conv *c)
{
    return c->parts * right_part(c);
}

// Piece y * pictures + block of pictures.
static void pack_pixels(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const rb_tile_conv *c = context;
    for (ptrdiff_t piece = from; piece < to; piece++) {
        int y = (int)(piece / c->pictures), block = (int)(piece % c->pictures);
        for (int k = 0; k < c->depth; k++)
            for (int x = 0; x < c->from.w; x++) {
                ptrdiff_t tile = (((ptrdiff_t)y * c->from.w + x) * c->pictures + block) * c->depth + k;
                rb_tile_pack_rows(&c->from, k, y, x, block * RB_TILE_SIDE, c->parts, left_part(c),
                                  c->left + tile * RB_TILE_BYTES);
            }
    }
}

// The block of weights between block `deep` of the source's channels and block `wide` of the result's.
static const float *weights_between(const rb_tile_conv *c, int deep, int wide, int tap)
{
    if (deep >= c->from.blocks) return NULL;
    int out = c->backward ? deep : wide, in = c->backward ? wide : deep;
    int ins = c->backward ? c->to.blocks : c->from.blocks, taps = c->window.kernel * c->window.kernel;
    return c->weights + (((ptrdiff_t)out * ins + in) * taps + tap) * BLOCK;
}

// Piece k * to.blocks + block.
static void pack_filters(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const rb_tile_conv *c = context;
    int taps = c->window.kernel * c->window.kernel;
    for (ptrdiff_t piece = from; piece < to; piece++) {
        int k = (int)(piece / c->to.blocks), block = (int)(piece % c->to.blocks);
        for (int tap = 0; tap < taps; tap++) {
            ptrdiff_t tile = ((ptrdiff_t)block * taps + tap) * c->depth + k;
            rb_tile_pack_weights(weights_between(c, 2 * k, block, tap), weights_between(c, 2 * k + 1, block, tap),
                                 c->backward, c->parts, right_part(c), c->right + tile * RB_TILE_BYTES);
        }
    }
}

// What reaches a pixel of the result: taps, and the pixels of the source behind them.
typedef struct reach {
    int count;
    int tap[TAPS], pixel[TAPS];
} reach;

// The source's row (or column) behind the result's at tap u; -1: there is none.
static int behind(const rb_tile_conv *c, int at, int u, int size)
{
    const rb_tile_window *w = &c->window;
    int from = c->backward ? at + w->padding - u : w->stride * at + u - w->padding;
    if (c->backward && from % w->stride) return -1;
    if (c->backward) from /= w->stride;
    return from >= 0 && from < size ? from : -1;
}

static void reach_of(const rb_tile_conv *c, int y, int x, reach *r)
{
    r->count = 0;
    for (int u = 0; u < c->window.kernel; u++) {
        int row = behind(c, y, u, c->from.h);
        if (row < 0) continue;
        for (int v = 0; v < c->window.kernel; v++) {
            int column = behind(c, x, v, c->from.w);
            if (column < 0) continue;
            r->tap[r->count] = u * c->window.kernel + v;
            r->pixel[r->count++] = row * c->from.w + column;
        }
    }
}

static bool same_taps(const reach *a, const reach *b)
{
    if (a->count != b->count) return false;
    for (int i = 0; i < a->count; i++)
        if (a->tap[i] != b->tap[i]) return false;
    return true;
}

// Sixteen pictures at a pixel of the result.
typedef struct unit {
    const reach *reach;
    int x, block;
} unit;

// The products of all that reaches the units.
static void add_reach(const rb_tile_conv *c, int pair, const unit *units, rb_tile_run *run)
{
    int taps = c->window.kernel * c->window.kernel;
    ptrdiff_t deep = (ptrdiff_t)c->depth * RB_TILE_BYTES;
    for (int i = 0; i < units->reach->count; i++) {
        for (int k = 0; k < run->rows; k++)
            run->left[k] = c->left + ((ptrdiff_t)units[k].reach->pixel[i] * c->pictures + units[k].block) * deep;
        for (int k = 0; k < run->columns; k++)
            run->right[k] = c->right + ((ptrdiff_t)(2 * pair + k) * taps + units->reach->tap[i]) * deep;
        rb_tile_add(run);
    }
}

static void convolve(const rb_tile_conv *c, int pair, int y, const unit *units, int rows)
{
    rb_tile_run run = {.left_step = RB_TILE_BYTES,
                       .right_step = RB_TILE_BYTES,
                       .left_apart = left_part(c),
                       .right_apart = right_part(c),
                       .rows = rows,
                       .columns = rb_tile_least(2, c->to.blocks - 2 * pair),
                       .parts = c->parts,
                       .count = c->depth};
    rb_tile_clear();
    add_reach(c, pair, units, &run);
    for (int i = 0; i < rows; i++)
        for (int k = 0; k < run.columns; k++)
            rb_tile_write(2 * i + k, &c->to, 2 * pair + k, y, units[i].x, units[i].block * RB_TILE_SIDE);
}

// Two blocks of pictures at a time, or where there is one alone two pixels with the same taps: those a stride apart.
static void convolve_row(const rb_tile_conv *c, int pair, int y)
{
    int step = c->backward ? c->window.stride : 1;
    reach here, next;
    for (int first = 0; first < step; first++)
        for (int x = first; x < c->to.w; x += step) {
            reach_of(c, y, x, &here);
            for (int block = 0; block + 1 < c->pictures; block += 2)
                convolve(c, pair, y, (unit[]){{&here, x, block}, {&here, x, block + 1}}, 2);
            if (c->pictures % 2 == 0) continue;
            int last = c->pictures - 1;
            bool two = x + step < c->to.w;
            if (two) reach_of(c, y, x + step, &next);
            two = two && c->pictures == 1 && same_taps(&here, &next);
            convolve(c, pair, y, (unit[]){{&here, x, last}, {&next, x + step, last}}, 1 + two);
            if (two) x += step;
        }
}

// Piece pair of blocks * to.h + y: neighbours share the weights.
static void convolve_pieces(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const rb_tile_conv *c = context;
    rb_tile_open();
    for (ptrdiff_t piece = from; piece < to; piece++) convolve_row(c, (int)(piece / c->to.h), (int)(piece % c->to.h));
    rb_tile_close();
}

void rb_tile_conv_run(const rb_tile_conv *c)
{
    rb_tile_conv job = *c;
    rb_parallel_for((ptrdiff_t)c->from.h * c->pictures, 1, pack_pixels, &job);
    rb_parallel_for((ptrdiff_t)c->depth * c->to.blocks, 1, pack_filters, &job);
    rb_parallel_for((ptrdiff_t)rb_tile_blocks(c->to.blocks, 2) * c->to.h, 1, convolve_pieces, &job);
}
