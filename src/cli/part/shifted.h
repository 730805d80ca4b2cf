// SPDX-License-Identifier: Apache-2.0
// shifted.h - what is said of scores that are not those of validation any more, and whether a threshold holds at
// another share of label 1; private to the commands.
#ifndef RB_CLI_PART_SHIFTED_H
#define RB_CLI_PART_SHIFTED_H

#include "cli/part/deployed.h"
#include "metric/shift.h"

// Fewer pictures say nothing.
#define RB_SHIFT_LEAST 50

// Whether what the rule makes best depends on the share of label 1. Rates of each class do not: there the threshold
// goes along with the probabilities, and every decision stays what it is. Where the share counts, it stays on the scale
// of corrected probabilities.
bool rb_rule_wants_share(const rb_threshold_keys *rule);

// Whether another share than validation's is beyond chance, at 5 %: only then are probabilities taken to it, as Saerens
// et al. advise.
bool rb_shift_adapts(const rb_shift *s);

// A note, or a warning where scores are clearly others than validation's: the scores of `d`, the first of `networks`.
void rb_shift_say(rb_arena *a, const rb_shift *s, const rb_score_record *was, const rb_deployed *d, int networks);

#endif
