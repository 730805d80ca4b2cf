// SPDX-License-Identifier: Apache-2.0
// gallery.h - which pictures of a run are worth a look, and what is said of them; private to the report.
#ifndef RB_REPORT_GALLERY_H
#define RB_REPORT_GALLERY_H

#include "report/past.h"

typedef struct rb_gallery {
    const char *order;                                              // in words
    bool (*belongs)(const rb_part_results *r, int i, double *rank); // the least rank comes first
    const char *(*title)(rb_arena *a, const rb_past *run);
    const char *(*caption)(rb_arena *a, const rb_past *run, const rb_part_results *r, int i);
} rb_gallery;

// Those of two classes, or of more; one without an order ends them.
const rb_gallery *rb_galleries(const rb_past *run);

// Places in the part's scores, in order. Lives in `a`.
int *rb_gallery_order(rb_arena *a, const rb_gallery *g, const rb_part_results *r, int *count);

#endif
