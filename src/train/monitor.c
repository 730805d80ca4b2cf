// SPDX-License-Identifier: Apache-2.0
#include "train/monitor.h"

#include "config/config.h"

#include <math.h>
#include <string.h>

const char *const rb_monitor_modes[] = {"auto", "min", "max", NULL};

// What an epoch's record has of validation, and can be better or worse.
static const rb_monitor known[] = {
    {"val/hter", false}, {"val/loss", false},   {"val/far", false},
    {"val/frr", false},  {"val/roc_auc", true}, {"val/average_precision", true},
};
#define KNOWN ((int)(sizeof known / sizeof *known))

double rb_figure_find(const rb_figure *figures, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(figures[i].name, name)) return figures[i].value;
    return (double)NAN;
}

bool rb_monitor_find(const char *name, rb_monitor_mode mode, rb_monitor *out, rb_error *err)
{
    const char *names[KNOWN + 1] = {NULL};
    for (int i = 0; i < KNOWN; i++) {
        names[i] = known[i].name;
        if (strcmp(known[i].name, name)) continue;
        *out = known[i];
        if (mode != RB_MONITOR_AUTO) out->rises = mode == RB_MONITOR_MAX;
        return true;
    }
    const char *near = rb_nearest(name, names);
    return rb_fail(err, RB_ERR_USAGE, "monitor: there is no '%s'; did you mean '%s'?", name, near ? near : names[0]);
}

double rb_monitor_cost(const rb_monitor *m, const rb_figure *figures, int count)
{
    double value = rb_figure_find(figures, count, m->name);
    if (isnan(value)) return (double)INFINITY;
    return m->rises ? -value : value;
}

double rb_monitor_value(const rb_monitor *m, double cost)
{
    return m->rises ? -cost : cost;
}
