// SPDX-License-Identifier: Apache-2.0
// judgement.h - what eval found, for people and for programs; private to the commands.
#ifndef RB_CLI_PART_JUDGEMENT_H
#define RB_CLI_PART_JUDGEMENT_H

#include "cli/part/evidence.h"
#include "metric/compare.h"
#include "metric/figures.h"
#include "metric/species.h"

typedef struct rb_judgement {
    const rb_evidence *of;
    rb_figures figures;
    rb_intervals intervals;
    const rb_pad *pad; // NULL: no species were named
    const rb_comparison *against;
    const char *other; // what that compares with
} rb_judgement;

// Tables on standard output.
void rb_judgement_print(const rb_judgement *f);

// One JSON object.
const char *rb_judgement_json(rb_arena *a, const rb_judgement *f);

#endif
