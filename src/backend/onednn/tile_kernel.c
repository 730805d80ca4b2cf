// SPDX-License-Identifier: Apache-2.0
// tile_kernel.c - packing and multiplying of tiles; compiled for the CPUs that have them, called nowhere else.
#include "backend/onednn/half.h"
#include "backend/onednn/tile.h"

#include <immintrin.h>

#define ROW_BYTES 64

// ---- parts of values -----------------------------------------------------------------------------------------------

RB_INLINE __m512 rounded(__m512 x)
{
    __m512i half = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(x));
    return (__m512)_mm512_slli_epi32(half, 16);
}

// Each part is what bfloat16 can hold of what the ones before left over.
RB_INLINE void split(__m512 x, int parts, __m512 *out)
{
    for (int p = 0; p < parts; p++) {
        out[p] = rounded(x);
        x = _mm512_sub_ps(x, out[p]);
    }
}

// Values a[0] b[0] a[1] b[1] ... of rounded a and b.
RB_INLINE __m512i in_pairs(__m512 a, __m512 b)
{
    return _mm512_or_si512(_mm512_srli_epi32((__m512i)a, 16), (__m512i)b);
}

// Values a[0] ... a[15] b[0] ... b[15].
RB_INLINE __m512i in_turn(__m512 a, __m512 b)
{
    return (__m512i)_mm512_cvtne2ps_pbh(b, a);
}

// A 16x16 matrix of pairs.
RB_INLINE void transpose(__m512i *r)
{
    __m512i t[16];
    for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
    for (int i = 0; i < 4; i++)
        for (int k = 0; k < 2; k++) {
            r[4 * i + 2 * k] = _mm512_unpacklo_epi64(t[4 * i + k], t[4 * i + 2 + k]);
            r[4 * i + 2 * k + 1] = _mm512_unpackhi_epi64(t[4 * i + k], t[4 * i + 2 + k]);
        }
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 4; k++) {
            t[8 * i + k] = _mm512_shuffle_i32x4(r[8 * i + k], r[8 * i + 4 + k], 0x88);
            t[8 * i + 4 + k] = _mm512_shuffle_i32x4(r[8 * i + k], r[8 * i + 4 + k], 0xDD);
        }
    for (int k = 0; k < 8; k++) {
        r[k] = _mm512_shuffle_i32x4(t[k], t[8 + k], 0x88);
        r[8 + k] = _mm512_shuffle_i32x4(t[k], t[8 + k], 0xDD);
    }
}

// ---- packing -------------------------------------------------------------------------------------------------------

static int within(int value, int most)
{
    return value < 0 ? 0 : value < most ? value : most;
}

// Lanes of a folded pixel that lie inside the row.
static __mmask16 folded_lanes(const rb_tile_map *m, int block, int x)
{
    int first = m->stride * x - m->padding, before = RB_TILE_SIDE * block;
    int low = within(within(-first, m->taps) * m->each - before, RB_TILE_SIDE);
    int high = within(within(m->across - first, m->taps) * m->each - before, RB_TILE_SIDE);
    return (__mmask16)((1u << high) - (1u << (low < high ? low : high)));
}

RB_INLINE __mmask16 lanes_of(const rb_tile_map *m, int block, int x)
{
    if (m->taps) return folded_lanes(m, block, x);
    int left = m->channels - RB_TILE_SIDE * block;
    return (__mmask16)(m->padded || left >= RB_TILE_SIDE ? 0xFFFF : (1 << left) - 1);
}

RB_INLINE __m512 load(const rb_tile_map *m, ptrdiff_t at, __mmask16 lanes)
{
    if (!m->half) return _mm512_maskz_loadu_ps(lanes, (const float *)m->data + at);
    __m256i halves = _mm256_maskz_loadu_epi16(lanes, (const uint16_t *)m->data + at);
    return (__m512)_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16);
}

RB_INLINE ptrdiff_t place(const rb_tile_map *m, int block, int y, int x)
{
    return block * m->block + y * m->row + x * m->column - m->padding * m->each;
}

RB_INLINE void put(uint8_t *tile, int row, __m512i value)
{
    _mm512_storeu_si512(tile + row * ROW_BYTES, value);
}

RB_INLINE void pack_rows(int parts, const rb_tile_map *m, int k, int y, int x, int picture, ptrdiff_t apart,
                         uint8_t *out)
{
    bool both = 2 * k + 1 < m->blocks;
    __mmask16 low = lanes_of(m, 2 * k, x), high = (__mmask16)(both ? lanes_of(m, 2 * k + 1, x) : 0);
    ptrdiff_t at = place(m, 2 * k, y, x), next = both ? m->block : 0;
    for (int i = 0; i < RB_TILE_SIDE; i++) {
        bool there = picture + i < m->pictures;
        ptrdiff_t from = there ? at + (picture + i) * m->picture : 0;
        __m512 a[3], b[3];
        split(load(m, from, there ? low : 0), parts, a);
        split(load(m, from + (there ? next : 0), there ? high : 0), parts, b);
        for (int p = 0; p < parts; p++) put(out + p * apart, i, in_turn(a[p], b[p]));
    }
}

void rb_tile_pack_rows(const rb_tile_map *m, int k, int y, int x, int picture, int parts, ptrdiff_t apart, uint8_t *out)
{
    if (parts == 1)
        pack_rows(1, m, k, y, x, picture, apart, out);
    else
        pack_rows(3, m, k, y, x, picture, apart, out);
}

RB_INLINE __m512 load_picture(const rb_tile_map *m, ptrdiff_t at, int picture, __mmask16 lanes)
{
    bool there = picture < m->pictures;
    return load(m, there ? at + picture * m->picture : 0, there ? lanes : 0);
}

RB_INLINE void pair(int parts, const rb_tile_map *m, ptrdiff_t at, int picture, __mmask16 lanes, __m512i *out)
{
    __m512 a[3], b[3];
    split(load_picture(m, at, picture, lanes), parts, a);
    split(load_picture(m, at, picture + 1, lanes), parts, b);
    for (int p = 0; p < parts; p++) out[p] = in_pairs(a[p], b[p]);
}

RB_INLINE void pack_pairs(int parts, const rb_tile_map *m, int block, int y, int x, int picture, int deep,
                          ptrdiff_t apart, uint8_t *out)
{
    bool inside = x >= 0 && x < m->w;
    __mmask16 lanes = (__mmask16)(inside ? lanes_of(m, block, x) : 0);
    ptrdiff_t at = inside ? place(m, block, y, x) : 0;
    for (int i = 0; i < deep / 2; i++) {
        __m512i row[3];
        pair(parts, m, at, picture + 2 * i, lanes, row);
        for (int p = 0; p < parts; p++) put(out + p * apart, i, row[p]);
    }
}

void rb_tile_pack_pairs(const rb_tile_map *m, int block, int y, int x, int picture, int deep, int parts,
                        ptrdiff_t apart, uint8_t *out)
{
    if (parts == 1)
        pack_pairs(1, m, block, y, x, picture, deep, apart, out);
    else
        pack_pairs(3, m, block, y, x, picture, deep, apart, out);
}

RB_INLINE void pack_turned(int parts, const rb_tile_map *m, int block, int y, int x, int picture, int deep,
                           ptrdiff_t apart, uint8_t *out)
{
    __m512i rows[3][RB_TILE_SIDE];
    for (int i = 0; i < RB_TILE_SIDE; i++) {
        int column = x + 2 * i / deep, n = picture + 2 * i % deep;
        __m512i row[3];
        bool inside = column < m->w;
        pair(parts, m, inside ? place(m, block, y, column) : 0, n, inside ? lanes_of(m, block, column) : 0, row);
        for (int p = 0; p < parts; p++) rows[p][i] = row[p];
    }
    for (int p = 0; p < parts; p++) {
        transpose(rows[p]);
        for (int i = 0; i < RB_TILE_SIDE; i++) put(out + p * apart, i, rows[p][i]);
    }
}

void rb_tile_pack_turned(const rb_tile_map *m, int block, int y, int x, int picture, int deep, int parts,
                         ptrdiff_t apart, uint8_t *out)
{
    if (parts == 1)
        pack_turned(1, m, block, y, x, picture, deep, apart, out);
    else
        pack_turned(3, m, block, y, x, picture, deep, apart, out);
}

RB_INLINE __m512 weights_row(const float *block, int o)
{
    return block ? _mm512_loadu_ps(block + o * RB_TILE_SIDE) : _mm512_setzero_ps();
}

// Row i is the pair of outputs 2 i and 2 i + 1 (of 32): [pair of outputs][input].
RB_INLINE void pack_outputs(int parts, const float *first, const float *second, ptrdiff_t apart, uint8_t *out)
{
    for (int i = 0; i < RB_TILE_SIDE; i++) {
        const float *block = i < RB_TILE_SIDE / 2 ? first : second;
        int o = 2 * i % RB_TILE_SIDE;
        __m512 a[3], b[3];
        split(weights_row(block, o), parts, a);
        split(weights_row(block, o + 1), parts, b);
        for (int p = 0; p < parts; p++) put(out + p * apart, i, in_pairs(a[p], b[p]));
    }
}

// [pair of inputs][output]
RB_INLINE void pack_inputs(int parts, const float *first, const float *second, ptrdiff_t apart, uint8_t *out)
{
    __m512i rows[3][RB_TILE_SIDE];
    for (int o = 0; o < RB_TILE_SIDE; o++) {
        __m512 a[3], b[3];
        split(weights_row(first, o), parts, a);
        split(weights_row(second, o), parts, b);
        for (int p = 0; p < parts; p++) rows[p][o] = in_turn(a[p], b[p]);
    }
    for (int p = 0; p < parts; p++) {
        transpose(rows[p]);
        for (int i = 0; i < RB_TILE_SIDE; i++) put(out + p * apart, i, rows[p][i]);
    }
}

void rb_tile_pack_weights(const float *first, const float *second, bool outputs_deep, int parts, ptrdiff_t apart,
                          uint8_t *out)
{
    if (outputs_deep && parts == 1)
        pack_outputs(1, first, second, apart, out);
    else if (outputs_deep)
        pack_outputs(3, first, second, apart, out);
    else if (parts == 1)
        pack_inputs(1, first, second, apart, out);
    else
        pack_inputs(3, first, second, apart, out);
}

// ---- multiplying: sums in tiles 0 to 3, left operands in 4 and 5, right ones in 6 and 7 ----------------------------

// As LDTILECFG reads it: all eight are as large as can be.
#define EIGHT(x) x, x, x, x, x, x, x, x
static const struct shapes {
    uint8_t palette, start, none[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} shapes = {.palette = 1, .row_bytes = {EIGHT(ROW_BYTES)}, .rows = {EIGHT(RB_TILE_SIDE)}};

void rb_tile_open(void)
{
    _tile_loadconfig(&shapes);
}

void rb_tile_close(void)
{
    _tile_release();
}

void rb_tile_clear(void)
{
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
}

RB_INLINE void load_left(int rows, const rb_tile_run *r, ptrdiff_t at)
{
    _tile_loadd(4, r->left[0] + at, ROW_BYTES);
    if (rows > 1) _tile_loadd(5, r->left[1] + at, ROW_BYTES);
}

RB_INLINE void load_right(int columns, const rb_tile_run *r, ptrdiff_t at)
{
    _tile_loadd(6, r->right[0] + at, ROW_BYTES);
    if (columns > 1) _tile_loadd(7, r->right[1] + at, ROW_BYTES);
}

RB_INLINE void multiply(int rows, int columns)
{
    _tile_dpbf16ps(0, 4, 6);
    if (columns > 1) _tile_dpbf16ps(1, 4, 7);
    if (rows > 1) _tile_dpbf16ps(2, 5, 6);
    if (rows > 1 && columns > 1) _tile_dpbf16ps(3, 5, 7);
}

RB_INLINE void add_whole(int rows, int columns, const rb_tile_run *r)
{
    for (ptrdiff_t i = 0; i < r->count; i++) {
        load_left(rows, r, i * r->left_step);
        load_right(columns, r, i * r->right_step);
        multiply(rows, columns);
    }
}

// The six products, in an order that loads little.
RB_INLINE void add_split(int rows, int columns, const rb_tile_run *r)
{
    for (ptrdiff_t i = 0; i < r->count; i++) {
        ptrdiff_t left = i * r->left_step, right = i * r->right_step;
        load_left(rows, r, left + 2 * r->left_apart);
        load_right(columns, r, right);
        multiply(rows, columns); // 3 1
        load_left(rows, r, left + r->left_apart);
        multiply(rows, columns); // 2 1
        load_right(columns, r, right + r->right_apart);
        multiply(rows, columns); // 2 2
        load_left(rows, r, left);
        multiply(rows, columns); // 1 2
        load_right(columns, r, right + 2 * r->right_apart);
        multiply(rows, columns); // 1 3
        load_right(columns, r, right);
        multiply(rows, columns); // 1 1
    }
}

RB_INLINE void add(int rows, int columns, const rb_tile_run *r)
{
    if (r->parts == 1)
        add_whole(rows, columns, r);
    else
        add_split(rows, columns, r);
}

void rb_tile_add(const rb_tile_run *r)
{
    if (r->rows == 2 && r->columns == 2)
        add(2, 2, r);
    else if (r->rows == 2)
        add(2, 1, r);
    else if (r->columns == 2)
        add(1, 2, r);
    else
        add(1, 1, r);
}

// The instruction names the tile.
void rb_tile_save(int tile, float *to, ptrdiff_t stride_bytes)
{
    switch (tile) {
    case 0:
        _tile_stored(0, to, stride_bytes);
        break;
    case 1:
        _tile_stored(1, to, stride_bytes);
        break;
    case 2:
        _tile_stored(2, to, stride_bytes);
        break;
    default:
        _tile_stored(3, to, stride_bytes);
        break;
    }
}

void rb_tile_sum(int tile, float *to)
{
    _Alignas(64) float more[RB_TILE_SIDE * RB_TILE_SIDE];
    rb_tile_save(tile, more, ROW_BYTES);
    for (int i = 0; i < RB_TILE_SIDE * RB_TILE_SIDE; i++) to[i] += more[i];
}

void rb_tile_write(int tile, const rb_tile_map *m, int block, int y, int x, int picture)
{
    __mmask16 lanes = lanes_of(m, block, x);
    ptrdiff_t at = place(m, block, y, x) + picture * m->picture;
    int rows = m->pictures - picture;
    if (!m->half && lanes == 0xFFFF && rows >= RB_TILE_SIDE) {
        rb_tile_save(tile, (float *)m->data + at, m->picture * (ptrdiff_t)sizeof(float));
        return;
    }
    _Alignas(64) float sums[RB_TILE_SIDE][RB_TILE_SIDE];
    rb_tile_save(tile, sums[0], ROW_BYTES);
    for (int i = 0; i < RB_TILE_SIDE && i < rows; i++, at += m->picture) {
        __m512 row = _mm512_load_ps(sums[i]);
        if (m->half)
            _mm256_mask_storeu_epi16((uint16_t *)m->data + at, lanes, (__m256i)_mm512_cvtneps_pbh(row));
        else
            _mm512_mask_storeu_ps((float *)m->data + at, lanes, row);
    }
}
