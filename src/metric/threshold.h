// SPDX-License-Identifier: Apache-2.0
// threshold.h - where to cut, by a rule. For validation data alone: a threshold that is chosen on the data it is judged
// on flatters.
//
// Candidates are the distinct scores; of equals the highest wins.
#ifndef RB_METRIC_THRESHOLD_H
#define RB_METRIC_THRESHOLD_H

#include "config/config.h"
#include "metric/metric.h"

// As keys; `text` is one of
//
//     hter      least (FAR + FRR) / 2
//     eer       FAR and FRR as near to each other as they come
//     far<=X    the lowest threshold with FAR <= X; where even the highest score is above that, the highest score
//     cost      least cost_fa * FAR * (1 - prior) + cost_fr * FRR * prior
//     f1        greatest F1 of label 1
typedef struct rb_threshold_keys {
    const char *text;
    double cost_fa, cost_fr;
    double prior; // of label 1; NAN: its share of the data
} rb_threshold_keys;
extern const rb_field rb_threshold_fields[];

typedef struct rb_threshold_rule {
    const struct rb_threshold_kind *kind;
    double far; // of far<=X
    rb_threshold_keys keys;
} rb_threshold_rule;

// Errors: USAGE (no such rule, naming those there are; X is no rate; both costs are 0)
bool rb_threshold_rule_read(const rb_threshold_keys *keys, rb_threshold_rule *out, rb_error *err) RB_CHECKED;

// NAN, NAN when a class is missing.
rb_threshold rb_threshold_pick(rb_arena *scratch, rb_scores s, const rb_threshold_rule *rule);

#endif
