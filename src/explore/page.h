// SPDX-License-Identifier: Apache-2.0
// page.h - findings for people: the blocks of a page.
#ifndef RB_EXPLORE_PAGE_H
#define RB_EXPLORE_PAGE_H

#include "explore/findings.h"
#include "report/page.h"

typedef struct rb_explore_page_spec {
    const char *name;    // of the data set
    const char *made_by; // the command line
    int samples;         // pictures of each class that are shown
} rb_explore_page_spec;

// Pictures that are shown are read once more.
//
// Owner:  the page lives in `a`
// Errors: IO or DATA (a picture is gone by now), those of the encoders
bool rb_explore_page(rb_arena *a, const rb_findings *f, const rb_explore_page_spec *spec, rb_page **out,
                     rb_error *err) RB_CHECKED;

#endif
