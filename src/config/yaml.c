// SPDX-License-Identifier: Apache-2.0
// yaml.c - a YAML file over the present values. The only file that knows libfyaml.
//
// Events instead of a document: the first value that is no scalar ends the reading, so that nothing can nest,
// and an alias is seen before anything is copied.
#include "config/key.h"
#include "config/source.h"
#include "config/text.h"

#include "base/file.h"

#include <libfyaml.h>
#include <string.h>
#include <sys/stat.h>

typedef struct reader {
    rb_arena *arena;
    const rb_config *config;
    rb_source source;
    struct fy_diag *diag;
    struct fy_parser *parser;
    int line;      // of the newest item that has a place of its own
    int *given_at; // line of each key so far, 0 before it is given
    rb_error *err;
} reader;

typedef struct item {
    enum fy_event_type type;
    rb_scalar scalar;
} item;

static bool fail_here(reader *r, const char *message)
{
    return rb_fail(r->err, RB_ERR_USAGE, "%s:%d: %s", r->source.name, r->line, message);
}

static bool fail_memory(reader *r)
{
    return rb_fail(r->err, RB_ERR_INTERNAL, "%s: out of memory", r->source.name);
}

static bool fail_syntax(reader *r)
{
    void *at = NULL;
    struct fy_diag_error *e;
    while ((e = fy_diag_errors_iterate(r->diag, &at)))
        if (e->type == FYET_ERROR) return rb_source_fail(&r->source, e->line, e->column, e->msg, r->err);
    return fail_here(r, "is not YAML");
}

// By pieces, since fy_token_get_text of libfyaml 0.7.12 leaks where many quotes stand in a single-quoted text.
static bool keep_text(reader *r, struct fy_token *token, const char **out)
{
    struct fy_token_iter *pieces = fy_token_iter_create(token);
    if (!pieces) return fail_memory(r);
    rb_text t = rb_text_new(r->arena);
    int failed = 0;
    for (const struct fy_iter_chunk *c = NULL; (c = fy_token_iter_chunk_next(pieces, c, &failed));)
        rb_text_put(&t, c->str, (ptrdiff_t)c->len);
    fy_token_iter_destroy(pieces);
    *out = t.at;
    if (failed) return fail_here(r, "a text that cannot be read"); // "a: |", a line of spaces and no line end
    return !memchr(t.at, '\0', (size_t)t.used) || fail_here(r, "a text with a zero character in it");
}

// A value that is absent has no token.
static bool keep_scalar(reader *r, struct fy_token *token, rb_scalar *out)
{
    *out = (rb_scalar){"", !token || fy_token_scalar_style(token) == FYSS_PLAIN};
    return !token || keep_text(r, token, &out->text);
}

static bool keep(reader *r, struct fy_event *e, item *out)
{
    const struct fy_mark *mark = fy_event_start_mark(e);
    if (mark) r->line = mark->line + 1;
    *out = (item){.type = e->type};
    if (e->type == FYET_ALIAS || fy_event_get_anchor_token(e) || fy_event_get_tag_token(e))
        return fail_here(r, "anchors, aliases and tags are not read here");
    return e->type != FYET_SCALAR || keep_scalar(r, e->scalar.value, &out->scalar);
}

static bool next(reader *r, item *out)
{
    struct fy_event *e = fy_parser_parse(r->parser);
    if (!e) return fail_syntax(r);
    bool done = keep(r, e, out);
    fy_parser_event_free(r->parser, e);
    return done;
}

static bool fail_unknown(reader *r, const char *key)
{
    const char *near = rb_nearest(key, rb_key_names(r->arena, r->config, false));
    const char *hint = near ? rb_text_format(r->arena, "did you mean '%s'?", near) : "`rarebit help` lists the keys";
    return fail_here(r, rb_text_format(r->arena, "unknown key '%s'; %s", rb_text_shown(r->arena, key), hint));
}

// A list is a value of a range alone: two numbers. The first item too many, or that nests, ends the reading.
static bool read_list(reader *r, const rb_key *k, const char *where)
{
    if (k->field->type != RB_RANGE) return rb_key_refuse(r->arena, k, "a list", where, r->err);
    rb_scalar ends[2] = {{0}};
    int count = 0;
    item i;
    for (; next(r, &i); count++) {
        if (i.type == FYET_SEQUENCE_END) break;
        if (i.type != FYET_SCALAR) return rb_key_refuse(r->arena, k, "a list of more than numbers", where, r->err);
        if (count == 2) return rb_key_refuse(r->arena, k, "a list of more than two", where, r->err);
        ends[count] = i.scalar;
    }
    if (i.type != FYET_SEQUENCE_END) return false;
    if (count != 2) return rb_key_refuse(r->arena, k, "a list of fewer than two", where, r->err);
    return rb_key_set_range(r->arena, k, ends[0], ends[1], where, r->err);
}

static bool read_pair(reader *r, const item *name)
{
    rb_key k;
    if (name->type != FYET_SCALAR) return fail_here(r, "a key must be a word");
    if (!rb_key_find(r->config, name->scalar.text, &k)) return fail_unknown(r, name->scalar.text);
    const char *where = rb_text_format(r->arena, "%s:%d: %s", r->source.name, r->line, name->scalar.text);
    if (r->given_at[k.index])
        return rb_fail(r->err, RB_ERR_USAGE, "%s: given twice, first on line %d", where, r->given_at[k.index]);
    r->given_at[k.index] = r->line;

    item value;
    if (!next(r, &value)) return false;
    if (value.type == FYET_SCALAR) return rb_key_set(r->arena, &k, value.scalar, where, r->err);
    if (value.type == FYET_SEQUENCE_START) return read_list(r, &k, where);
    return rb_key_refuse(r->arena, &k, "a mapping", where, r->err);
}

static bool read_pairs(reader *r)
{
    item i;
    while (next(r, &i)) {
        if (i.type == FYET_MAPPING_END) return true;
        if (!read_pair(r, &i)) return false;
    }
    return false;
}

static bool read_root(reader *r, const item *root)
{
    if (root->type == FYET_MAPPING_START) return read_pairs(r);
    if (root->type == FYET_SEQUENCE_START) return fail_here(r, "expected lines of 'key: value', found a list");
    if (root->scalar.plain && rb_scalar_is_null(root->scalar.text)) return true; // "---" and nothing after it
    return fail_here(r, rb_text_format(r->arena, "expected lines of 'key: value', found the text '%s'",
                                       rb_text_shown(r->arena, root->scalar.text)));
}

static bool read_stream(reader *r)
{
    int documents = 0;
    item i;
    while (next(r, &i)) {
        if (i.type == FYET_STREAM_END) return true;
        if (i.type != FYET_DOCUMENT_START) continue;
        if (documents++) return fail_here(r, "a second document begins, but only one is read");
        if (!next(r, &i) || !read_root(r, &i)) return false;
    }
    return false;
}

static void stay_silent(struct fy_diag *diag, void *user, const char *text, size_t n)
{
    (void)diag, (void)user, (void)text, (void)n;
}

bool rb_config_read_text(rb_arena *a, const rb_config *c, const char *name, rb_bytes text, rb_error *err)
{
    reader r = {.arena = a, .config = c, .source = {name, text}, .line = 1, .err = err};
    if (!rb_source_check(&r.source, err)) return false;
    if (!text.size) return true;
    r.given_at = RB_NEW(a, int, rb_key_count(c));

    r.diag = fy_diag_create(&(struct fy_diag_cfg){.output_fn = stay_silent, .level = FYET_ERROR});
    if (r.diag) fy_diag_set_collect_errors(r.diag, true);
    struct fy_parse_cfg cfg = {.flags = FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE, .diag = r.diag};
    r.parser = r.diag ? fy_parser_create(&cfg) : NULL;
    bool ready = r.parser && !fy_parser_set_string(r.parser, (const char *)text.data, (size_t)text.size);
    bool done = ready ? read_stream(&r) : fail_memory(&r);
    fy_parser_destroy(r.parser);
    fy_diag_destroy(r.diag);
    return done;
}

bool rb_config_read(rb_arena *a, const rb_config *c, const char *path, rb_error *err)
{
    struct stat st;
    if (!stat(path, &st) && S_ISREG(st.st_mode) && st.st_size > RB_SOURCE_LIMIT) // a fault of use, not of the disk
        return rb_source_check(&(rb_source){path, {NULL, st.st_size}}, err);
    rb_bytes text;
    return rb_file_read(a, path, RB_SOURCE_LIMIT, &text, err) && rb_config_read_text(a, c, path, text, err);
}
