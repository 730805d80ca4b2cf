// SPDX-License-Identifier: Apache-2.0
// evidence.h - what eval judges: labels, what one judge said of the pictures, and perhaps another; private to the
// commands.
#ifndef RB_CLI_PART_EVIDENCE_H
#define RB_CLI_PART_EVIDENCE_H

#include "metric/classes.h"
#include "train/settings.h"

// Rows that cannot be read are left out of all arrays alike.
typedef struct rb_evidence {
    int n, k;                   // k = 2: `score` is the probability of label 1; else `shares` holds k of them a row
    int *label;                 // [n]
    double *score, *shares;     // [n]; [n k]
    double *other;              // as score or shares, what the other judge says; NULL: there is none
    const char *const *group;   // [n] names; NULL: none were given
    const char *const *species; // [n] of attack; NULL: none were given
    double threshold, other_threshold;
    const char *threshold_from;
    rb_threshold_keys rule; // for pick_threshold
    const char *name;       // of the row in the table
} rb_evidence;

rb_scores rb_evidence_scores(const rb_evidence *e);
rb_scores rb_evidence_other(const rb_evidence *e);

static inline int rb_evidence_columns(const rb_evidence *e)
{
    return e->k == 2 ? 1 : e->k;
}

// Reads the files that `labels` and `proba` name, and those that groups, species and against name beside them; line N
// of all of them is the same picture. Thresholds are val_threshold and against_threshold, or .5.
//
// Owner:  everything lives in `a`
// Errors: USAGE (one without the other; what only two classes have, of more); IO; DATA (lengths, labels, numbers that
//         are no probabilities of classes, nothing to judge)
bool rb_evidence_read(rb_arena *a, const rb_settings *s, rb_evidence *out, rb_error *err) RB_CHECKED;

#endif
