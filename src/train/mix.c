// SPDX-License-Identifier: Apache-2.0
#include "train/mix.h"

#include "augment/pixel.h"
#include "base/parallel.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

#define AT(member) offsetof(rb_mix_settings, member)
const rb_field rb_mix_fields[] = {
    {"mixup_alpha", RB_REAL, AT(mixup_alpha), .preset = 0, .min = 0, .max = 100,
     .help = "blend pictures and labels in pairs, by shares drawn from Beta(alpha, alpha); 0: never"},
    {"cutmix_alpha", RB_REAL, AT(cutmix_alpha), .preset = 0, .min = 0, .max = 100,
     .help = "put a rectangle of one picture into another, its area drawn from Beta(alpha, alpha); 0: never"},
    {"mixup_prob", RB_REAL, AT(prob), .preset = 1, .min = 0, .max = 1, .help = "share of batches that are mixed"},
    {"mixup_switch_prob", RB_REAL, AT(switch_prob), .preset = 0.5, .min = 0, .max = 1,
     .help = "where both are wanted: share of mixed batches that get rectangles"},
    {0},
};
#undef AT

bool rb_mix_wanted(const rb_mix_settings *s)
{
    return s->prob > 0 && (s->mixup_alpha > 0 || s->cutmix_alpha > 0);
}

// ---- the draw ------------------------------------------------------------------------------------------------------

// The logarithm of a number from Gamma(shape, 1). A shape below 1 is that of the next one times U^(1/shape), which may
// be too small for a double.
//
// Source: Marsaglia & Tsang, "A simple method for generating gamma variables", ACM TOMS 26, 2000
static double log_of_gamma(rb_rng *random, double shape)
{
    double less = 0;
    if (shape < 1) {
        less = log(1 - rb_rng_unit(random)) / shape;
        shape += 1;
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = rb_rng_normal(random), u = 1 - rb_rng_unit(random), v = pow(1 + c * x, 3);
        if (v > 0 && log(u) < 0.5 * x * x + d * (1 - v + log(v))) return log(d * v) + less;
    }
}

// From Beta(alpha, alpha).
static double share(rb_rng *random, double alpha)
{
    double one = log_of_gamma(random, alpha), other = log_of_gamma(random, alpha);
    return 1 / (1 + exp(other - one));
}

static int held(int i, int n)
{
    return i < 0 ? 0 : i > n ? n : i;
}

rb_mix rb_mix_rectangle(double own, int y, int x, int h, int w)
{
    double side = sqrt(1 - own);
    int high = (int)(h * side), wide = (int)(w * side);
    rb_mix m = {.cut = true,
                .top = held(y - high / 2, h),
                .bottom = held(y + (high + 1) / 2, h),
                .left = held(x - wide / 2, w),
                .right = held(x + (wide + 1) / 2, w)};
    m.own = 1 - (double)((m.bottom - m.top) * (m.right - m.left)) / ((double)h * w);
    return m;
}

rb_mix rb_mix_draw(const rb_mix_settings *s, uint32_t seed, uint32_t epoch, uint32_t draw, int h, int w)
{
    rb_rng random = rb_rng_at(seed, RB_STREAM_MIX, draw, epoch, 0);
    if (!(rb_rng_unit(&random) < s->prob)) return (rb_mix){.own = 1};
    bool both = s->mixup_alpha > 0 && s->cutmix_alpha > 0;
    bool cut = both ? rb_rng_unit(&random) < s->switch_prob : s->cutmix_alpha > 0;
    double own = share(&random, cut ? s->cutmix_alpha : s->mixup_alpha);
    if (!cut) return (rb_mix){.own = own};
    int y = rb_rng_below(&random, h), x = rb_rng_below(&random, w);
    return rb_mix_rectangle(own, y, x, h, w);
}

// ---- what it does --------------------------------------------------------------------------------------------------

// Row i and its other half, unless there is nothing to take, or to give.
static bool has_pair(const rb_mixed_batch *b, int i)
{
    return !b->bad[i] && !b->bad[b->n - 1 - i];
}

static void blend(double own, const uint8_t *restrict x, const uint8_t *restrict y, ptrdiff_t n, uint8_t *restrict out)
{
    const float mine = (float)own, theirs = (float)(1 - own);
    for (ptrdiff_t i = 0; i < n; i++) out[i] = (uint8_t)rb_nearest_whole(mine * x[i] + theirs * y[i]);
}

static void paste(const rb_mix *m, const rb_mixed_batch *b, const uint8_t *from, uint8_t *to)
{
    size_t bytes = (size_t)(m->right - m->left) * (size_t)b->c;
    for (int y = m->top; y < m->bottom; y++) {
        ptrdiff_t at = ((ptrdiff_t)y * b->w + m->left) * b->c;
        memcpy(to + at, from + at, bytes);
    }
}

typedef struct mix_job {
    const rb_mix *mix;
    const rb_mixed_batch *batch;
    uint8_t *out;
} mix_job;

static void mix_rows(void *context, ptrdiff_t from, ptrdiff_t to)
{
    const mix_job *j = context;
    const rb_mixed_batch *b = j->batch;
    ptrdiff_t size = (ptrdiff_t)b->h * b->w * b->c;
    for (ptrdiff_t i = from; i < to; i++) {
        const uint8_t *own = b->pixels + i * size, *other = b->pixels + (b->n - 1 - i) * size;
        uint8_t *out = j->out + i * size;
        if (has_pair(b, (int)i) && !j->mix->cut) {
            blend(j->mix->own, own, other, size, out);
            continue;
        }
        memcpy(out, own, (size_t)size);
        if (has_pair(b, (int)i)) paste(j->mix, b, other, out);
    }
}

void rb_mix_pixels(const rb_mix *m, const rb_mixed_batch *b, uint8_t *out)
{
    rb_parallel_for(b->n, 1, mix_rows, &(mix_job){m, b, out});
}

void rb_mix_targets(const rb_mix *m, const rb_mixed_batch *b, int k, float *targets)
{
    for (int i = 0; i < b->n / 2; i++) {
        float *one = targets + i * k, *other = targets + (b->n - 1 - i) * k;
        for (int c = 0; c < k && has_pair(b, i); c++) {
            double x = (double)one[c], y = (double)other[c];
            one[c] = (float)(m->own * x + (1 - m->own) * y);
            other[c] = (float)(m->own * y + (1 - m->own) * x);
        }
    }
}
