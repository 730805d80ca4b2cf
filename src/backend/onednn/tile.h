// SPDX-License-Identifier: Apache-2.0
// tile.h - convolutions as products of tiles: the matrix unit (AMX) of newer x86 CPUs multiplies 16 rows of 32 bfloat16
// by 32 columns of 16 and adds to 16x16 floats, some twenty times as fast as the vector unit works on floats.
//
// bf16 maps are multiplied as they are. A float is the sum of three bfloat16, x = x1 + x2 + x3 (8 bits of 24 each), and
//
//     x y = x1 y1 + (x1 y2 + x2 y1) + (x1 y3 + x2 y2 + x3 y1)    but for less than 2^-22 |x y|
//
// six products for one, the sums in floats: as exact as float arithmetic, and still faster than it. A tile's depth is
// summed by itself before it is added, so that a long sum has few roundings. Values below 2^-110 have fewer bits,
// infinities become NaN.
//
// Left operands have a picture a row (or a channel, for the gradient of weights), so that an output needs just the taps
// of the filter that lie inside the picture: on maps of 2x2 those are 16 of 36. Operands are packed into tiles once and
// used many times. No sum depends on the number of threads.
//
// Source: Henry, Tang & Heinecke, arXiv:1904.06376: the three parts; Intel's architecture manual, TDPBF16PS: the tiles
#ifndef RB_BACKEND_ONEDNN_TILE_H
#define RB_BACKEND_ONEDNN_TILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RB_TILE_BYTES  1024
#define RB_TILE_SIDE   16 // rows of a tile, and floats of a row
#define RB_TILE_DEPTH  32 // bfloat16 of a row
#define RB_TILE_KERNEL 7  // the largest filter

// A map in nChw16c (`padded`: all 16 lanes of a block are there) or nhwc. Strides in values, a block is 16 channels.
typedef struct rb_tile_map {
    void *data;
    bool half, padded;
    int pictures, channels, blocks, h, w;
    ptrdiff_t picture, block, row, column;
    // Where a map in nhwc is folded, a pixel has the channels of all columns under a filter, `taps` neighbours of
    // `each` channels: few channels would waste the tiles' width. Of the map itself `w` and `column` are the output's
    // then.
    int taps, each, stride, padding, across; // 0, or how a filter walks a row of `across` pixels
} rb_tile_map;

static inline int rb_tile_parts(const rb_tile_map *m) // of a value
{
    return m->half ? 1 : 3;
}

static inline int rb_tile_blocks(int count, int each)
{
    return (count + each - 1) / each;
}

static inline int rb_tile_least(int a, int b)
{
    return a < b ? a : b;
}

typedef struct rb_tile_window {
    int kernel, stride, padding;
} rb_tile_window;

// ---- tile.c: a map from a map, forward, or `backward` the gradient of the input ------------------------------------

typedef struct rb_tile_conv {
    rb_tile_window window;
    bool backward;
    int parts;            // of a value: 1 or 3
    int pictures;         // blocks of 16
    int depth;            // tiles that all channels of `from` make
    rb_tile_map from, to; // backward: output's gradient, input's
    const float *weights; // OIhw16o16i, of `from.blocks` and `to.blocks`
    uint8_t *left;        // [part y x pictures depth] tiles
    uint8_t *right;       // [part to.block tap depth] tiles
} rb_tile_conv;

rb_tile_conv rb_tile_conv_of(rb_tile_window window, bool backward, rb_tile_map from, rb_tile_map to);
ptrdiff_t rb_tile_conv_left_bytes(const rb_tile_conv *c); // of all parts
ptrdiff_t rb_tile_conv_right_bytes(const rb_tile_conv *c);
void rb_tile_conv_run(const rb_tile_conv *c); // packs, multiplies and writes `to`

// ---- tile_gradient.c -----------------------------------------------------------------------------------------------

// The depth of a tile is 32 pictures at a pixel, or 16 pictures at two neighbours where there are no more.
typedef struct rb_tile_gradient {
    rb_tile_window down, along; // rows, and the columns of a row: of a folded map one tap
    int parts;
    int deep;          // pictures of a tile
    int pictures;      // blocks of so many
    int across;        // tiles that cover the outputs of a row
    int columns;       // packed columns of the input,
    int origin, phase; // of which column `phase` * k + i holds x = stride * i + k - origin
    rb_tile_map x, dy;
    float *dw, *folded; // OIhw16o16i; the same of a folded map
    uint8_t *left;      // [dy.block part y pictures across] tiles of 16 channels by `deep` pictures
    uint8_t *right;     // [x.block part y pictures columns] of `deep` pictures by 16 channels
} rb_tile_gradient;

rb_tile_gradient rb_tile_gradient_of(rb_tile_window window, rb_tile_map x, rb_tile_map dy);
ptrdiff_t rb_tile_gradient_folded_bytes(const rb_tile_gradient *g); // 0: not folded
ptrdiff_t rb_tile_gradient_left_bytes(const rb_tile_gradient *g);
ptrdiff_t rb_tile_gradient_right_bytes(const rb_tile_gradient *g);
void rb_tile_gradient_run(const rb_tile_gradient *g);

// ---- tile_kernel.c: for the two above, only where the CPU has tiles ------------------------------------------------

// Tile [row][depth]: `rows` pictures by 32 channels from block 2 k on, into `parts` tiles that lie `apart` bytes apart.
void rb_tile_pack_rows(const rb_tile_map *m, int k, int y, int x, int picture, int parts, ptrdiff_t apart,
                       uint8_t *out);

// Pairs of pictures side by side, 16 channels of `block`: `deep` / 2 rows of a right operand. x outside: zeros.
void rb_tile_pack_pairs(const rb_tile_map *m, int block, int y, int x, int picture, int deep, int parts,
                        ptrdiff_t apart, uint8_t *out);

// The same as a left operand: 16 channels by `deep` pictures at pixels x, x + 1, ... as many as make 32.
void rb_tile_pack_turned(const rb_tile_map *m, int block, int y, int x, int picture, int deep, int parts,
                         ptrdiff_t apart, uint8_t *out);

// Right operand of two blocks of weights [16 o][16 i] (NULL: zeros): their inputs in its depth, or their outputs.
void rb_tile_pack_weights(const float *first, const float *second, bool outputs_deep, int parts, ptrdiff_t apart,
                          uint8_t *out);

// Sums of products: left[i] times right[j] along `count` tiles.
typedef struct rb_tile_run {
    const uint8_t *left[2], *right[2];
    ptrdiff_t left_step, right_step, left_apart, right_apart; // to the next tile, to the next part
    int rows, columns;                                        // 1 or 2: operands of each side
    int parts, count;
} rb_tile_run;

void rb_tile_open(void); // on each thread, around the calls below
void rb_tile_close(void);
void rb_tile_clear(void);
void rb_tile_add(const rb_tile_run *r);
void rb_tile_save(int tile, float *to, ptrdiff_t stride_bytes); // tile: 2 i + j
void rb_tile_sum(int tile, float *to);                          // to [16 16] += tile
// Into 16 channels of a map, pictures from `picture` on.
void rb_tile_write(int tile, const rb_tile_map *m, int block, int y, int x, int picture);

#endif
