// SPDX-License-Identifier: Apache-2.0
// cosine.c - half a cosine down to a floor, epoch by epoch, after an optional linear warm-up.
//
//     lr(e) = eta_min + (base - eta_min) (1 + cos(pi e / t_max)) / 2,   e: epochs since the warm-up
//
// Past t_max it rises again, as torch's does.
//
// Source: Loshchilov & Hutter, "SGDR", arXiv:1608.03983, eq. 5 without restarts; torch's CosineAnnealingLR
#include "schedule/schedule.h"

#include <math.h>

typedef struct cosine {
    int t_max; // epochs; 0: to the end of the run
    double eta_min;
    int warmup; // epochs
} cosine;

static const rb_field fields[] = {
    {"t_max", RB_INT, offsetof(cosine, t_max), .preset = 0, .min = 0, .max = 1000000, .unit = "epochs",
     .help = "where the floor is reached; 0: at the end of the run"},
    {"eta_min", RB_REAL, offsetof(cosine, eta_min), .preset = 1e-7, .min = 0, .max = 1e3, .help = "the lowest rate"},
    {"warmup", RB_INT, offsetof(cosine, warmup), .preset = 0, .min = 0, .max = 1000000, .unit = "epochs",
     .help = "rise linearly, step by step, before the descent"},
    {0},
};

static rb_rate rate(const void *cfg, rb_progress at)
{
    const cosine *c = cfg;
    int64_t warmup_steps = c->warmup * at.steps_per_epoch;
    if (at.step < warmup_steps) return (rb_rate){at.lr * (double)(at.step + 1) / (double)(warmup_steps + 1), NAN};

    double epoch = (double)((at.step - warmup_steps) / at.steps_per_epoch);
    double t_max = c->t_max ? c->t_max : (double)((at.total - warmup_steps) / at.steps_per_epoch);
    return (rb_rate){c->eta_min + (at.lr - c->eta_min) * (1 + cos(M_PI * epoch / t_max)) / 2, NAN};
}

const rb_schedule rb_schedule_cosine = {
    .name = "cosine",
    .help = "warm up if asked to, then follow half a cosine down",
    .cfg_bytes = sizeof(cosine),
    .fields = fields,
    .rate = rate,
};
