// SPDX-License-Identifier: Apache-2.0
// figures.h - what eval found, for people and for programs; private to the commands.
#ifndef RB_CLI_FIGURES_H
#define RB_CLI_FIGURES_H

#include "cli/evidence.h"
#include "metric/compare.h"
#include "metric/species.h"

typedef struct rb_figures {
    const rb_evidence *of;
    rb_summary two;        // of two classes
    rb_class_summary many; // of more
    rb_intervals intervals;
    int groups;        // 0: pictures are independent
    const rb_pad *pad; // NULL: no species were named
    const rb_comparison *against;
    const char *other; // what that compares with
} rb_figures;

// Tables on standard output.
void rb_figures_print(const rb_figures *f);

// One JSON object.
const char *rb_figures_json(rb_arena *a, const rb_figures *f);

#endif
