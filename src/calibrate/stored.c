// SPDX-License-Identifier: Apache-2.0
// stored.c - a calibration as the JSON that a checkpoint keeps.
#include "calibrate/calibrate.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#define KNOTS_LIMIT (1 << 20)

static void put_reals(rb_json *j, const char *key, const double *values, int count)
{
    rb_json_open(j, key, '[');
    for (int i = 0; i < count; i++) rb_json_real(j, NULL, values[i]);
    rb_json_close(j);
}

void rb_calibration_to_json(rb_json *j, const char *key, const rb_calibration *c)
{
    if (c->method == RB_CALIBRATE_NONE) {
        rb_json_null(j, key);
        return;
    }
    rb_json_open(j, key, '{');
    rb_json_string(j, "method", rb_calibration_names[c->method]);
    put_reals(j, "shift", c->shift, c->k);
    if (c->method == RB_CALIBRATE_TEMPERATURE) rb_json_real(j, "temperature", c->temperature);
    if (c->method == RB_CALIBRATE_PLATT) {
        rb_json_real(j, "slope", c->slope);
        rb_json_real(j, "offset", c->offset);
    }
    if (c->method == RB_CALIBRATE_ISOTONIC) {
        put_reals(j, "x", c->x, c->knots);
        put_reals(j, "y", c->y, c->knots);
    }
    rb_json_close(j);
}

// ---- reading ------------------------------------------------------------------------------------------------------

static bool lacks(const char *key, rb_error *err)
{
    return rb_fail(err, RB_ERR_WEIGHTS, "calibration: lacks \"%s\", or it makes no sense", key);
}

static bool get_real(const json_t *object, const char *key, double *out, rb_error *err)
{
    const json_t *value = json_object_get(object, key);
    *out = json_number_value(value);
    return (json_is_number(value) && isfinite(*out)) || lacks(key, err);
}

static bool get_reals(rb_arena *a, const json_t *object, const char *key, int count, const double **out, rb_error *err)
{
    const json_t *list = json_object_get(object, key);
    double *values = RB_NEW(a, double, count);
    if (json_array_size(list) != (size_t)count) return lacks(key, err);
    for (int i = 0; i < count; i++) {
        const json_t *value = json_array_get(list, (size_t)i);
        if (!json_is_number(value)) return lacks(key, err);
        values[i] = json_number_value(value);
    }
    *out = values;
    return true;
}

static bool get_map(rb_arena *a, const json_t *object, rb_calibration *out, rb_error *err)
{
    size_t knots = json_array_size(json_object_get(object, "x"));
    if (!knots || knots > KNOTS_LIMIT) return lacks("x", err);
    out->knots = (int)knots;
    if (!get_reals(a, object, "x", out->knots, &out->x, err) || !get_reals(a, object, "y", out->knots, &out->y, err))
        return false;
    for (int i = 1; i < out->knots; i++) {
        if (!(out->x[i] > out->x[i - 1])) return lacks("x", err);
        if (!(out->y[i] >= out->y[i - 1])) return lacks("y", err);
    }
    return (out->y[0] >= 0 && out->y[out->knots - 1] <= 1) || lacks("y", err);
}

static bool get_method(const json_t *object, int *out, rb_error *err)
{
    const char *name = json_string_value(json_object_get(object, "method"));
    for (*out = RB_CALIBRATE_PRIOR; name && *out < RB_CALIBRATIONS; ++*out)
        if (!strcmp(name, rb_calibration_names[*out])) return true;
    return lacks("method", err);
}

static bool get_parameters(rb_arena *a, const json_t *object, rb_calibration *out, rb_error *err)
{
    if (out->k > 1 && out->method > RB_CALIBRATE_TEMPERATURE) return lacks("method", err);
    switch (out->method) {
    case RB_CALIBRATE_TEMPERATURE:
        return get_real(object, "temperature", &out->temperature, err) &&
               (out->temperature > 0 || lacks("temperature", err));
    case RB_CALIBRATE_PLATT:
        return get_real(object, "slope", &out->slope, err) && get_real(object, "offset", &out->offset, err);
    case RB_CALIBRATE_ISOTONIC:
        return get_map(a, object, out, err);
    default:
        return true;
    }
}

bool rb_calibration_read(rb_arena *a, const char *text, int k, rb_calibration *out, rb_error *err)
{
    json_error_t why;
    *out = rb_calibration_none(a, k);
    if (!strcmp(text, "null")) return true;
    json_t *object = json_loads(text, JSON_REJECT_DUPLICATES, &why);
    if (!object) return rb_fail(err, RB_ERR_WEIGHTS, "calibration: is not JSON (%s)", why.text);
    bool done = get_method(object, &out->method, err) && get_reals(a, object, "shift", k, &out->shift, err) &&
                get_parameters(a, object, out, err);
    json_decref(object);
    return done;
}
