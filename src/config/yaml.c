// SPDX-License-Identifier: Apache-2.0
// The only file that knows libfyaml. Its events are read instead of its documents, so that a reader decides what may
// nest before it is stored.
#include "config/yaml.h"
#include "config/text.h"

#include <libfyaml.h>
#include <string.h>

bool rb_yaml_fail(rb_yaml *y, const char *message)
{
    return rb_fail(y->err, RB_ERR_USAGE, "%s:%d: %s", y->source.name, y->line, message);
}

static bool fail_memory(rb_yaml *y)
{
    return rb_fail(y->err, RB_ERR_INTERNAL, "%s: out of memory", y->source.name);
}

static bool fail_syntax(rb_yaml *y)
{
    void *at = NULL;
    struct fy_diag_error *e;
    while ((e = fy_diag_errors_iterate(y->diag, &at)))
        if (e->type == FYET_ERROR) return rb_source_fail(&y->source, e->line, e->column, e->msg, y->err);
    return rb_yaml_fail(y, "is not YAML");
}

// By pieces, since fy_token_get_text of libfyaml 0.7.12 leaks where many quotes stand in a single-quoted text.
static bool keep_text(rb_yaml *y, struct fy_token *token, const char **out)
{
    struct fy_token_iter *pieces = fy_token_iter_create(token);
    if (!pieces) return fail_memory(y);
    rb_text t = rb_text_new(y->arena);
    int failed = 0;
    for (const struct fy_iter_chunk *c = NULL; (c = fy_token_iter_chunk_next(pieces, c, &failed));)
        rb_text_put(&t, c->str, (ptrdiff_t)c->len);
    fy_token_iter_destroy(pieces);
    *out = t.at;
    if (failed) return rb_yaml_fail(y, "a text that cannot be read"); // "a: |", a line of spaces and no line end
    return !memchr(t.at, '\0', (size_t)t.used) || rb_yaml_fail(y, "a text with a zero character in it");
}

// A value that is absent has no token.
static bool keep_scalar(rb_yaml *y, struct fy_token *token, rb_scalar *out)
{
    *out = (rb_scalar){"", !token || fy_token_scalar_style(token) == FYSS_PLAIN};
    return !token || keep_text(y, token, &out->text);
}

static bool take(rb_yaml *y, struct fy_event *e, enum fy_event_type *type, rb_scalar *scalar)
{
    const struct fy_mark *mark = fy_event_start_mark(e);
    if (mark) y->line = mark->line + 1;
    *type = e->type;
    if (e->type == FYET_ALIAS || fy_event_get_anchor_token(e) || fy_event_get_tag_token(e))
        return rb_yaml_fail(y, "anchors, aliases and tags are not read here");
    return e->type != FYET_SCALAR || keep_scalar(y, e->scalar.value, scalar);
}

static bool next_event(rb_yaml *y, enum fy_event_type *type, rb_scalar *scalar)
{
    struct fy_event *e = fy_parser_parse(y->parser);
    if (!e) return fail_syntax(y);
    bool done = take(y, e, type, scalar);
    fy_parser_event_free(y->parser, e);
    return done;
}

static rb_item_kind kind_of(enum fy_event_type type)
{
    switch (type) {
    case FYET_SCALAR:
        return RB_ITEM_SCALAR;
    case FYET_SEQUENCE_START:
        return RB_ITEM_LIST;
    case FYET_MAPPING_START:
        return RB_ITEM_MAP;
    default:
        return RB_ITEM_END;
    }
}

bool rb_yaml_next(rb_yaml *y, rb_item *out)
{
    enum fy_event_type type;
    *out = (rb_item){0};
    if (!next_event(y, &type, &out->scalar)) return false;
    out->kind = kind_of(type);
    return true;
}

bool rb_yaml_root(rb_yaml *y, rb_item *out)
{
    *out = (rb_item){.scalar = {"", true}};
    rb_scalar none;
    for (enum fy_event_type type = FYET_NONE; !y->ended && type != FYET_DOCUMENT_START;) {
        if (!next_event(y, &type, &none)) return false;
        y->ended = type == FYET_STREAM_END;
    }
    return y->ended || rb_yaml_next(y, out);
}

bool rb_yaml_finish(rb_yaml *y)
{
    rb_scalar none;
    for (enum fy_event_type type = FYET_NONE; !y->ended;) {
        if (!next_event(y, &type, &none)) return false;
        if (type == FYET_DOCUMENT_START) return rb_yaml_fail(y, "a second document begins, but only one is read");
        y->ended = type == FYET_STREAM_END;
    }
    return true;
}

static void stay_silent(struct fy_diag *diag, void *user, const char *text, size_t n)
{
    (void)diag, (void)user, (void)text, (void)n;
}

void rb_yaml_close(rb_yaml *y)
{
    fy_parser_destroy(y->parser);
    fy_diag_destroy(y->diag);
}

bool rb_yaml_open(rb_arena *a, const char *name, rb_bytes text, rb_yaml *out, rb_error *err)
{
    *out = (rb_yaml){.arena = a, .source = {name, text}, .line = 1, .ended = !text.size, .err = err};
    if (!rb_source_check(&out->source, err)) return false;
    out->diag = fy_diag_create(&(struct fy_diag_cfg){.output_fn = stay_silent, .level = FYET_ERROR});
    if (out->diag) fy_diag_set_collect_errors(out->diag, true);
    struct fy_parse_cfg cfg = {.flags = FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE, .diag = out->diag};
    out->parser = out->diag ? fy_parser_create(&cfg) : NULL;
    bool ready =
        out->parser && (!text.size || !fy_parser_set_string(out->parser, (const char *)text.data, (size_t)text.size));
    if (ready) return true;
    rb_yaml_close(out);
    return fail_memory(out);
}
