// SPDX-License-Identifier: Apache-2.0
// pixel.h - arithmetic of single pixels, without a libc call, so that a kernel on another device can share it.
#ifndef RB_AUGMENT_PIXEL_H
#define RB_AUGMENT_PIXEL_H

#include <stdint.h>
#include <string.h>

// The nearest whole number, half to even, of one within 2^22 of 0. Adding 1.5 * 2^23 leaves no bits for a fraction: the
// lowest bits of the sum are the number.
static inline int rb_nearest_whole(float v)
{
    float sum = v + 0x1.8p23f;
    int bits;
    memcpy(&bits, &sum, sizeof bits);
    return bits - 0x4B400000; // the bits of 1.5 * 2^23
}

// A grey level from a number: half to even, held to 0..255, as OpenCV's saturate_cast.
static inline uint8_t rb_level(float v)
{
    return (uint8_t)rb_nearest_whole(v < 0 ? 0 : v > 255 ? 255 : v);
}

// Index i of a line of n mirrored about its end pixels, which do not repeat (gfedcb|abcdefgh|gfedcba); any i.
//
// Source: OpenCV, BORDER_REFLECT_101
static inline int rb_reflect_101(int i, int n)
{
    if (i >= 0 && i < n) return i;
    if (n == 1) return 0;
    int period = 2 * n - 2;
    i = (i < 0 ? -i : i) % period;
    return i < n ? i : period - i;
}

#endif
