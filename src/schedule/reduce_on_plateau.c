// SPDX-License-Identifier: Apache-2.0
// reduce_on_plateau.c - the rate falls by a factor when validation has not improved for some epochs.
//
// Not a function of the step alone: what it has seen lies in rb_memory. An epoch's value is better if it passes the
// best one by the threshold; more than `patience` epochs in a row that are not better lower the rate and begin the
// cooldown, during which none counts. A fall of no more than eps is not made. NaN is never better.
//
// Source: definition of torch.optim.lr_scheduler.ReduceLROnPlateau, its relative threshold for metrics below zero too
#include "schedule/schedule.h"

#include <math.h>

typedef struct plateau {
    int monitor, mode;
    double factor;
    int patience;
    double threshold;
    int threshold_mode, cooldown;
    double min_lr, eps;
} plateau;

enum { HTER, LOSS, ROC_AUC };
static const char *const monitors[] = {"hter", "loss", "roc_auc", NULL};

enum { AUTO, MIN, MAX };
static const char *const modes[] = {"auto", "min", "max", NULL};

enum { REL, ABS };
static const char *const threshold_modes[] = {"rel", "abs", NULL};

static const rb_field fields[] = {
    {"monitor", RB_CHOICE, offsetof(plateau, monitor), .preset = HTER, .choices = monitors,
     .help = "metric of validation to watch"},
    {"mode", RB_CHOICE, offsetof(plateau, mode), .preset = AUTO, .choices = modes,
     .help = "whether it should fall or rise; auto: as the metric does"},
    {"factor", RB_REAL, offsetof(plateau, factor), .preset = 0.1, .min = 0, .max = 0.999999,
     .help = "factor of each fall"},
    {"patience", RB_INT, offsetof(plateau, patience), .preset = 10, .min = 0, .max = 1000000, .unit = "epochs",
     .help = "epochs without a better value that are let pass"},
    {"threshold", RB_REAL, offsetof(plateau, threshold), .preset = 1e-4, .min = 0, .max = 1e6,
     .help = "by how much a value must pass the best one to be better"},
    {"threshold_mode", RB_CHOICE, offsetof(plateau, threshold_mode), .preset = REL, .choices = threshold_modes,
     .help = "whether the threshold is a share of the best value or a difference"},
    {"cooldown", RB_INT, offsetof(plateau, cooldown), .preset = 0, .min = 0, .max = 1000000, .unit = "epochs",
     .help = "epochs after a fall in which none counts as bad"},
    {"min_lr", RB_REAL, offsetof(plateau, min_lr), .preset = 0, .min = 0, .max = 1e3, .help = "the lowest rate"},
    {"eps", RB_REAL, offsetof(plateau, eps), .preset = 1e-8, .min = 0, .max = 1, .help = "smallest fall that is made"},
    {0},
};

static rb_rate rate(const void *cfg, rb_progress at)
{
    (void)cfg;
    return (rb_rate){at.memory && !isnan(at.memory->lr) ? at.memory->lr : at.lr, NAN};
}

static const char *monitor(const void *cfg)
{
    return monitors[((const plateau *)cfg)->monitor];
}

static bool is_better(const plateau *c, double metric, double best)
{
    bool rises = c->mode == MAX || (c->mode == AUTO && c->monitor == ROC_AUC);
    double margin = rises ? c->threshold : -c->threshold;
    double bar = c->threshold_mode == REL ? best * (1 + margin) : best + margin;
    if (isnan(best)) bar = rises ? -INFINITY : INFINITY;
    return rises ? metric > bar : metric < bar;
}

static void lower(const plateau *c, double lr, rb_memory *m)
{
    double old = isnan(m->lr) ? lr : m->lr, fallen = fmax(old * c->factor, c->min_lr);
    if (old - fallen > c->eps) m->lr = fallen;
    m->cooldown = c->cooldown;
    m->bad = 0;
}

static void observe(const void *cfg, double lr, double metric, rb_memory *m)
{
    const plateau *c = cfg;
    if (is_better(c, metric, m->best)) {
        m->best = metric;
        m->bad = 0;
    } else {
        m->bad++;
    }
    if (m->cooldown > 0) {
        m->cooldown--;
        m->bad = 0;
    }
    if (m->bad > c->patience) lower(c, lr, m);
}

const rb_schedule rb_schedule_reduce_on_plateau = {
    .name = "reduce_on_plateau",
    .prefix = "plateau",
    .help = "fall by a factor when validation stands still",
    .cfg_bytes = sizeof(plateau),
    .fields = fields,
    .rate = rate,
    .monitor = monitor,
    .observe = observe,
};
