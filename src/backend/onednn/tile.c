// SPDX-License-Identifier: Apache-2.0
// tile.c - which tiles a convolution multiplies: packing in parallel first, then sums, each by one thread.
#include "backend/onednn/tile.h"

#include "base/parallel.h"

#include <string.h>

#define TAPS        (RB_TILE_KERNEL * RB_TILE_KERNEL)
#define BLOCK       ((ptrdiff_t)RB_TILE_SIDE * RB_TILE_SIDE) // weights of one
#define CHUNK_BYTES (1 << 20)                                // of operands that a core's cache should keep

static int parts_of(rb_tile_map m)
{
    return m.half ? 1 : 3;
}

static int blocks_of(int count, int each)
{
    return (count + each - 1) / each;
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

// ---- a map from a map ----------------------------------------------------------------------------------------------

rb_tile_conv rb_tile_conv_of(rb_tile_window window, bool backward, rb_tile_map from, rb_tile_map to)
{
    return (rb_tile_conv){.window = window,
                          .backward = backward,
                          .parts = parts_of(from),
                          .pictures = blocks_of(from.pictures, RB_TILE_SIDE),
                          .depth = blocks_of(from.blocks, 2),
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
                       .columns = least(2, c->to.blocks - 2 * pair),
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
    rb_parallel_for((ptrdiff_t)blocks_of(c->to.blocks, 2) * c->to.h, 1, convolve_pieces, &job);
}

// ---- the gradient of weights ---------------------------------------------------------------------------------------

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
    x.blocks = blocks_of(x.channels, RB_TILE_SIDE);
    x.column *= w.stride;
    x.w = out_w;
    return x;
}

rb_tile_gradient rb_tile_gradient_of(rb_tile_window window, rb_tile_map x, rb_tile_map dy)
{
    rb_tile_gradient g = {.down = window, .along = window, .parts = parts_of(x), .deep = 32, .x = x, .dy = dy};
    if (can_fold(window, &x)) {
        g.x = fold(window, x, dy.w);
        g.along = (rb_tile_window){.kernel = 1, .stride = 1};
    }
    bool shallow = x.pictures <= RB_TILE_SIDE && dy.w > 1;
    if (shallow) g.deep = 16;
    g.pictures = blocks_of(x.pictures, g.deep);
    g.across = shallow ? blocks_of(dy.w, 2) : dy.w;
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
    int to = last < 0 ? 0 : least(last / stride + 1, out);
    return (span){least(from, out), to > from ? to : least(from, out)};
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
    int from = rows.from > tap_rows.from ? rows.from : tap_rows.from, to = least(rows.to, tap_rows.to);
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
                         .rows = least(2, g->dy.blocks - out),
                         .columns = least(2, g->x.blocks - in),
                         .parts = g->parts}};
    for (int i = 0; i < 2; i++) {
        q.left[i] = g->left + least(out + i, g->dy.blocks - 1) * g->parts * dy_part(g);
        q.right[i] = g->right + least(in + i, g->x.blocks - 1) * g->parts * x_part(g);
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
            span rows = {first, least(first + chunk, g->dy.h)};
            rb_tile_clear();
            add_tap(g, q, rows, tap / along, tap % along);
            save(g, q, tap, first > 0);
        }
}

// Piece pair of outputs * pairs of inputs + pair of inputs.
static void gradient_pieces(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const rb_tile_gradient *g = context;
    int pairs = blocks_of(g->x.blocks, 2);
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
    ptrdiff_t pairs = (ptrdiff_t)blocks_of(g->dy.blocks, 2) * blocks_of(g->x.blocks, 2);
    rb_parallel_for(pairs, 1, gradient_pieces, &job);
    if (g->x.taps) unfold(g);
}
