// SPDX-License-Identifier: Apache-2.0
// judged.h - golden/metrics: scores with labels, and what others said of them.
#ifndef RB_TESTS_JUDGED_H
#define RB_TESTS_JUDGED_H

#include "metric/metric.h"
#include "numbers.h"

#include <jansson.h>

static inline const char *golden(rb_arena *a, const char *name, const char *suffix)
{
    return rb_text_format(a, "golden/metrics/%s%s", name, suffix);
}

static inline rb_scores scores_read(rb_arena *a, const char *name)
{
    numbers n = numbers_read(a, golden(a, name, ".csv"));
    double *score = RB_NEW(a, double, n.rows);
    int *label = RB_NEW(a, int, n.rows);
    for (int i = 0; i < n.rows; i++) {
        label[i] = (int)numbers_row(&n, i)[0];
        score[i] = numbers_row(&n, i)[1];
    }
    return (rb_scores){score, label, n.rows};
}

static inline json_t *results_read(rb_arena *a, const char *name)
{
    json_error_t err;
    json_t *j = json_load_file(golden(a, name, ".json"), 0, &err);
    if (!j) fail_msg("%s:%d: %s", err.source, err.line, err.text);
    return j;
}

static inline double item_of(const json_t *results, const char *key, int i)
{
    const json_t *item = json_array_get(json_object_get(results, key), (size_t)i);
    if (!json_is_number(item)) fail_msg("no number %s[%d]", key, i);
    return json_number_value(item);
}

#endif
