// SPDX-License-Identifier: Apache-2.0
// summary.c - every number about one set of scores.
#include "metric/metric.h"

rb_summary rb_summarise(rb_arena *scratch, rb_scores s, double threshold)
{
    rb_confusion c = rb_confusion_at(s, threshold);
    int positives = (int)(c.tp + c.fn);
    return (rb_summary){
        .n = s.n,
        .positives = positives,
        .negatives = s.n - positives,
        .threshold = threshold,
        .confusion = c,
        .rates = rb_rates_of(c),
        .far_interval = rb_wilson(c.fp, c.fp + c.tn),
        .frr_interval = rb_wilson(c.fn, c.fn + c.tp),
        .roc_auc = rb_roc_auc(scratch, s),
        .average_precision = rb_average_precision(scratch, s),
        .eer = rb_eer(scratch, s),
        .log_loss = rb_log_loss(s),
        .brier = rb_brier(s),
    };
}
