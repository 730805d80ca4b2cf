// SPDX-License-Identifier: Apache-2.0
#include "explore/phash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LOW   8 // coefficients of each direction that are kept
#define PI    3.14159265358979323846
#define COEFS (LOW * LOW)

const char *const rb_view_names[RB_VIEWS] = {"as it is",
                                             "mirrored left to right",
                                             "mirrored top to bottom",
                                             "turned by 180 degrees",
                                             "mirrored along its diagonal",
                                             "turned by 90 degrees",
                                             "turned by 270 degrees",
                                             "mirrored along its other diagonal"};

// C(u, v) = sum_y sum_x f(y, x) cos((2y + 1) u pi / 2N) cos((2x + 1) v pi / 2N)
static void transform(const uint8_t *thumb, double out[COEFS])
{
    double wave[LOW][RB_THUMB], across[RB_THUMB][LOW];
    for (int u = 0; u < LOW; u++)
        for (int x = 0; x < RB_THUMB; x++) wave[u][x] = cos((2 * x + 1) * u * PI / (2 * RB_THUMB));
    for (int y = 0; y < RB_THUMB; y++)
        for (int v = 0; v < LOW; v++) {
            across[y][v] = 0;
            for (int x = 0; x < RB_THUMB; x++) across[y][v] += thumb[y * RB_THUMB + x] * wave[v][x];
        }
    memset(out, 0, COEFS * sizeof *out);
    for (int u = 0; u < LOW; u++)
        for (int y = 0; y < RB_THUMB; y++)
            for (int v = 0; v < LOW; v++) out[u * LOW + v] += across[y][v] * wave[u][y];
}

static void turn(const double in[COEFS], int view, double out[COEFS])
{
    for (int u = 0; u < LOW; u++)
        for (int v = 0; v < LOW; v++) {
            double c = view & RB_VIEW_TRANSPOSE ? in[v * LOW + u] : in[u * LOW + v];
            bool negative = (view & RB_VIEW_MIRROR && v % 2) != (view & RB_VIEW_FLIP && u % 2);
            out[u * LOW + v] = negative ? -c : c;
        }
}

static int by_value(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static uint64_t bits_of(const double c[COEFS])
{
    double sorted[COEFS - 1];
    memcpy(sorted, c + 1, sizeof sorted);
    qsort(sorted, COEFS - 1, sizeof *sorted, by_value);
    double median = sorted[(COEFS - 1) / 2];
    uint64_t bits = 0;
    for (int i = 0; i < COEFS; i++) bits |= (uint64_t)(c[i] > median) << i;
    return bits;
}

void rb_phash(const uint8_t thumb[RB_THUMB * RB_THUMB], uint64_t out[RB_VIEWS])
{
    double as_it_is[COEFS], turned[COEFS];
    transform(thumb, as_it_is);
    for (int view = 0; view < RB_VIEWS; view++) {
        turn(as_it_is, view, turned);
        out[view] = bits_of(turned);
    }
}

void rb_view_turn(const uint8_t in[RB_THUMB * RB_THUMB], int view, uint8_t out[RB_THUMB * RB_THUMB])
{
    for (int y = 0; y < RB_THUMB; y++)
        for (int x = 0; x < RB_THUMB; x++) {
            int from_y = view & RB_VIEW_FLIP ? RB_THUMB - 1 - y : y,
                from_x = view & RB_VIEW_MIRROR ? RB_THUMB - 1 - x : x;
            out[y * RB_THUMB + x] =
                view & RB_VIEW_TRANSPOSE ? in[from_x * RB_THUMB + from_y] : in[from_y * RB_THUMB + from_x];
        }
}
