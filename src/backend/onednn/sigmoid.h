// SPDX-License-Identifier: Apache-2.0
// sigmoid.h - 1 / (1 + exp(-x)) of sixteen values at once, within four roundings of a float; NaN stays NaN.
//
// exp(t) = 2^n p(r) with n = round(t / ln 2), r = t - n ln 2 in two steps, and p = 1 + r + r^2 q(r), q a polynomial of
// degree 4 through the Chebyshev nodes of [-ln 2 / 2, ln 2 / 2]: 1e-8 off. Adding 1.5 2^23 rounds to an integer, which
// then is the low bits of the sum.
//
// Source: Cody & Waite, "Software Manual for the Elementary Functions", 1980, chapter 6: the reduction
#ifndef RB_BACKEND_ONEDNN_SIGMOID_H
#define RB_BACKEND_ONEDNN_SIGMOID_H

#include "backend/onednn/half.h"

#include <math.h>

RB_INLINE float rb_sigmoid1(float x)
{
    return 1 / (1 + expf(-x));
}

RB_INLINE rb_floats rb_sigmoid16(rb_floats x)
{
    const float magic = 0x1.8p23F, most = 87;
    const rb_floats zero = {0};
    rb_floats t = rb_between16(zero - most, -x, zero + most);
    rb_floats shifted = t * 0x1.715476p0F + magic, n = shifted - magic;
    rb_floats r = (t - n * 0.693359375F) - n * -2.12194440e-4F;
    rb_floats q = zero + 0.00139262131F;
    q = q * r + 0.00836320315F;
    q = q * r + 0.0416665561F;
    q = q * r + 0.166665763F;
    q = q * r + 0.5F;
    rb_floats p = r * r * q + r + 1;
    rb_floats power = (rb_floats)(((rb_words16)shifted + 127) << 23); // what is above n's bits leaves on the left
    return rb_inverse16(1 + p * power);
}

// The derivative of x sigmoid(x).
RB_INLINE rb_floats rb_silu_slope16(rb_floats x)
{
    rb_floats s = rb_sigmoid16(x);
    return s * (1 + x * (1 - s));
}

RB_INLINE float rb_silu_slope1(float x)
{
    float s = rb_sigmoid1(x);
    return s * (1 + x * (1 - s));
}

#endif
