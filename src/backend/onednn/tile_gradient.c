// SPDX-License-Identifier: Apache-2.0
// tile_gradient.c - which tiles make the gradient of a convolution's weights: packing in parallel first, then sums,
// each by one thread.
#include "backend/onednn/tile.h"

#include "base/parallel.h"

#include <string.h>

#define BLOCK       ((ptrdiff_t)RB_TILE_SIDE * RB_TILE_SIDE) // weights of one
#define CHUNK_BYTES (1 << 20)                                // of operands that a core's cache should keep

// Folding pays where a filter's row of few channels fits into a tile. It wants the neighbours' channels side by side.
static bool can_fold(rb_tile_window w, const rb_tile_map *x)
{
    return !x->padded && x->column == x->channels && x->channels < 8 && w.kernel * x->channels <= RB_TILE_DEPTH;
}

static rb_tile_map fold(rb_tile_window w, rb_tile_map x, int out_w)
{
    x.taps = w.kernel;
    x.each = x.channels;
    x.stride = w.stride;
    x.padding = w.padding;
    x.across = x.w;
    x.channels = x.taps * x.each;
    x.blocks = rb_tile_blocks(x.channels, RB_TILE_SIDE);
    x.column *= w.stride;
    x.w = out_w;
    return x;
}

rb_tile_gradient rb_tile_gradient_of(rb_tile_window window, rb_tile_map x, rb_tile_map dy)
{
    rb_tile_gradient g = {.down = window, .along = window, .parts = rb_tile_parts(&x), .deep = 32, .x = x, .dy = dy};
    if (can_fold(window, &x)) {
        g.x = fold(window, x, dy.w);
        g.along = (rb_tile_window){.kernel = 1, .stride = 1};
    }
    bool shallow = x.pictures <= RB_TILE_SIDE && dy.w > 1;
    if (shallow) g.deep = 16;
    g.pictures = rb_tile_blocks(x.pictures, g.deep);
    g.across = shallow ? rb_tile_blocks(dy.w, 2) : dy.w;
    g.origin = shallow ? g.along.padding : 0;
    int last = shallow ? (2 * g.across - 1) * g.along.stride + g.along.kernel - 1 : g.x.w - 1;
    g.phase = last / g.along.stride + 1;
    g.columns = g.phase * g.along.stride;
    return g;
}

static int taps_of(const rb_tile_gradient *g)
{
    return g->down.kernel * g->along.kernel;
}

ptrdiff_t rb_tile_gradient_folded_bytes(const rb_tile_gradient *g)
{
    ptrdiff_t weights = g->dy.blocks * g->x.blocks * taps_of(g) * BLOCK;
    return g->x.taps ? weights * (ptrdiff_t)sizeof(float) : 0;
}

static ptrdiff_t column_bytes(const rb_tile_gradient *g)
{
    return (ptrdiff_t)g->deep / 2 * 64;
}

static ptrdiff_t row_tiles(const rb_tile_gradient *g)
{
    return (ptrdiff_t)g->pictures * g->across;
}

static ptrdiff_t row_columns(const rb_tile_gradient *g)
{
    return (ptrdiff_t)g->pictures * g->columns;
}

static ptrdiff_t dy_part(const rb_tile_gradient *g)
{
    return g->dy.h * row_tiles(g) * RB_TILE_BYTES;
}

static ptrdiff_t x_part(const rb_tile_gradient *g)
{
    return g->x.h * row_columns(g) * column_bytes(g);
}

ptrdiff_t rb_tile_gradient_left_bytes(const rb_tile_gradient *g)
{
    return g->dy.blocks * g->parts * dy_part(g);
}

ptrdiff_t rb_tile_gradient_right_bytes(const rb_tile_gradient *g)
{
    return g->x.blocks * g->parts * x_part(g);
}

// Piece y * pictures + block of pictures, as of the next.
static void pack_gradient(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const rb_tile_gradient *g = context;
    for (ptrdiff_t piece = from; piece < to; piece++) {
        int y = (int)(piece / g->pictures), picture = (int)(piece % g->pictures) * g->deep;
        for (int block = 0; block < g->dy.blocks; block++) {
            uint8_t *out = g->left + block * g->parts * dy_part(g) + piece * g->across * RB_TILE_BYTES;
            for (int i = 0; i < g->across; i++)
                rb_tile_pack_turned(&g->dy, block, y, i * (32 / g->deep), picture, g->deep, g->parts, dy_part(g),
                                    out + (ptrdiff_t)i * RB_TILE_BYTES);
        }
    }
}

static void pack_input(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const rb_tile_gradient *g = context;
    for (ptrdiff_t piece = from; piece < to; piece++) {
        int y = (int)(piece / g->pictures), picture = (int)(piece % g->pictures) * g->deep;
        for (int block = 0; block < g->x.blocks; block++) {
            uint8_t *out = g->right + block * g->parts * x_part(g) + piece * g->columns * column_bytes(g);
            for (int i = 0; i < g->columns; i++) {
                int x = i % g->phase * g->along.stride + i / g->phase - g->origin;
                rb_tile_pack_pairs(&g->x, block, y, x, picture, g->deep, g->parts, x_part(g),
                                   out + i * column_bytes(g));
            }
        }
    }
}

typedef struct span {
    int from, to;
} span;

// Outputs whose input stride * output + shift lies inside 0..in.
static span inside(int stride, int in, int out, int shift)
{
    int from = shift < 0 ? (stride - 1 - shift) / stride : 0, last = in - 1 - shift;
    int to = last < 0 ? 0 : rb_tile_least(last / stride + 1, out);
    return (span){rb_tile_least(from, out), to > from ? to : rb_tile_least(from, out)};
}

// The packed column of output 0 at tap v; less than 0 where that lies outside.
static int column_of(const rb_tile_gradient *g, int v)
{
    int stride = g->along.stride, shift = v - g->along.padding + g->origin;
    int phase = (shift % stride + stride) % stride;
    return phase * g->phase + (shift - phase) / stride;
}

// Two blocks of the output's channels, two of the input's.
typedef struct quarter {
    int out, in;
    rb_tile_run run;
    const uint8_t *left[2], *right[2];
} quarter;

// Adds what rows of outputs contribute at tap u, v.
static void add_tap(const rb_tile_gradient *g, quarter *q, span rows, int u, int v)
{
    const rb_tile_window *w = &g->down;
    span tap_rows = inside(w->stride, g->x.h, g->dy.h, u - w->padding), across = {0, g->across};
    if (g->deep == 32) across = inside(g->along.stride, g->x.w, g->dy.w, v - g->along.padding);
    int from = rows.from > tap_rows.from ? rows.from : tap_rows.from, to = rb_tile_least(rows.to, tap_rows.to);
    int column = column_of(g, v) + across.from * (32 / g->deep);
    q->run.count = across.to - across.from;
    for (int r = from; r < to; r++)
        for (int n = 0; n < g->pictures; n++) {
            int y = w->stride * r + u - w->padding;
            ptrdiff_t tile = ((ptrdiff_t)r * g->pictures + n) * g->across + across.from;
            ptrdiff_t at = ((ptrdiff_t)y * g->pictures + n) * g->columns + column;
            for (int i = 0; i < 2; i++) {
                q->run.left[i] = q->left[i] + tile * RB_TILE_BYTES;
                q->run.right[i] = q->right[i] + at * column_bytes(g);
            }
            rb_tile_add(&q->run);
        }
}

// Rows of outputs whose operands a core's cache keeps while all taps pass over them.
static int chunk_rows(const rb_tile_gradient *g)
{
    ptrdiff_t row = 2 * g->parts * (row_tiles(g) * RB_TILE_BYTES + g->down.stride * row_columns(g) * column_bytes(g));
    return row < CHUNK_BYTES ? (int)(CHUNK_BYTES / row) : 1;
}

static quarter quarter_of(const rb_tile_gradient *g, int out, int in)
{
    quarter q = {.out = out,
                 .in = in,
                 .run = {.left_step = RB_TILE_BYTES,
                         .right_step = 32 / g->deep * column_bytes(g),
                         .left_apart = dy_part(g),
                         .right_apart = x_part(g),
                         .rows = rb_tile_least(2, g->dy.blocks - out),
                         .columns = rb_tile_least(2, g->x.blocks - in),
                         .parts = g->parts}};
    for (int i = 0; i < 2; i++) {
        q.left[i] = g->left + rb_tile_least(out + i, g->dy.blocks - 1) * g->parts * dy_part(g);
        q.right[i] = g->right + rb_tile_least(in + i, g->x.blocks - 1) * g->parts * x_part(g);
    }
    return q;
}

static void save(const rb_tile_gradient *g, const quarter *q, int tap, bool more)
{
    float *dw = g->x.taps ? g->folded : g->dw;
    for (int i = 0; i < q->run.rows; i++)
        for (int k = 0; k < q->run.columns; k++) {
            float *to = dw + (((ptrdiff_t)(q->out + i) * g->x.blocks + q->in + k) * taps_of(g) + tap) * BLOCK;
            if (more)
                rb_tile_sum(2 * i + k, to);
            else
                rb_tile_save(2 * i + k, to, RB_TILE_SIDE * (ptrdiff_t)sizeof(float));
        }
}

static void gradient_of_quarter(const rb_tile_gradient *g, quarter *q)
{
    int along = g->along.kernel, chunk = chunk_rows(g);
    for (int first = 0; first < g->dy.h; first += chunk)
        for (int tap = 0; tap < taps_of(g); tap++) {
            span rows = {first, rb_tile_least(first + chunk, g->dy.h)};
            rb_tile_clear();
            add_tap(g, q, rows, tap / along, tap % along);
            save(g, q, tap, first > 0);
        }
}

// Piece pair of outputs * pairs of inputs + pair of inputs.
static void gradient_pieces(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const rb_tile_gradient *g = context;
    int pairs = rb_tile_blocks(g->x.blocks, 2);
    rb_tile_open();
    for (ptrdiff_t piece = from; piece < to; piece++) {
        quarter q = quarter_of(g, 2 * (int)(piece / pairs), 2 * (int)(piece % pairs));
        gradient_of_quarter(g, &q);
    }
    rb_tile_close();
}

// From blocks of a folded pixel's values, of a filter's rows, to blocks of channels, of its taps.
static void unfold(const rb_tile_gradient *g)
{
    int rows = g->down.kernel, each = g->x.each;
    memset(g->dw, 0, (size_t)(g->dy.blocks * rows * g->x.taps * BLOCK) * sizeof *g->dw);
    for (int block = 0; block < g->dy.blocks; block++)
        for (int u = 0; u < rows; u++)
            for (int i = 0; i < g->x.channels; i++) {
                ptrdiff_t from = ((ptrdiff_t)(block * g->x.blocks + i / RB_TILE_SIDE) * rows + u) * BLOCK;
                ptrdiff_t to = ((ptrdiff_t)(block * rows + u) * g->x.taps + i / each) * BLOCK;
                for (int o = 0; o < RB_TILE_SIDE; o++)
                    g->dw[to + o * RB_TILE_SIDE + i % each] = g->folded[from + o * RB_TILE_SIDE + i % RB_TILE_SIDE];
            }
}

void rb_tile_gradient_run(const rb_tile_gradient *g)
{
    rb_tile_gradient job = *g;
    rb_parallel_for((ptrdiff_t)g->dy.h * g->pictures, 1, pack_gradient, &job);
    rb_parallel_for((ptrdiff_t)g->x.h * g->pictures, 1, pack_input, &job);
    ptrdiff_t pairs = (ptrdiff_t)rb_tile_blocks(g->dy.blocks, 2) * rb_tile_blocks(g->x.blocks, 2);
    rb_parallel_for(pairs, 1, gradient_pieces, &job);
    if (g->x.taps) unfold(g);
}
