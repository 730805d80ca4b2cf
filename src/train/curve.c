// SPDX-License-Identifier: Apache-2.0
#include "train/curve.h"

#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LOOKS 100000 // at most: steps of a long run that are looked at for its highest rate

static double rate_at(const rb_schedule *s, const void *cfg, rb_progress whole, int64_t step)
{
    const rb_memory fresh = RB_MEMORY_FRESH;
    whole.step = step;
    whole.memory = &fresh;
    return s->rate(cfg, whole).lr;
}

#define BLOCK 3 // bytes of one

static const char *block(double share)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double level = share > 0 ? share * 7 + 0.5 : 0; // not for NaN: no step has been made
    return blocks[level < 7 ? (int)level : 7];
}

// The first column is the first step and the last one the last.
rb_curve rb_curve_of(const rb_schedule *s, const void *cfg, rb_progress whole)
{
    int64_t end = whole.total - 1, stride = whole.total / LOOKS + 1;
    int columns = whole.total < RB_CURVE_COLUMNS ? (int)whole.total : RB_CURVE_COLUMNS;
    rb_curve c = {.first = rate_at(s, cfg, whole, 0), .last = rate_at(s, cfg, whole, end)};
    c.highest = fmax(c.first, c.last);
    for (int64_t step = 0; step < end; step += stride) c.highest = fmax(c.highest, rate_at(s, cfg, whole, step));
    for (int i = 0; i < columns; i++) {
        int64_t step = columns > 1 ? end * i / (columns - 1) : 0;
        memcpy(c.line + BLOCK * i, block(rate_at(s, cfg, whole, step) / c.highest), BLOCK);
    }
    return c;
}

void rb_curve_show(const rb_schedule *s, const void *cfg, rb_progress whole)
{
    rb_curve c = rb_curve_of(s, cfg, whole);
    bool terminal = rb_log_draws();
    char waits[64] = "";
    if (s->monitor) snprintf(waits, sizeof waits, ", lower when val/%s stands still", s->monitor(cfg));
    rb_note("schedule %s:%s%s lr %.2e first, %.2e highest, %.2e last%s", s->name, terminal ? " " : "",
            terminal ? c.line : "", c.first, c.highest, c.last, waits);
}
