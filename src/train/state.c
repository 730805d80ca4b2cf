// SPDX-License-Identifier: Apache-2.0
#include "train/state.h"

#include "base/json.h"

#include <jansson.h>
#include <math.h>

rb_state rb_state_fresh(void)
{
    static const char *const none[] = {NULL};
    return (rb_state){.lr = NAN,
                      .best = {.epoch = -1, .cost = INFINITY},
                      .early_stop = {.best = INFINITY},
                      .memory = RB_MEMORY_FRESH,
                      .threshold = NAN,
                      .bad = none,
                      .lost = none};
}

// ---- the numbers, as a table ---------------------------------------------------------------------------------------

typedef enum kind { INTEGER, BIG, REAL, TRUTH } kind;

static const struct row {
    const char *key;
    kind kind;
    size_t offset;
    int min; // of INTEGER and BIG
} rows[] = {
#define AT(member) offsetof(rb_state, member)
    {"epoch", INTEGER, AT(epoch), 0},
    {"draw", INTEGER, AT(draw), 0},
    {"step", BIG, AT(step), 0},
    {"lr", REAL, AT(lr), 0},
    {"loss", REAL, AT(loss), 0},
    {"mass", REAL, AT(mass), 0},
    {"judged", INTEGER, AT(judged), 0},
    {"best_epoch", INTEGER, AT(best.epoch), -1}, // none yet
    {"best_step", BIG, AT(best.step), 0},
    {"best_cost", REAL, AT(best.cost), 0},
    {"early_stop_best", REAL, AT(early_stop.best), 0},
    {"early_stop_wait", INTEGER, AT(early_stop.wait), 0},
    {"schedule_lr", REAL, AT(memory.lr), 0},
    {"schedule_best", REAL, AT(memory.best), 0},
    {"schedule_bad", INTEGER, AT(memory.bad), 0},
    {"schedule_cooldown", INTEGER, AT(memory.cooldown), 0},
    {"finished", TRUTH, AT(finished), 0},
    {"stopped_early", TRUTH, AT(stopped_early), 0},
    {"threads", INTEGER, AT(threads), 0},
    {"log_lines", BIG, AT(log_lines), 0},
#undef AT
};
#define ROWS ((int)(sizeof rows / sizeof *rows))

// ---- writing -------------------------------------------------------------------------------------------------------

static void put_names(rb_json *j, const char *key, const char *const *names)
{
    rb_json_open(j, key, '[');
    for (; *names; names++) rb_json_string(j, NULL, *names);
    rb_json_close(j);
}

static void put_thaws(rb_json *j, const rb_state *s)
{
    rb_json_open(j, "thawed", '[');
    for (int i = 0; i < s->thaws; i++) rb_json_integer(j, NULL, s->thawed[i]);
    rb_json_close(j);
}

static void put_top(rb_json *j, const rb_top *t)
{
    rb_json_open(j, "top", '[');
    for (int i = 0; i < t->count; i++) {
        rb_json_open(j, NULL, '{');
        rb_json_integer(j, "epoch", t->at[i].epoch);
        rb_json_real(j, "cost", t->at[i].cost);
        rb_json_close(j);
    }
    rb_json_close(j);
}

// A number that is none yet is null.
static void put_row(rb_json *j, const struct row *r, const void *at)
{
    switch (r->kind) {
    case INTEGER:
        rb_json_integer(j, r->key, *(const int *)at);
        break;
    case BIG:
        rb_json_integer(j, r->key, *(const int64_t *)at);
        break;
    case REAL:
        rb_json_real(j, r->key, *(const double *)at);
        break;
    case TRUTH:
        rb_json_bool(j, r->key, *(const bool *)at);
        break;
    }
}

const char *rb_state_text(rb_arena *a, const rb_state *s)
{
    rb_json *j = rb_json_new(a);
    rb_json_open(j, NULL, '{');
    for (int i = 0; i < ROWS; i++) put_row(j, &rows[i], (const char *)s + rows[i].offset);
    put_thaws(j, s);
    put_top(j, &s->top);
    put_names(j, "bad", s->bad);
    put_names(j, "lost", s->lost);
    rb_json_close(j);
    return rb_json_text(j);
}

// ---- reading -------------------------------------------------------------------------------------------------------

// null leaves what a fresh state has.
static bool get_row(const json_t *value, const struct row *r, void *at)
{
    switch (r->kind) {
    case INTEGER:
        if (!json_is_integer(value) || json_integer_value(value) < r->min || json_integer_value(value) > INT32_MAX)
            return false;
        *(int *)at = (int)json_integer_value(value);
        return true;
    case BIG:
        if (!json_is_integer(value) || json_integer_value(value) < r->min) return false;
        *(int64_t *)at = json_integer_value(value);
        return true;
    case REAL:
        if (json_is_number(value)) *(double *)at = json_number_value(value);
        return json_is_number(value) || json_is_null(value);
    case TRUTH:
        *(bool *)at = json_is_true(value);
        return json_is_boolean(value);
    }
    return false;
}

static const char *const *get_names(rb_arena *a, const json_t *list)
{
    int count = (int)json_array_size(list);
    const char **names = RB_NEW(a, const char *, count + 1);
    for (int i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(list, (size_t)i));
        names[i] = rb_text_copy(a, name ? name : "");
    }
    return names;
}

static bool get_thaws(const json_t *list, rb_state *out)
{
    out->thaws = (int)json_array_size(list);
    if (!json_is_array(list) || out->thaws > RB_THAWS_MOST) return false;
    for (int i = 0; i < out->thaws; i++) {
        const json_t *updates = json_array_get(list, (size_t)i);
        out->thawed[i] = json_integer_value(updates);
        if (!json_is_integer(updates) || out->thawed[i] < 0) return false;
    }
    return true;
}

static bool get_top(const json_t *list, rb_top *out)
{
    if (!json_is_array(list) || json_array_size(list) > RB_TOP_LIMIT) return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const json_t *epoch = json_object_get(entry, "epoch"), *cost = json_object_get(entry, "cost");
        if (!json_is_integer(epoch) || json_integer_value(epoch) < 0 || json_integer_value(epoch) > INT32_MAX ||
            !json_is_number(cost))
            return false;
        out->at[out->count++] = (rb_top_epoch){(int)json_integer_value(epoch), json_number_value(cost)};
    }
    return true;
}

static bool fail_lacks(const char *key, rb_error *err)
{
    return rb_fail(err, RB_ERR_WEIGHTS, "its training state lacks \"%s\": it is of another version; begin anew", key);
}

static bool read(rb_arena *a, const json_t *root, rb_state *out, rb_error *err)
{
    *out = rb_state_fresh();
    for (int i = 0; i < ROWS; i++)
        if (!get_row(json_object_get(root, rows[i].key), &rows[i], (char *)out + rows[i].offset))
            return fail_lacks(rows[i].key, err);
    if (!get_thaws(json_object_get(root, "thawed"), out)) return fail_lacks("thawed", err);
    if (!get_top(json_object_get(root, "top"), &out->top)) return fail_lacks("top", err);
    out->bad = get_names(a, json_object_get(root, "bad"));
    out->lost = get_names(a, json_object_get(root, "lost"));
    return true;
}

bool rb_state_read(rb_arena *a, const char *text, rb_state *out, rb_error *err)
{
    json_error_t why;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!root) return rb_fail(err, RB_ERR_WEIGHTS, "its training state is not JSON (%s)", why.text);
    bool done = read(a, root, out, err);
    json_decref(root);
    return done;
}
