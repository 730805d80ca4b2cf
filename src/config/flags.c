// SPDX-License-Identifier: Apache-2.0
// flags.c - the words of the command line: flags, the configuration file, operands.
//
// All words are looked at before the file is read, and the file is read before the flags are set: a flag wins.
#include "config/key.h"
#include "config/text.h"

#include <string.h>

typedef struct setting {
    rb_key key;
    const char *flag, *value;
} setting;

typedef struct words {
    rb_arena *arena;
    const rb_config *config;
    char **at, **end;
    const char *file; // of --config
    setting *settings;
    int count;
    rb_words *operands;
    rb_error *err;
} words;

// "--batch-size=8" -> shown "--batch-size", name "batch_size", value "8"
typedef struct flag {
    const char *shown, *name, *value;
} flag;

static flag split(rb_arena *a, const char *word)
{
    const char *equals = strchr(word, '=');
    char *shown = rb_text_copy(a, word);
    if (equals) shown[equals - word] = '\0';
    char *name = rb_text_copy(a, shown + 2);
    for (char *c = name; *c; c++)
        if (*c == '-') *c = '_';
    return (flag){rb_text_shown(a, shown), name, equals ? equals + 1 : NULL};
}

// What follows '=' or else the next word, unless that is a flag itself: -1 is a value, --lr is none.
static bool take_value(words *w, const flag *f, const char **out)
{
    if (f->value) return *out = f->value, true;
    if (w->at == w->end || !strncmp(*w->at, "--", 2))
        return rb_fail(w->err, RB_ERR_USAGE, "%s: needs a value", f->shown);
    *out = *w->at++;
    return true;
}

static bool take_file(words *w, const flag *f)
{
    if (w->file) return rb_fail(w->err, RB_ERR_USAGE, "%s: given twice", f->shown);
    if (!take_value(w, f, &w->file)) return false;
    return *w->file || rb_fail(w->err, RB_ERR_USAGE, "%s: needs the name of a file", f->shown);
}

static bool may_be_bare(const rb_field *f)
{
    return f->type == RB_BOOL || f->or_truth;
}

// A text that may be a truth, too, takes any word that is no flag.
static const char *bare_value(words *w, const flag *f, const rb_field *field)
{
    bool truth;
    if (f->value) return f->value;
    if (w->at == w->end) return "true";
    bool taken = field->type == RB_BOOL ? rb_scalar_is_bool(*w->at, &truth) : strncmp(*w->at, "--", 2) != 0;
    return taken ? *w->at++ : "true";
}

static bool fail_unknown(words *w, const flag *f)
{
    const char **names = rb_key_names(w->arena, w->config, true), **end = names;
    while (*end) end++;
    *end = "config";
    const char *near = rb_nearest(f->name, names);
    const char *hint = near ? rb_text_format(w->arena, "did you mean --%s?", near) : "`rarebit help` lists the flags";
    return rb_fail(w->err, RB_ERR_USAGE, "unknown flag %s for this command; %s", f->shown, hint);
}

static bool is_flag(const words *w, const char *name, rb_key *out)
{
    return rb_key_find(w->config, name, out) && out->section->used;
}

static bool take_setting(words *w, const flag *f)
{
    setting s = {.flag = f->shown};
    if (is_flag(w, f->name, &s.key)) {
        if (may_be_bare(s.key.field))
            s.value = bare_value(w, f, s.key.field);
        else if (!take_value(w, f, &s.value))
            return false;
    } else if (!strncmp(f->name, "no_", 3) && is_flag(w, f->name + 3, &s.key) && may_be_bare(s.key.field)) {
        if (f->value) return rb_fail(w->err, RB_ERR_USAGE, "%s: takes no value", f->shown);
        s.value = "false";
    } else {
        return fail_unknown(w, f);
    }
    for (int i = 0; i < w->count; i++)
        if (w->settings[i].key.index == s.key.index) return rb_fail(w->err, RB_ERR_USAGE, "%s: given twice", f->shown);
    w->settings[w->count++] = s;
    return true;
}

static bool take_flag(words *w, const char *word)
{
    if (word[1] != '-')
        return rb_fail(w->err, RB_ERR_USAGE,
                       "%s: flags begin with two dashes; put -- before operands that begin with one",
                       rb_text_shown(w->arena, word));
    flag f = split(w->arena, word);
    return strcmp(f.name, "config") ? take_setting(w, &f) : take_file(w, &f);
}

static bool take_words(words *w)
{
    bool flags = true;
    while (w->at < w->end) {
        const char *word = *w->at++;
        if (flags && !strcmp(word, "--"))
            flags = false;
        else if (!flags || word[0] != '-' || !word[1])
            w->operands->word[w->operands->count++] = word;
        else if (!take_flag(w, word))
            return false;
    }
    return true;
}

bool rb_config_flags(rb_arena *a, const rb_config *c, int argc, char **argv, rb_words *operands, rb_error *err)
{
    *operands = (rb_words){.word = RB_NEW(a, const char *, argc)};
    words w = {.arena = a, .config = c, .at = argv, .end = argv + argc, .operands = operands, .err = err};
    w.settings = RB_NEW(a, setting, argc);
    if (!take_words(&w)) return false;
    if (w.file && !rb_config_read(a, c, w.file, err)) return false;
    for (const setting *s = w.settings; s < w.settings + w.count; s++)
        if (!rb_key_set(a, &s->key, (rb_scalar){s->value, true}, s->flag, err)) return false;
    return true;
}
