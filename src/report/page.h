// SPDX-License-Identifier: Apache-2.0
// page.h - what a page says: a list of blocks, said once and rendered as HTML or as a notebook.
//
// All texts are plain: what is special in HTML or Markdown is escaped by the renderers, so that a class called "<b>" is
// shown as such. A page of the same blocks has the same bytes: it holds no clock.
//
// Owner: pages copy what they are given into their arena
#ifndef RB_REPORT_PAGE_H
#define RB_REPORT_PAGE_H

#include "image/image.h"
#include "report/figure.h"

// A number that is worth a large type: "HTER", "7.0 %", "95 % interval 5.1 to 9.4 %". `note` may be NULL.
typedef struct rb_fact {
    const char *name, *value, *note;
} rb_fact;

typedef struct rb_column {
    const char *name;
    bool number; // right-aligned, in figures of one width
} rb_column;

// A picture of a gallery. `overlay`, a heat map over it, can be shown instead, and is printed beside it; NULL: there is
// none.
typedef struct rb_shot {
    const rb_image *picture;
    const rb_image *overlay;
    const char *name;    // for who cannot see it, and on hovering
    const char *caption; // under it
    int colour;          // of the line under it: rb_series.colour; -1: none
    int h, w;            // of what `picture` was made smaller from; 0: it is as it was
} rb_shot;

typedef enum rb_block_kind {
    RB_BLOCK_SECTION, // title
    RB_BLOCK_LEDE,    // text: the answer, in one sentence
    RB_BLOCK_TEXT,    // text
    RB_BLOCK_NOTE,    // text: something to beware of
    RB_BLOCK_FACTS,   // facts
    RB_BLOCK_TABLE,   // title, table, text: its reading
    RB_BLOCK_FIGURE,  // title, figure, text: its reading
    RB_BLOCK_GALLERY, // title, gallery, text
    RB_BLOCK_CODE,    // title, text: set as it is, folded
} rb_block_kind;

typedef struct rb_block {
    rb_block_kind kind;
    const char *id; // from the title, unique in the page: a-z 0-9 -
    const char *title, *text;
    struct {
        const rb_fact *at;
        int count;
    } facts;
    struct {
        const rb_column *column;
        int columns;
        const char *const **row; // [rows][columns]; NULL: nothing to say
        int rows;
    } table;
    rb_svg figure;
    struct rb_framed {
        rb_bytes picture, overlay; // JPEG or PNG files; overlay.size 0: none
        const char *name, *caption;
        int colour, h, w;
    } * gallery;
    int gallery_count;
    struct rb_block *next;
} rb_block;

typedef struct rb_page {
    rb_arena *arena;
    const char *title;
    const char *made_by; // the command line that makes it again; the notebook shows it
    rb_block *first, *last;
    int count;
} rb_page;

rb_page *rb_page_new(rb_arena *a, const char *title, const char *made_by);

void rb_page_section(rb_page *p, const char *title);
void rb_page_lede(rb_page *p, const char *format, ...) RB_PRINTF(2, 3);
void rb_page_text(rb_page *p, const char *format, ...) RB_PRINTF(2, 3);
void rb_page_note(rb_page *p, const char *format, ...) RB_PRINTF(2, 3);
void rb_page_facts(rb_page *p, const rb_fact *facts, int count);
void rb_page_code(rb_page *p, const char *title, const char *text);

// A table without rows; rb_page_row adds one to the table that was begun last. `reading` may be NULL.
void rb_page_table(rb_page *p, const char *title, const char *reading, const rb_column *columns, int count);
void rb_page_row(rb_page *p, const char *const *cells);

// `reading` says in plain words what the figure shows, computed from its numbers; may be NULL.
void rb_page_figure(rb_page *p, const char *title, const char *reading, rb_svg figure);

// Pictures are kept as JPEG files, small or flat ones as PNG; those over RB_SHOT_SIDE are made smaller.
//
// Errors: those of the encoders
#define RB_SHOT_SIDE 256
bool rb_page_gallery(rb_page *p, const char *title, const char *text, const rb_shot *shots, int count,
                     rb_error *err) RB_CHECKED;

// The picture as a gallery keeps it: itself, or a smaller one in `a`.
rb_image rb_shot_fitted(rb_arena *a, const rb_image *from);

// One file that needs no other: UTF-8, style and script inside, pictures as data: URIs.
const char *rb_page_html(rb_arena *a, const rb_page *p);

// A notebook whose cells have been run: nbformat 4.5. `html_name` is the page beside it, from which its cells read
// their figures when somebody runs it again.
const char *rb_page_notebook(rb_arena *a, const rb_page *p, const char *html_name);

// Writes the page to `path`, and with `notebook` the notebook beside it, its suffix being .ipynb. Complete or absent.
// Errors: IO
bool rb_page_save(const rb_page *p, const char *path, bool notebook, rb_error *err) RB_CHECKED;

#endif
