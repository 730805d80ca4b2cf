// SPDX-License-Identifier: Apache-2.0
// summary.c - every number about one set of scores.
#include "metric/cuts.h"

const double rb_far_limits[RB_FAR_LIMITS] = {.1, .01, .001};

static void add_decision(rb_summary *out, rb_scores s, double threshold)
{
    rb_confusion c = rb_confusion_at(s, threshold);
    out->n = s.n;
    out->positives = (int)(c.tp + c.fn);
    out->negatives = s.n - out->positives;
    out->threshold = threshold;
    out->confusion = c;
    out->rates = rb_rates_of(c);
    out->of[0] = rb_class_rates_of(c.tn, c.tn + c.fn, c.tn + c.fp);
    out->of[1] = rb_class_rates_of(c.tp, c.tp + c.fp, c.tp + c.fn);
    out->macro_precision = (out->of[0].precision + out->of[1].precision) / 2;
    out->macro_f1 = (out->of[0].f1 + out->of[1].f1) / 2;
    out->far_interval = rb_wilson(c.fp, c.fp + c.tn);
    out->frr_interval = rb_wilson(c.fn, c.fn + c.tp);
}

static void add_ranking(rb_summary *out, const rb_cuts *cuts)
{
    out->roc_auc = rb_cuts_roc_auc(cuts);
    out->average_precision = rb_cuts_average_precision(cuts);
    out->pr_auc = rb_cuts_pr_auc(cuts);
    out->eer = rb_cuts_eer(cuts);
    for (int i = 0; i < RB_FAR_LIMITS; i++) out->frr_at_far[i] = rb_cuts_frr_at_far(cuts, rb_far_limits[i]);
}

rb_summary rb_summarise(rb_arena *scratch, rb_scores s, double threshold)
{
    rb_summary out = {.log_loss = rb_log_loss(s), .brier = rb_brier(s), .ece = rb_ece(s)};
    rb_cuts cuts = rb_cuts_of(scratch, s);
    add_decision(&out, s, threshold);
    add_ranking(&out, &cuts);
    return out;
}
