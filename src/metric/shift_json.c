// SPDX-License-Identifier: Apache-2.0
// shift_json.c - validation's scores as the JSON that a checkpoint keeps.
#include "metric/shift.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_size(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

// Quantile i of k is the score at (i + 1/2) / k of all.
void rb_score_record_of(rb_arena *scratch, const double *score, int n, double prior, rb_score_record *out)
{
    double *sorted = RB_NEW(scratch, double, n);
    memcpy(sorted, score, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_size);
    *out = (rb_score_record){.n = n, .prior = prior, .count = n < RB_QUANTILES ? n : RB_QUANTILES};
    for (int i = 0; i < out->count; i++) out->quantile[i] = sorted[(2 * (int64_t)i + 1) * n / (2 * out->count)];
}

// Scores are floats: nine digits say them.
const char *rb_score_record_text(rb_arena *a, const rb_score_record *r)
{
    char digits[32];
    rb_json *j = rb_json_new(a);
    rb_json_open(j, NULL, '{');
    rb_json_integer(j, "n", r->n);
    rb_json_real(j, "prior", r->prior);
    rb_json_open(j, "quantiles", '[');
    for (int i = 0; i < r->count; i++) {
        snprintf(digits, sizeof digits, "%.9g", r->quantile[i]);
        rb_json_raw(j, NULL, digits);
    }
    rb_json_close(j);
    rb_json_close(j);
    return rb_json_text(j);
}

// ---- reading ------------------------------------------------------------------------------------------------------

static bool makes_no_sense(const char *key, rb_error *err)
{
    return rb_fail(err, RB_ERR_WEIGHTS, "scores: \"%s\" is missing, or makes no sense", key);
}

static bool get_quantiles(const json_t *root, rb_score_record *out, rb_error *err)
{
    const json_t *list = json_object_get(root, "quantiles");
    size_t count = json_array_size(list);
    if (!count || count > RB_QUANTILES || (int)count > out->n) return makes_no_sense("quantiles", err);
    out->count = (int)count;
    for (int i = 0; i < out->count; i++) {
        const json_t *value = json_array_get(list, (size_t)i);
        double score = (double)(float)json_number_value(value);
        if (!json_is_number(value) || !(score >= 0 && score <= 1)) return makes_no_sense("quantiles", err);
        out->quantile[i] = score;
    }
    return true;
}

static bool get_record(const json_t *root, rb_score_record *out, rb_error *err)
{
    const json_t *n = json_object_get(root, "n"), *prior = json_object_get(root, "prior");
    json_int_t pictures = json_integer_value(n);
    if (!json_is_integer(n) || pictures < 1 || pictures > INT32_MAX) return makes_no_sense("n", err);
    *out = (rb_score_record){.n = (int)pictures, .prior = json_is_number(prior) ? json_number_value(prior) : NAN};
    if (!json_is_null(prior) && !(out->prior > 0 && out->prior < 1)) return makes_no_sense("prior", err);
    return get_quantiles(root, out, err);
}

bool rb_score_record_read(const char *text, rb_score_record *out, rb_error *err)
{
    json_error_t why;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!root) return rb_fail(err, RB_ERR_WEIGHTS, "scores: is not JSON (%s)", why.text);
    bool done = get_record(root, out, err);
    json_decref(root);
    return done;
}
