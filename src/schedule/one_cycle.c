// SPDX-License-Identifier: Apache-2.0
// one_cycle.c - up to a high rate and far down again, momentum the other way round.
//
// Source: Smith & Topin, "Super-convergence", arXiv:1708.07120; phases and their ends as torch's OneCycleLR
#include "schedule/schedule.h"

#include <math.h>

typedef struct one_cycle {
    double max_lr; // NAN: the base rate
    double pct_start, div_factor, final_div_factor;
    int anneal_strategy;
    bool three_phase, cycle_momentum;
    double base_momentum, max_momentum;
} one_cycle;

enum { COS, LINEAR };
static const char *const strategies[] = {"cos", "linear", NULL};

static const rb_field fields[] = {
    {"max_lr", RB_REAL, offsetof(one_cycle, max_lr), .preset = NAN, .min = 1e-12, .max = 1e3, .optional = true,
     .help = "the highest rate; null: lr"},
    {"pct_start", RB_REAL, offsetof(one_cycle, pct_start), .preset = 0.3, .min = 0, .max = 1, .unit = "of all steps",
     .help = "where the highest rate is reached"},
    {"div_factor", RB_REAL, offsetof(one_cycle, div_factor), .preset = 25, .min = 1, .max = 1e12,
     .help = "the highest rate over the first"},
    {"final_div_factor", RB_REAL, offsetof(one_cycle, final_div_factor), .preset = 1e4, .min = 1, .max = 1e12,
     .help = "the first rate over the last"},
    {"anneal_strategy", RB_CHOICE, offsetof(one_cycle, anneal_strategy), .preset = COS, .choices = strategies,
     .help = "shape of each phase"},
    {"three_phase", RB_BOOL, offsetof(one_cycle, three_phase), .preset = false,
     .help = "come down as fast as up, then from the first rate to the last"},
    {"cycle_momentum", RB_BOOL, offsetof(one_cycle, cycle_momentum), .preset = true,
     .help = "lower momentum (beta1 of Adam) while the rate is high"},
    {"base_momentum", RB_REAL, offsetof(one_cycle, base_momentum), .preset = 0.85, .min = 0, .max = 0.999999,
     .help = "momentum at the highest rate"},
    {"max_momentum", RB_REAL, offsetof(one_cycle, max_momentum), .preset = 0.95, .min = 0, .max = 0.999999,
     .help = "momentum at the first and the last rate"},
    {0},
};

typedef struct phase {
    double end;                // last step of the phase, a real number
    double lr[2], momentum[2]; // at its two ends
} phase;

#define MAX_PHASES 3

static int phases_of(const one_cycle *c, rb_progress at, phase out[MAX_PHASES])
{
    double top = isnan(c->max_lr) ? at.lr : c->max_lr;
    double first = top / c->div_factor, last = first / c->final_div_factor;
    double low = c->base_momentum, high = c->max_momentum;
    double total = (double)at.total, up = c->pct_start * total - 1, down = total - 1;

    int n = 0;
    out[n++] = (phase){up, {first, top}, {high, low}};
    if (c->three_phase) {
        out[n++] = (phase){2 * up, {top, first}, {low, high}};
        out[n++] = (phase){down, {first, last}, {high, high}};
    } else {
        out[n++] = (phase){down, {top, last}, {low, high}};
    }
    return n;
}

// `done` is 0 at the start of a phase and 1 at its end.
static double between(const one_cycle *c, const double ends[2], double done)
{
    if (c->anneal_strategy == LINEAR) return ends[0] + (ends[1] - ends[0]) * done;
    return ends[1] + (ends[0] - ends[1]) / 2 * (1 + cos(M_PI * done));
}

// A phase begins where the one before ends, even before step 0: so a run of a few steps begins part of the way down.
// A phase of no length, which torch divides by, is at its end at once.
static rb_rate rate(const void *cfg, rb_progress at)
{
    const one_cycle *c = cfg;
    phase phases[MAX_PHASES];
    int count = phases_of(c, at, phases), i = 0;
    double step = (double)at.step, start = 0;
    while (i + 1 < count && step > phases[i].end) start = phases[i++].end;

    double length = phases[i].end - start, done = length == 0 ? 1 : (step - start) / length;
    return (rb_rate){
        .lr = between(c, phases[i].lr, done),
        .momentum = c->cycle_momentum ? between(c, phases[i].momentum, done) : NAN,
    };
}

const rb_schedule rb_schedule_one_cycle = {
    .name = "one_cycle",
    .help = "warm up to the highest rate, then anneal to almost nothing",
    .cfg_bytes = sizeof(one_cycle),
    .fields = fields,
    .rate = rate,
};
