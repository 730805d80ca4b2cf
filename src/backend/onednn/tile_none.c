// SPDX-License-Identifier: Apache-2.0
// tile_none.c - stands in for tile_kernel.c where compilers know no tiles. No CPU there has any, so nobody calls these.
#include "backend/onednn/tile.h"

#include <stdlib.h>

void rb_tile_pack_rows(const rb_tile_map *m, int k, int y, int x, int picture, int parts, ptrdiff_t apart, uint8_t *out)
{
    (void)m, (void)k, (void)y, (void)x, (void)picture, (void)parts, (void)apart, (void)out;
    abort();
}

void rb_tile_pack_pairs(const rb_tile_map *m, int block, int y, int x, int picture, int deep, int parts,
                        ptrdiff_t apart, uint8_t *out)
{
    (void)m, (void)block, (void)y, (void)x, (void)picture, (void)deep, (void)parts, (void)apart, (void)out;
    abort();
}

void rb_tile_pack_turned(const rb_tile_map *m, int block, int y, int x, int picture, int deep, int parts,
                         ptrdiff_t apart, uint8_t *out)
{
    (void)m, (void)block, (void)y, (void)x, (void)picture, (void)deep, (void)parts, (void)apart, (void)out;
    abort();
}

void rb_tile_pack_weights(const float *first, const float *second, bool outputs_deep, int parts, ptrdiff_t apart,
                          uint8_t *out)
{
    (void)first, (void)second, (void)outputs_deep, (void)parts, (void)apart, (void)out;
    abort();
}

void rb_tile_open(void)
{
    abort();
}

void rb_tile_close(void)
{
    abort();
}

void rb_tile_clear(void)
{
    abort();
}

void rb_tile_add(const rb_tile_run *r)
{
    (void)r;
    abort();
}

void rb_tile_save(int tile, float *to, ptrdiff_t stride_bytes)
{
    (void)tile, (void)to, (void)stride_bytes;
    abort();
}

void rb_tile_sum(int tile, float *to)
{
    (void)tile, (void)to;
    abort();
}

void rb_tile_write(int tile, const rb_tile_map *m, int block, int y, int x, int picture)
{
    (void)tile, (void)m, (void)block, (void)y, (void)x, (void)picture;
    abort();
}
