// SPDX-License-Identifier: Apache-2.0
// html.h - blocks as HTML, for the page and for outputs of the notebook; private to the report module.
#ifndef RB_REPORT_HTML_H
#define RB_REPORT_HTML_H

#include "report/out.h"
#include "report/page.h"

// style.c: the files *.css and page.js of this folder.
extern const char rb_figure_css[], rb_gallery_css[], rb_page_css[], rb_page_js[];

// Without their titles and readings.
void rb_html_facts(rb_out *o, const rb_block *b);
void rb_html_table(rb_out *o, const rb_block *b);
void rb_html_gallery(rb_out *o, const rb_block *b);

#endif
