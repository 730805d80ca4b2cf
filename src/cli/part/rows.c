// SPDX-License-Identifier: Apache-2.0
#include "cli/part/rows.h"

#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "data/csv.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

// ---- the parts of a row -------------------------------------------------------------------------------------------

// Bytes that are no text would make the whole file unreadable to most programs.
static const char *path_text(rb_rows *r, const char *path)
{
    if (rb_utf8_valid(path)) return path;
    r->mended++;
    return rb_utf8_mended(r->scratch, path);
}

static const char *probability_key(const rb_rows *r, int column)
{
    return r->columns == 1 ? "probability" : rb_text_format(r->scratch, "probability_%s", r->of->classes[column]);
}

// As .proba has it; "" of an unreadable picture.
static const char *probability_text(const rb_rows *r, const rb_row *row, int column)
{
    return row->reason ? "" : rb_text_format(r->scratch, "%.9g", (double)row->p[column]);
}

static const char *decision_text(const rb_rows *r, const rb_row *row)
{
    if (row->decision == RB_REJECTED) return "reject";
    return row->decision < 0 ? "" : rb_text_format(r->scratch, "%d", row->decision);
}

static const char *class_text(const rb_rows *r, const rb_row *row)
{
    return row->decision < 0 ? "" : r->of->classes[row->decision];
}

// ---- forms ----------------------------------------------------------------------------------------------------------

static const char *label_line(rb_rows *r, const rb_row *row)
{
    return rb_text_format(r->scratch, "%d\n", row->decision);
}

static const char *csv_head(rb_rows *r)
{
    const char *text = "path";
    for (int c = 0; c < r->columns; c++)
        text = rb_text_format(r->scratch, "%s,%s", text, rb_csv_quoted(r->scratch, probability_key(r, c)));
    return rb_text_format(r->scratch, "%s,decision,class,error\n", text);
}

static const char *csv_line(rb_rows *r, const rb_row *row)
{
    rb_arena *a = r->scratch;
    const char *text = rb_csv_quoted(a, path_text(r, row->path));
    for (int c = 0; c < r->columns; c++) text = rb_text_format(a, "%s,%s", text, probability_text(r, row, c));
    return rb_text_format(a, "%s,%s,%s,%s\n", text, decision_text(r, row), rb_csv_quoted(a, class_text(r, row)),
                          row->reason ? rb_csv_quoted(a, rb_utf8_mended(a, row->reason)) : "");
}

// What CSV leaves empty is null.
static const char *or_null(const char *text)
{
    return *text ? text : "null";
}

static void put_text(rb_json *j, const char *key, const char *text)
{
    if (*text)
        rb_json_string(j, key, text);
    else
        rb_json_null(j, key);
}

static const char *json_line(rb_rows *r, const rb_row *row)
{
    rb_json *j = rb_json_new(r->scratch);
    rb_json_open(j, NULL, '{');
    rb_json_string(j, "path", path_text(r, row->path));
    for (int c = 0; c < r->columns; c++) rb_json_raw(j, probability_key(r, c), or_null(probability_text(r, row, c)));
    if (row->decision == RB_REJECTED)
        rb_json_string(j, "decision", decision_text(r, row));
    else
        rb_json_raw(j, "decision", or_null(decision_text(r, row)));
    put_text(j, "class", class_text(r, row));
    put_text(j, "error", row->reason ? row->reason : "");
    rb_json_close(j);
    return rb_text_format(r->scratch, "%s\n", rb_json_text(j));
}

static const struct form {
    const char *suffix;
    const char *(*head)(rb_rows *r); // NULL: none
    const char *(*line)(rb_rows *r, const rb_row *row);
} forms[] = {
    [RB_OUTPUT_TEXT] = {NULL, NULL, label_line},
    [RB_OUTPUT_CSV] = {".csv", csv_head, csv_line},
    [RB_OUTPUT_JSONL] = {".jsonl", NULL, json_line},
};

static bool ends_in(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);
    return n > m && !strcasecmp(name + n - m, suffix);
}

static rb_output_format format_of(const rb_output_settings *s)
{
    if (s->output_format != RB_OUTPUT_AUTO) return (rb_output_format)s->output_format;
    for (int f = RB_OUTPUT_CSV; s->output_file && f <= RB_OUTPUT_JSONL; f++)
        if (ends_in(s->output_file, forms[f].suffix)) return (rb_output_format)f;
    return RB_OUTPUT_TEXT;
}

// ---- files ----------------------------------------------------------------------------------------------------------

static bool put(rb_rows *r, const char *text, rb_error *err)
{
    if (r->main) return rb_writer_put(r->main, text, (ptrdiff_t)strlen(text), err);
    fputs(text, stdout); // main.c checks the stream at the end
    return true;
}

bool rb_rows_open(rb_arena *a, const rb_output_settings *s, const rb_checkpoint *of, int columns, rb_rows *out,
                  rb_error *err)
{
    *out = (rb_rows){
        .settings = s, .format = format_of(s), .of = of, .columns = columns, .scratch = rb_arena_open_within(a)};
    if (!s->output_file && s->get_proba)
        return rb_fail(err, RB_ERR_USAGE, "get_proba needs an output_file: probabilities go beside it");
    const char *proba = s->get_proba ? rb_path_with_suffix(a, s->output_file, ".proba") : NULL;
    if (proba && !strcmp(proba, s->output_file))
        return rb_fail(err, RB_ERR_USAGE, "output_file: %s is where get_proba writes; give it another suffix", proba);
    if ((s->output_file && !rb_writer_open(a, s->output_file, &out->main, err)) ||
        (proba && !rb_writer_open(a, proba, &out->proba, err)))
        return false;
    return !forms[out->format].head || put(out, forms[out->format].head(out), err);
}

static bool put_proba(const rb_rows *r, const rb_row *row, rb_error *err)
{
    float *p = RB_NEW(r->scratch, float, r->columns);
    for (int c = 0; c < r->columns; c++) p[c] = row->reason ? NAN : row->p[c];
    return rb_probabilities_print(r->proba, p, r->columns, err);
}

bool rb_rows_put(rb_rows *r, const rb_row *row, rb_error *err)
{
    rb_arena_reset(r->scratch);
    return put(r, forms[r->format].line(r, row), err) && (!r->proba || put_proba(r, row, err));
}

bool rb_rows_flush(const rb_rows *r, rb_error *err)
{
    return r->main || !fflush(stdout) || rb_fail_errno(err, RB_ERR_IO, errno, "standard output: cannot write");
}

static bool with_each(const rb_rows *r, bool (*step)(rb_writer *w, rb_error *err), rb_error *err)
{
    return (!r->main || step(r->main, err)) && (!r->proba || step(r->proba, err));
}

// Labels of this call beside probabilities of another would be worse than neither.
bool rb_rows_commit(rb_rows *r, rb_error *err)
{
    if (r->mended)
        rb_warn(
            "paths that are not UTF-8: %lld; what is no text in them is written as U+FFFD, and rows keep their order",
            (long long)r->mended);
    return with_each(r, rb_writer_finish, err) && with_each(r, rb_writer_commit, err);
}
