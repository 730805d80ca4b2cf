// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"

#include <math.h>

void rb_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t x0 = counter[0], x1 = counter[1], x2 = counter[2], x3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * x0, b = (uint64_t)0xCD9E8D57u * x2;
        x0 = (uint32_t)(b >> 32) ^ x1 ^ k0;
        x2 = (uint32_t)(a >> 32) ^ x3 ^ k1;
        x1 = (uint32_t)b;
        x3 = (uint32_t)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = x0, out[1] = x1, out[2] = x2, out[3] = x3;
}

rb_rng rb_rng_at(uint32_t seed, rb_stream stream, uint32_t draw, uint32_t epoch, uint32_t op)
{
    return (rb_rng){.key = {seed, (uint32_t)stream}, .counter = {0, draw, epoch, op}, .used = 4};
}

uint32_t rb_rng_u32(rb_rng *r)
{
    if (r->used == 4) {
        rb_philox(r->counter, r->key, r->block);
        r->counter[0]++;
        r->used = 0;
    }
    return r->block[r->used++];
}

// Whole blocks go where they are wanted.
void rb_rng_fill(rb_rng *r, uint32_t *out, ptrdiff_t count)
{
    ptrdiff_t done = 0;
    while (done < count && r->used < 4) out[done++] = rb_rng_u32(r);
    for (; count - done >= 4; done += 4, r->counter[0]++) rb_philox(r->counter, r->key, out + done);
    while (done < count) out[done++] = rb_rng_u32(r);
}

double rb_rng_unit(rb_rng *r)
{
    return rb_rng_u32(r) * 0x1p-32;
}

double rb_rng_between(rb_rng *r, double from, double to)
{
    return from + (to - from) * rb_rng_unit(r);
}

// Lemire's multiply-and-reject, arXiv:1805.10941.
int rb_rng_below(rb_rng *r, int limit)
{
    uint32_t n = (uint32_t)limit, floor = -n % n;
    for (;;) {
        uint64_t wide = (uint64_t)rb_rng_u32(r) * n;
        if ((uint32_t)wide >= floor) return (int)(wide >> 32);
    }
}

double rb_rng_normal(rb_rng *r)
{
    double u = (rb_rng_u32(r) + 1.0) * 0x1p-32, v = rb_rng_unit(r);
    return sqrt(-2 * log(u)) * cos(2 * 3.14159265358979323846 * v);
}
