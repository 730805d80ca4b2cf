// SPDX-License-Identifier: Apache-2.0
#include "train/monitor.h"

#include "config/config.h"

#include <math.h>
#include <string.h>

const char *const rb_monitor_modes[] = {"auto", "min", "max", NULL};

// What an epoch's record has of validation, and can be better or worse.
static const struct known {
    rb_monitor monitor;
    bool two, many; // recorded of two classes, of more
} known[] = {
    {{"val/hter", false}, true, true},
    {{"val/loss", false}, true, true},
    {{"val/roc_auc", true}, true, true},
    {{"val/far", false}, true, false},
    {{"val/frr", false}, true, false},
    {{"val/eer", false}, true, false},
    {{"val/accuracy", true}, false, true},
    {{"val/macro_f1", true}, false, true},
    {{"val/average_precision", true}, true, true},
};
#define KNOWN ((int)(sizeof known / sizeof *known))

bool rb_monitor_find(const char *name, rb_monitor_mode mode, int num_classes, rb_monitor *out, rb_error *err)
{
    const char *names[KNOWN + 1] = {NULL};
    int count = 0;
    for (int i = 0; i < KNOWN; i++) {
        if (!(num_classes > 2 ? known[i].many : known[i].two)) continue;
        names[count++] = known[i].monitor.name;
        if (strcmp(known[i].monitor.name, name)) continue;
        *out = known[i].monitor;
        if (mode != RB_MONITOR_AUTO) out->rises = mode == RB_MONITOR_MAX;
        return true;
    }
    const char *near = rb_nearest(name, names);
    return rb_fail(err, RB_ERR_USAGE, "monitor: there is no '%s' with so many classes; did you mean '%s'?", name,
                   near ? near : names[0]);
}

double rb_monitor_cost(const rb_monitor *m, const rb_logged *l)
{
    double value = rb_logged_find(l, m->name);
    if (isnan(value)) return (double)INFINITY;
    return m->rises ? -value : value;
}

double rb_monitor_value(const rb_monitor *m, double cost)
{
    return m->rises ? -cost : cost;
}
