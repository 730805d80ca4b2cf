// SPDX-License-Identifier: Apache-2.0
// confusion.c - the four counts of a decision, and the rates that follow from them.
//
// Source: Fawcett, "An introduction to ROC analysis", 2006; Matthews 1975 for mcc
#include "metric/metric.h"

#include <math.h>

rb_confusion rb_confusion_at(rb_scores s, double threshold)
{
    rb_confusion c = {0};
    for (int i = 0; i < s.n; i++) {
        bool positive = s.score[i] >= threshold;
        c.tp += positive && s.label[i];
        c.fp += positive && !s.label[i];
        c.tn += !positive && !s.label[i];
        c.fn += !positive && s.label[i];
    }
    return c;
}

static double share(double part, double whole, double of_nothing)
{
    return whole > 0 ? part / whole : of_nothing;
}

rb_class_rates rb_class_rates_of(int64_t hits, int64_t taken, int64_t support)
{
    return (rb_class_rates){.precision = share((double)hits, (double)taken, 0),
                            .recall = share((double)hits, (double)support, NAN),
                            .f1 = share(2 * (double)hits, (double)(taken + support), 0),
                            .support = support};
}

// (tp tn - fp fn) / sqrt((tp + fp)(tp + fn)(tn + fp)(tn + fn)), the root in two halves
static double correlation(double tp, double fp, double tn, double fn)
{
    return share(tp * tn - fp * fn, sqrt((tp + fp) * (tn + fn)) * sqrt((tp + fn) * (tn + fp)), 0);
}

rb_rates rb_rates_of(rb_confusion c)
{
    double tp = (double)c.tp, fp = (double)c.fp, tn = (double)c.tn, fn = (double)c.fn;
    rb_class_rates one = rb_class_rates_of(c.tp, c.tp + c.fp, c.tp + c.fn);
    rb_rates r = {
        .far = share(fp, fp + tn, NAN),
        .frr = share(fn, fn + tp, NAN),
        .accuracy = share(tp + tn, tp + fp + tn + fn, NAN),
        .precision = one.precision,
        .recall = one.recall,
        .f1 = one.f1,
        .mcc = correlation(tp, fp, tn, fn),
    };
    r.hter = (r.far + r.frr) / 2;
    r.balanced_accuracy = (r.recall + share(tn, tn + fp, NAN)) / 2;
    return r;
}
