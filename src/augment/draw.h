// SPDX-License-Identifier: Apache-2.0
// draw.h - random parameters of transforms, from the ranges that their settings give.
#ifndef RB_AUGMENT_DRAW_H
#define RB_AUGMENT_DRAW_H

#include "base/rng.h"
#include "config/config.h"

#include <math.h>

// Uniform between the ends; one number is drawn even where they are equal.
static inline double rb_draw(rb_rng *random, rb_range limit)
{
    return rb_rng_between(random, limit.low, limit.high);
}

// A whole number, all those between the ends as likely, ends included. Ends are whole.
static inline int rb_draw_whole(rb_rng *random, rb_range limit)
{
    return (int)limit.low + rb_rng_below(random, (int)limit.high - (int)limit.low + 1);
}

// Both ends are whole. `key` begins the message: "num_holes_range: 2.5 is not a whole number".
static inline bool rb_whole_ends(rb_range limit, const char *key, const char *where, rb_error *err)
{
    double suspect = limit.low == rint(limit.low) ? limit.high : limit.low;
    if (suspect == rint(suspect)) return true;
    return rb_fail(err, RB_ERR_USAGE, "%s: %s: %g is not a whole number", where, key, suspect);
}

#endif
