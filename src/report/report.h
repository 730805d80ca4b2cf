// SPDX-License-Identifier: Apache-2.0
// report.h - the page about one run, or about several side by side.
//
// The answer first, then the figures that it rests on, each with a sentence about its numbers.
#ifndef RB_REPORT_REPORT_H
#define RB_REPORT_REPORT_H

#include "report/overlay.h"
#include "report/page.h"
#include "report/past.h"

// A picture of a run, and the class that the run decided for.
typedef struct rb_cam_ask {
    const char *path;
    int class;
} rb_cam_ask;

// Who has the run's network at hand, and lets it look at pictures: out[i] is for asks[i] and lives in `a`.
//
// Errors: those of reading checkpoint and network: the page then says why there is no map, and ends without. A picture
//         that cannot be read has none. STOPPED ends the page.
typedef struct rb_cam_maker {
    bool (*make)(void *context, rb_arena *a, const rb_past *run, const rb_cam_ask *asks, int count, rb_cam *out,
                 rb_error *err);
    void *context;
} rb_cam_maker;

typedef struct rb_report_spec {
    const char *made_by;      // command line, for who wants to make it again
    int pictures;             // in each gallery, at most; 0: no galleries
    const rb_cam_maker *cams; // NULL: no heat maps
} rb_report_spec;

// Owner:  the page lives in `a`
// Errors: those of encoding pictures. Pictures that cannot be read any more are said to be missing.
// Several runs get short names.
bool rb_report_page(rb_arena *a, rb_past *runs, int count, const rb_report_spec *spec, rb_page **out,
                    rb_error *err) RB_CHECKED;

// Writes the page about the run in `folder` as report.html there; `cams` may be NULL.
// Errors: those of rb_past_read, rb_report_page and rb_page_save
#define RB_REPORT_PICTURES 16 // in each gallery, if nobody says else
bool rb_report_write(const char *folder, const rb_cam_maker *cams, rb_error *err) RB_CHECKED;

// Runs that agree, ready to stand side by side: short names, a letter and the model, and how far each is behind the
// best, which takes seconds where pictures are many. What it adds lives in `a`.
void rb_report_line_up(rb_arena *a, rb_past *runs, int count);

// Whether runs can stand side by side: they have the same classes in the same order, or do not say what theirs are
// called. Errors: USAGE
bool rb_report_agree(const rb_past *runs, int count, rb_error *err) RB_CHECKED;
const char *const *rb_report_names(const rb_past *runs, int count); // of the classes of runs that agree

// The parts of it, for pages of others.
void rb_report_results(rb_page *p, const rb_past *runs, int count); // tables, confusion, curves
void rb_report_training(rb_page *p, const rb_past *runs, int count);
void rb_report_speed(rb_page *p, const rb_past *runs, int count);       // a part of training
void rb_report_differences(rb_page *p, const rb_past *runs, int count); // keys whose values differ
void rb_report_comparison(rb_page *p, const rb_past *runs, int count);  // is the best one better, or was it luck?
void rb_report_data(rb_page *p, const rb_past *run);
bool rb_report_pictures(rb_page *p, const rb_past *run, const rb_report_spec *spec, rb_error *err) RB_CHECKED;
void rb_report_settings(rb_page *p, const rb_past *runs, int count);

// Of more than two classes; private to the report module.
void rb_report_class_facts(rb_page *p, const rb_past *run, const rb_verdict *v);
void rb_report_class_results(rb_page *p, const rb_past *runs, int count); // within rb_report_results
const char *rb_report_ending(rb_arena *a, const rb_past *run);            // "stopped early, 30 were allowed"

// How far the second best run is behind; NULL: it had other pictures, or there is none.
const char *rb_report_lead(rb_arena *a, const rb_past *runs, int count);

// The run with the least HTER; -1: none was judged. Whether those that were judged had the same pictures.
int rb_report_best(const rb_past *runs, int count);
bool rb_report_comparable(const rb_past *runs, int count);

#endif
