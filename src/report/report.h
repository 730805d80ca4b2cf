// SPDX-License-Identifier: Apache-2.0
// report.h - the page about one run, or about several side by side.
//
// The answer first, then the figures that it rests on, each with a sentence about its numbers.
#ifndef RB_REPORT_REPORT_H
#define RB_REPORT_REPORT_H

#include "report/page.h"
#include "report/past.h"

typedef struct rb_report_spec {
    const char *made_by; // command line, for who wants to make it again
    int pictures;        // in each gallery, at most; 0: no galleries
} rb_report_spec;

// Owner:  the page lives in `a`
// Errors: those of encoding pictures. Pictures that cannot be read any more are said to be missing.
// Several runs get short names.
bool rb_report_page(rb_arena *a, rb_past *runs, int count, const rb_report_spec *spec, rb_page **out,
                    rb_error *err) RB_CHECKED;

// The parts of it, for pages of others.
void rb_report_results(rb_page *p, const rb_past *runs, int count); // tables, confusion, curves
void rb_report_training(rb_page *p, const rb_past *runs, int count);
void rb_report_speed(rb_page *p, const rb_past *runs, int count);       // a part of training
void rb_report_differences(rb_page *p, const rb_past *runs, int count); // keys whose values differ
void rb_report_comparison(rb_page *p, const rb_past *runs, int count);  // is the best one better, or was it luck?
void rb_report_data(rb_page *p, const rb_past *run);
bool rb_report_pictures(rb_page *p, const rb_past *run, int most, rb_error *err) RB_CHECKED;
void rb_report_settings(rb_page *p, const rb_past *runs, int count);

// How far the second best run is behind; NULL: it had other pictures, or there is none.
const char *rb_report_lead(rb_arena *a, const rb_past *runs, int count);

// The run with the least HTER; -1: none was judged. Whether those that were judged had the same pictures.
int rb_report_best(const rb_past *runs, int count);
bool rb_report_comparable(const rb_past *runs, int count);

#endif
