// SPDX-License-Identifier: Apache-2.0
#include "report/page.h"

#include "base/file.h"

#include <string.h>

rb_page *rb_page_new(rb_arena *a, const char *title, const char *made_by)
{
    rb_page *p = RB_NEW(a, rb_page, 1);
    *p = (rb_page){.arena = a, .title = rb_text_copy(a, title), .made_by = rb_text_copy(a, made_by)};
    return p;
}

// ---- names --------------------------------------------------------------------------------------------------------

static bool is_taken(const rb_page *p, const char *id)
{
    for (const rb_block *b = p->first; b; b = b->next)
        if (!strcmp(b->id, id)) return true;
    return false;
}

// Letters and digits of ASCII, small, what lies between them as one '-': "ROC, test" -> "roc-test".
static const char *slug_of(rb_arena *a, const char *title)
{
    enum { MOST = 40 };
    char *slug = RB_NEW(a, char, MOST + 1), *to = slug;
    for (const char *c = title; *c && to < slug + MOST; c++) {
        char low = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c;
        bool kept = (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9');
        if (kept)
            *to++ = low;
        else if (to > slug && to[-1] != '-')
            *to++ = '-';
    }
    while (to > slug && to[-1] == '-') *--to = '\0';
    return *slug ? slug : "block";
}

static const char *new_id(const rb_page *p, const char *title)
{
    const char *slug = slug_of(p->arena, title), *id = slug;
    for (int n = 2; is_taken(p, id); n++) id = rb_text_format(p->arena, "%s-%d", slug, n);
    return id;
}

// ---- blocks -------------------------------------------------------------------------------------------------------

static const char *copy(const rb_page *p, const char *text)
{
    return text ? rb_text_copy(p->arena, text) : NULL;
}

static rb_block *add(rb_page *p, rb_block_kind kind, const char *name, const char *title, const char *text)
{
    rb_block *b = RB_NEW(p->arena, rb_block, 1);
    *b = (rb_block){.kind = kind, .id = new_id(p, title ? title : name), .title = copy(p, title), .text = text};
    if (p->last)
        p->last->next = b;
    else
        p->first = b;
    p->last = b;
    p->count++;
    return b;
}

void rb_page_section(rb_page *p, const char *title)
{
    add(p, RB_BLOCK_SECTION, "section", title, NULL);
}

static void add_words(rb_page *p, rb_block_kind kind, const char *name, const char *format, va_list args)
{
    add(p, kind, name, NULL, rb_text_formatv(p->arena, format, args));
}

#define WORDS(function, kind) \
    void function(rb_page *p, const char *format, ...) \
    { \
        va_list args; \
        va_start(args, format); \
        add_words(p, kind, "text", format, args); \
        va_end(args); \
    }

WORDS(rb_page_lede, RB_BLOCK_LEDE)
WORDS(rb_page_text, RB_BLOCK_TEXT)
WORDS(rb_page_note, RB_BLOCK_NOTE)

void rb_page_code(rb_page *p, const char *title, const char *text)
{
    add(p, RB_BLOCK_CODE, "code", title, copy(p, text));
}

void rb_page_facts(rb_page *p, const rb_fact *facts, int count)
{
    rb_fact *kept = RB_NEW(p->arena, rb_fact, count);
    for (int i = 0; i < count; i++)
        kept[i] = (rb_fact){copy(p, facts[i].name), copy(p, facts[i].value), copy(p, facts[i].note)};
    rb_block *b = add(p, RB_BLOCK_FACTS, "facts", NULL, NULL);
    b->facts.at = kept;
    b->facts.count = count;
}

void rb_page_table(rb_page *p, const char *title, const char *reading, const rb_column *columns, int count)
{
    rb_column *kept = RB_NEW(p->arena, rb_column, count);
    for (int i = 0; i < count; i++) kept[i] = (rb_column){copy(p, columns[i].name), columns[i].number};
    rb_block *b = add(p, RB_BLOCK_TABLE, "table", title, copy(p, reading));
    b->table.column = kept;
    b->table.columns = count;
}

static rb_block *last_table(const rb_page *p)
{
    rb_block *found = NULL;
    for (rb_block *b = p->first; b; b = b->next)
        if (b->kind == RB_BLOCK_TABLE) found = b;
    return found;
}

void rb_page_row(rb_page *p, const char *const *cells)
{
    rb_block *b = last_table(p);
    const char **row = RB_NEW(p->arena, const char *, b->table.columns);
    for (int i = 0; i < b->table.columns; i++) row[i] = copy(p, cells[i]);
    b->table.row = rb_list_with(p->arena, (void *)b->table.row, b->table.rows++, (void *)row);
}

void rb_page_figure(rb_page *p, const char *title, const char *reading, rb_svg figure)
{
    rb_block *b = add(p, RB_BLOCK_FIGURE, "figure", title, copy(p, reading));
    b->figure = (rb_svg){figure.w, figure.h, copy(p, figure.label), copy(p, figure.body)};
}

// ---- galleries ----------------------------------------------------------------------------------------------------

// At most RB_SHOT_SIDE wide and high, its shape kept.
rb_image rb_shot_fitted(rb_arena *a, const rb_image *from)
{
    int longer = from->h > from->w ? from->h : from->w;
    if (longer <= RB_SHOT_SIDE) return *from;
    rb_image to = {.h = from->h * RB_SHOT_SIDE / longer, .w = from->w * RB_SHOT_SIDE / longer, .c = from->c};
    if (!to.h) to.h = 1;
    if (!to.w) to.w = 1;
    to.pixels = RB_NEW(a, uint8_t, (ptrdiff_t)to.h * to.w * to.c);
    rb_image_resize(a, from, RB_AREA, &to);
    return to;
}

// The smaller file of both kinds: drawings are sharper and smaller as PNG, photographs smaller as JPEG.
static bool encode(rb_arena *a, const rb_image *picture, rb_bytes *out, rb_error *err)
{
    enum { QUALITY = 90 };
    rb_bytes png, jpeg;
    rb_arena *scratch = rb_arena_open();
    rb_image small = rb_shot_fitted(scratch, picture);
    bool done =
        rb_image_encode_png(scratch, &small, &png, err) && rb_image_encode_jpeg(scratch, &small, QUALITY, &jpeg, err);
    if (done) {
        rb_bytes least = png.size <= jpeg.size ? png : jpeg;
        uint8_t *kept = RB_NEW(a, uint8_t, least.size);
        memcpy(kept, least.data, (size_t)least.size);
        *out = (rb_bytes){kept, least.size};
    }
    rb_arena_close(scratch);
    return done;
}

bool rb_page_gallery(rb_page *p, const char *title, const char *text, const rb_shot *shots, int count, rb_error *err)
{
    struct rb_framed *framed = RB_NEW(p->arena, struct rb_framed, count);
    for (int i = 0; i < count; i++) {
        const rb_shot *s = &shots[i];
        framed[i] = (struct rb_framed){.name = copy(p, s->name), .caption = copy(p, s->caption), .colour = s->colour};
        framed[i].h = s->h ? s->h : s->picture->h;
        framed[i].w = s->w ? s->w : s->picture->w;
        if (!encode(p->arena, s->picture, &framed[i].picture, err) ||
            (s->overlay && !encode(p->arena, s->overlay, &framed[i].overlay, err)))
            return false;
    }
    rb_block *b = add(p, RB_BLOCK_GALLERY, "pictures", title, copy(p, text));
    b->gallery = framed;
    b->gallery_count = count;
    return true;
}

// ---- files --------------------------------------------------------------------------------------------------------

static bool save(rb_arena *scratch, const rb_page *p, const char *path, bool notebook, rb_error *err)
{
    rb_writer *html, *book = NULL;
    const char *text = rb_page_html(scratch, p);
    if (!rb_writer_open(scratch, path, &html, err) || !rb_writer_put(html, text, (ptrdiff_t)strlen(text), err))
        return false;
    if (notebook) {
        text = rb_page_notebook(scratch, p, rb_path_name(path));
        if (!rb_writer_open(scratch, rb_path_with_suffix(scratch, path, ".ipynb"), &book, err) ||
            !rb_writer_put(book, text, (ptrdiff_t)strlen(text), err) || !rb_writer_finish(book, err))
            return false;
    }
    return rb_writer_commit(html, err) && (!book || rb_writer_commit(book, err));
}

bool rb_page_save(const rb_page *p, const char *path, bool notebook, rb_error *err)
{
    rb_arena *scratch = rb_arena_open();
    bool done = save(scratch, p, path, notebook, err);
    rb_arena_close(scratch);
    return done;
}
