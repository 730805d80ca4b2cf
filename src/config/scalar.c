// SPDX-License-Identifier: Apache-2.0
// scalar.c - from what somebody wrote to a value: type, range, choices.
//
// Source: YAML 1.2.2, section 10.3.2, core schema; without octal and hexadecimal numbers, .inf and .nan
#include "config/key.h"
#include "config/text.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool rb_scalar_is_null(const char *text)
{
    return rb_is_one_of(text, (const char *const[]){"", "~", "null", "Null", "NULL", NULL});
}

bool rb_scalar_is_bool(const char *text, bool *out)
{
    *out = rb_is_one_of(text, (const char *const[]){"true", "True", "TRUE", NULL});
    return *out || rb_is_one_of(text, (const char *const[]){"false", "False", "FALSE", NULL});
}

static const char *skip_digits(const char *at)
{
    while (isdigit((unsigned char)*at)) at++;
    return at;
}

static const char *skip_sign(const char *at)
{
    return at + (*at == '+' || *at == '-');
}

static bool is_whole(const char *text)
{
    const char *digits = skip_sign(text), *end = skip_digits(digits);
    return end > digits && !*end;
}

static bool is_real(const char *text)
{
    const char *digits = skip_sign(text), *end = skip_digits(digits);
    ptrdiff_t count = end - digits;
    if (*end == '.') {
        const char *part = end + 1;
        end = skip_digits(part);
        count += end - part;
    }
    if (count && (*end == 'e' || *end == 'E')) {
        const char *power = skip_sign(end + 1);
        end = skip_digits(power);
        count = end - power;
    }
    return count && !*end;
}

static bool reads_as(rb_type type, const char *text, double *out)
{
    bool truth = false;
    if (type == RB_BOOL) {
        bool fits = rb_scalar_is_bool(text, &truth);
        return *out = truth, fits;
    }
    *out = strtod(text, NULL);
    return type == RB_INT ? is_whole(text) : is_real(text);
}

static const char *expected(rb_arena *a, const rb_field *f)
{
    switch (f->type) {
    case RB_BOOL:
        return "true or false";
    case RB_INT:
        return "a whole number";
    case RB_REAL:
        return "a number";
    case RB_TEXT:
        return "a text";
    case RB_CHOICE:
        return rb_text_format(a, "one of %s", rb_choices_text(a, f));
    case RB_RANGE:
        return "a number, or two as LOW,HIGH";
    case RB_TREE:
        return "a word, a list or a mapping";
    }
    return "";
}

bool rb_key_refuse(rb_arena *a, const rb_key *k, const char *found, const char *where, rb_error *err)
{
    return rb_fail(err, RB_ERR_USAGE, "%s: expected %s, found %s", where, expected(a, k->field), found);
}

static bool read_number(rb_arena *a, const rb_key *k, rb_scalar given, const char *where, double *out, rb_error *err)
{
    const rb_field *f = k->field;
    const char *shown = rb_text_shown(a, given.text);
    if (!given.plain) return rb_key_refuse(a, k, rb_text_format(a, "the quoted text \"%s\"", shown), where, err);
    if (!reads_as(f->type, given.text, out)) return rb_key_refuse(a, k, rb_text_format(a, "'%s'", shown), where, err);
    if (f->type != RB_BOOL && !(*out >= f->min && *out <= f->max))
        return rb_fail(err, RB_ERR_USAGE, "%s: %s is outside %s", where, shown, rb_range_text(a, f));
    return true;
}

static bool set_number(rb_arena *a, const rb_key *k, rb_scalar given, const char *where, rb_error *err)
{
    double number;
    if (!read_number(a, k, given, where, &number, err)) return false;
    rb_value_store(k->section, k->field, (rb_value){.number = number});
    return true;
}

bool rb_key_set_range(rb_arena *a, const rb_key *k, rb_scalar low, rb_scalar high, const char *where, rb_error *err)
{
    rb_value v = {0};
    if (!read_number(a, k, low, where, &v.number, err) || !read_number(a, k, high, where, &v.high, err)) return false;
    if (v.number > v.high && k->field->pair != RB_PAIR_FREE)
        return rb_fail(err, RB_ERR_USAGE, "%s: limits reversed, %s is above %s", where, rb_text_shown(a, low.text),
                       rb_text_shown(a, high.text));
    rb_value_store(k->section, k->field, v);
    return true;
}

// Without the blanks around it.
static char *trimmed(char *text)
{
    text += strspn(text, " ");
    for (char *end = text + strlen(text); end > text && end[-1] == ' ';) *--end = '\0';
    return text;
}

// One number, for a pair of them.
static bool set_pair(rb_arena *a, const rb_key *k, rb_scalar given, const char *where, rb_error *err)
{
    const rb_field *f = k->field;
    rb_value v;
    if (!read_number(a, k, given, where, &v.high, err)) return false;
    v.number = f->pair == RB_PAIR_SYMMETRIC ? 0 - v.high : f->pair == RB_PAIR_FROM_MIN ? f->min : v.high;
    if (v.number > v.high)
        return rb_fail(err, RB_ERR_USAGE, "%s: %s is negative; one number v means -v,v here", where,
                       rb_text_shown(a, given.text));
    if (v.number < f->min)
        return rb_fail(err, RB_ERR_USAGE, "%s: %s means -v,v here, which is outside %s", where,
                       rb_text_shown(a, given.text), rb_range_text(a, f));
    rb_value_store(k->section, f, v);
    return true;
}

// "3,7", as rb_config_value says it "[3, 7]", or "5".
static bool set_range(rb_arena *a, const rb_key *k, rb_scalar given, const char *where, rb_error *err)
{
    char *text = trimmed(rb_text_copy(a, given.text));
    size_t n = strlen(text);
    if (n > 1 && text[0] == '[' && text[n - 1] == ']') {
        text[n - 1] = '\0';
        text++;
    }
    char *comma = strchr(text, ',');
    if (comma) *comma = '\0';
    rb_scalar low = {trimmed(text), given.plain}, high = {comma ? trimmed(comma + 1) : low.text, given.plain};
    double ignored;
    if (!given.plain || !reads_as(RB_REAL, low.text, &ignored) || !reads_as(RB_REAL, high.text, &ignored))
        return rb_key_refuse(
            a, k, rb_text_format(a, given.plain ? "'%s'" : "the quoted text \"%s\"", rb_text_shown(a, given.text)),
            where, err);
    return comma ? rb_key_set_range(a, k, low, high, where, err) : set_pair(a, k, low, where, err);
}

static bool set_choice(rb_arena *a, const rb_key *k, const char *name, const char *where, rb_error *err)
{
    const rb_field *f = k->field;
    for (int i = 0; f->choices[i]; i++)
        if (!strcmp(f->choices[i], name)) {
            rb_value_store(k->section, f, (rb_value){.number = i});
            return true;
        }
    const char *near = rb_nearest(name, f->choices);
    const char *hint = near ? rb_text_format(a, "; did you mean '%s'?", near) : "";
    return rb_fail(err, RB_ERR_USAGE, "%s: '%s' is none of %s%s", where, rb_text_shown(a, name), rb_choices_text(a, f),
                   hint);
}

// The record of a run is UTF-8, so that other bytes could not be read back from it.
static bool set_text(rb_arena *a, const rb_key *k, const char *text, const char *where, rb_error *err)
{
    if (!rb_utf8_valid(text)) return rb_fail(err, RB_ERR_USAGE, "%s: is not UTF-8 text", where);
    rb_value_store(k->section, k->field, (rb_value){.text = rb_text_copy(a, text)});
    return true;
}

// A word, or what begins like a list or a mapping.
static bool set_tree(rb_arena *a, const rb_key *k, rb_scalar given, const char *where, rb_error *err)
{
    if (!rb_utf8_valid(given.text)) return rb_fail(err, RB_ERR_USAGE, "%s: is not UTF-8 text", where);
    rb_tree *word = RB_NEW(a, rb_tree, 1);
    *word = (rb_tree){.text = rb_text_copy(a, given.text), .plain = given.plain, .source = rb_text_copy(a, where)};
    const rb_tree *node = word;
    bool nests = given.plain && strchr("[{", given.text[0]);
    rb_bytes text = {(const uint8_t *)word->text, (ptrdiff_t)strlen(word->text)};
    if (nests && !rb_tree_read_text(a, where, text, &node, err)) return false;
    rb_value_store(k->section, k->field, (rb_value){.tree = node});
    return true;
}

bool rb_key_set(rb_arena *a, const rb_key *k, rb_scalar given, const char *where, rb_error *err)
{
    const rb_field *f = k->field;
    if (given.plain && rb_scalar_is_null(given.text)) {
        if (!f->optional) return rb_fail(err, RB_ERR_USAGE, "%s: is empty; expected %s", where, expected(a, f));
        rb_value_store(k->section, f, (rb_value){.number = NAN});
        return true;
    }
    if (f->type == RB_TEXT) return set_text(a, k, given.text, where, err);
    if (f->type == RB_CHOICE) return set_choice(a, k, given.text, where, err);
    if (f->type == RB_RANGE) return set_range(a, k, given, where, err);
    if (f->type == RB_TREE) return set_tree(a, k, given, where, err);
    return set_number(a, k, given, where, err);
}
