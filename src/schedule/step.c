// SPDX-License-Identifier: Apache-2.0
// step.c - the rate falls by a factor every few epochs.
//
//     lr(e) = base gamma^floor(e / size)
//
// Source: definition of torch.optim.lr_scheduler.StepLR (step_size is `size` here: the key is step_size)
#include "schedule/schedule.h"

#include <math.h>

typedef struct step {
    int size;
    double gamma;
} step;

static const rb_field fields[] = {
    {"size", RB_INT, offsetof(step, size), .preset = 30, .min = 1, .max = 1000000, .unit = "epochs",
     .help = "how long a rate is kept"},
    {"gamma", RB_REAL, offsetof(step, gamma), .preset = 0.1, .min = 0, .max = 1, .help = "factor of each fall"},
    {0},
};

static rb_rate rate(const void *cfg, rb_progress at)
{
    const step *c = cfg;
    int64_t falls = at.step / at.steps_per_epoch / c->size;
    return (rb_rate){at.lr * pow(c->gamma, (double)falls), NAN};
}

const rb_schedule rb_schedule_step = {
    .name = "step",
    .help = "fall by a factor every few epochs",
    .cfg_bytes = sizeof(step),
    .fields = fields,
    .rate = rate,
};
