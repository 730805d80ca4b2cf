// SPDX-License-Identifier: Apache-2.0
// telling.h - what the files that write an exploration's page share; private to them.
#ifndef RB_EXPLORE_TELLING_H
#define RB_EXPLORE_TELLING_H

#include "explore/page.h"

typedef struct rb_telling {
    rb_arena *arena;
    rb_page *page;
    const rb_findings *f;
    const rb_survey *survey;
    const rb_dataset *data;
    const rb_explore_page_spec *spec;
} rb_telling;

// Words and numbers.
void rb_tell_classes(const rb_telling *t);
void rb_tell_files(const rb_telling *t);

// Figures.
void rb_tell_statistics(const rb_telling *t);
void rb_tell_map(const rb_telling *t);

// Pictures. Errors: as rb_explore_page
bool rb_tell_samples(const rb_telling *t, rb_error *err) RB_CHECKED;
bool rb_tell_twins(const rb_telling *t, rb_error *err) RB_CHECKED;
bool rb_tell_outliers(const rb_telling *t, rb_error *err) RB_CHECKED;

// "000017.jpg · class 0 · train".
const char *rb_tell_where(const rb_telling *t, int sample);

// The class with the fewest pictures.
int rb_tell_rarest(const rb_telling *t);

#endif
