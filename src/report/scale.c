// SPDX-License-Identifier: Apache-2.0
// scale.c - nice numbers: ticks at 1, 2 and 5 times powers of ten; at shares that DET curves use.
//
// Source: Heckbert, "Nice numbers for graph labels", 1990; Martin et al., "The DET curve in assessment of detection
//         task performance", 1997
#include "report/scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define WANTED 5 // ticks, about

static const double shares[] = {1e-5, 1e-4, 0.001, 0.002, 0.005, 0.01, 0.02,  0.05,  0.1,   0.2,    0.3,    0.5,
                                0.7,  0.8,  0.9,   0.95,  0.98,  0.99, 0.995, 0.998, 0.999, 0.9999, 0.99999};
#define SHARES (int)(sizeof shares / sizeof *shares)

// ---- numbers ------------------------------------------------------------------------------------------------------

// "3.20e-05" -> "3.2e-5": zeros that say nothing leave.
static void tidy_exponent(char *text)
{
    char *e = strchr(text, 'e'), *last = e;
    int power;
    if (!e || sscanf(e + 1, "%d", &power) != 1) return;
    if (memchr(text, '.', (size_t)(e - text))) {
        while (last[-1] == '0') last--;
        if (last[-1] == '.') last--;
    }
    snprintf(last, RB_NUMBER_TEXT - (size_t)(last - text), "e%d", power);
}

static void tidy_fraction(char *text)
{
    char *last = text + strlen(text);
    if (!strchr(text, '.')) return;
    while (last[-1] == '0') *--last = '\0';
    if (last[-1] == '.') last[-1] = '\0';
}

static void exponent_text(double value, int digits, char out[RB_NUMBER_TEXT])
{
    snprintf(out, RB_NUMBER_TEXT, "%.*e", digits - 1, value);
    tidy_exponent(out);
}

const char *rb_number_text(double value, int digits, char out[RB_NUMBER_TEXT])
{
    double size = fabs(value);
    if (!isfinite(value)) {
        snprintf(out, RB_NUMBER_TEXT, "%s", "–");
    } else if (value != 0 && (size < 1e-3 || size >= 1e7)) {
        exponent_text(value, digits, out);
    } else {
        bool thousands = size >= 1e4;
        double shown = thousands ? value / 1000 : value;
        int whole = shown == 0 ? 1 : (int)floor(log10(fabs(shown))) + 1;
        snprintf(out, RB_NUMBER_TEXT, "%.*f", digits > whole ? digits - whole : 0, shown);
        tidy_fraction(out);
        if (thousands) strcat(out, "k");
    }
    return out;
}

// ---- mapping ------------------------------------------------------------------------------------------------------

// Newton's steps on the distribution function, from an argument where it is not flat.
double rb_probit(double share)
{
    const double root_2 = 1.4142135623730951, density_0 = 0.3989422804014327;
    double tail = share < 0.5 ? share : 1 - share, x = -sqrt(-2 * log(tail)) * 0.9;
    if (tail <= 0 || isnan(share)) return share <= 0 ? -INFINITY : share >= 1 ? INFINITY : NAN;
    if (tail == 0.5) return 0;
    for (int i = 0; i < 60; i++) {
        double step = (erfc(-x / root_2) / 2 - tail) / (density_0 * exp(-x * x / 2));
        step = fmin(fmax(step, -0.5), 0.5);
        x -= step;
        if (fabs(step) < 1e-14) break;
    }
    return share < 0.5 ? x : -x;
}

static double moved(rb_scale_kind kind, double value)
{
    switch (kind) {
    case RB_SCALE_LINEAR:
        return value;
    case RB_SCALE_LOG:
        return log10(value);
    case RB_SCALE_PROBIT:
        return rb_probit(value);
    case RB_SCALE_LOGIT:
        break;
    }
    return log(value / (1 - value));
}

bool rb_scale_has(const rb_scale *s, double value)
{
    return isfinite(value) && isfinite(moved(s->kind, value));
}

double rb_scale_at(const rb_scale *s, double value)
{
    double low = moved(s->kind, s->low), high = moved(s->kind, s->high);
    return s->begin + s->length * (moved(s->kind, value) - low) / (high - low);
}

void rb_span_take(rb_span *s, double value)
{
    if (!isfinite(value)) return;
    s->low = fmin(s->low, value);
    s->high = fmax(s->high, value);
}

// The largest of 1, 2, 5 times a power of ten that cuts `length` into at least about `count` pieces.
static double nice_step(double length, int count)
{
    double rough = length / count, power = pow(10, floor(log10(rough))), part = rough / power;
    return (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10) * power;
}

// Out to the next ticks, so that no line ends between two of them.
static rb_span roomy_linear(const rb_axis *axis, rb_span s)
{
    if (axis->from_zero) rb_span_take(&s, 0);
    if (s.high - s.low <= fabs(s.high) * 1e-9) {
        double half = s.high != 0 ? fabs(s.high) / 2 : 0.5;
        s = (rb_span){axis->from_zero && s.low >= 0 ? 0 : s.low - half, s.high + half};
    }
    if (axis->whole) return s;
    for (int i = 0; i < 2; i++) { // the wider span may have wider steps
        double step = nice_step(s.high - s.low, WANTED);
        s = (rb_span){floor(s.low / step + 1e-9) * step, ceil(s.high / step - 1e-9) * step};
    }
    return s;
}

static rb_span roomy_log(rb_span s)
{
    double low = floor(log10(s.low) + 1e-9), high = ceil(log10(s.high) - 1e-9);
    return (rb_span){pow(10, low), pow(10, high > low ? high : low + 1)};
}

static rb_span roomy(const rb_axis *axis, rb_span s)
{
    if (axis->from != axis->to) return (rb_span){axis->from, axis->to};
    bool positive = s.low > 0;
    if (s.low > s.high || (axis->scale == RB_SCALE_LOG && !positive))
        return axis->scale == RB_SCALE_LINEAR ? (rb_span){0, 1} : (rb_span){0.001, 0.5};
    return axis->scale == RB_SCALE_LOG ? roomy_log(s) : axis->scale == RB_SCALE_LINEAR ? roomy_linear(axis, s) : s;
}

rb_scale rb_scale_of(const rb_axis *axis, rb_span data, double begin, double length)
{
    rb_span s = roomy(axis, data);
    return (rb_scale){axis->scale, axis->percent, axis->whole, s.low, s.high, begin, length};
}

// ---- ticks --------------------------------------------------------------------------------------------------------

static rb_tick log_tick(const rb_scale *s, double value)
{
    rb_tick t = {.value = value};
    rb_number_text(value * (s->percent ? 100 : 1), 3, t.text);
    return t;
}

// All ticks of a scale have as many decimals.
static rb_tick linear_tick(const rb_scale *s, double value, double step)
{
    enum { MOST_DECIMALS = 4 };
    rb_tick t = {.value = value};
    double times = s->percent ? 100 : 1, shown = value * times;
    int decimals = (int)ceil(-log10(step * times) - 1e-9);
    bool plain = decimals <= MOST_DECIMALS && fabs(s->high) * times < 1e4;
    if (fabs(shown) < step * times * 1e-6) shown = 0; // of a sum that should be zero
    if (plain)
        snprintf(t.text, sizeof t.text, "%.*f", decimals > 0 ? decimals : 0, shown);
    else if (decimals > MOST_DECIMALS && shown != 0)
        exponent_text(shown, 3, t.text);
    else
        rb_number_text(shown, 3, t.text);
    return t;
}

static int linear_ticks(const rb_scale *s, rb_tick out[RB_TICKS])
{
    double step = nice_step(s->high - s->low, WANTED);
    int count = 0;
    if (s->whole && step < 1) step = 1;
    for (double i = ceil(s->low / step - 1e-9); count < RB_TICKS && i * step <= s->high + step * 1e-9; i++)
        out[count++] = linear_tick(s, i * step, step);
    return count;
}

// Powers of ten, each second or third one where they are many; 2 and 5 times them where they are few.
static int log_ticks(const rb_scale *s, rb_tick out[RB_TICKS])
{
    double low = floor(log10(s->low) + 1e-9), high = ceil(log10(s->high) - 1e-9), decades = high - low;
    int count = 0, stride = (int)ceil(decades / 7);
    static const double few[] = {1, 2, 5};
    for (double power = low; power <= high; power += stride > 1 ? stride : 1)
        for (int i = 0; i < (decades <= 2 ? 3 : 1); i++) {
            double value = few[i] * pow(10, power);
            if (value < s->low * (1 - 1e-9) || value > s->high * (1 + 1e-9) || count == RB_TICKS) continue;
            out[count++] = log_tick(s, value);
        }
    return count;
}

// Shares that stand a readable distance apart.
static int share_ticks(const rb_scale *s, rb_tick out[RB_TICKS])
{
    const double apart = 28;
    int count = 0;
    double before = NAN;
    for (int i = 0; i < SHARES; i++) {
        if (shares[i] < s->low * (1 - 1e-9) || shares[i] > s->high * (1 + 1e-9)) continue;
        double at = rb_scale_at(s, shares[i]);
        if (fabs(at - before) < apart) continue;
        out[count++] = log_tick(s, shares[i]);
        before = at;
    }
    return count;
}

int rb_scale_ticks(const rb_scale *s, rb_tick out[RB_TICKS])
{
    switch (s->kind) {
    case RB_SCALE_LINEAR:
        return linear_ticks(s, out);
    case RB_SCALE_LOG:
        return log_ticks(s, out);
    case RB_SCALE_PROBIT:
    case RB_SCALE_LOGIT:
        break;
    }
    return share_ticks(s, out);
}
