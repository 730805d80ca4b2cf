// SPDX-License-Identifier: Apache-2.0
#include "explore/features.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define CELL       (RB_THUMB / RB_COLOUR_GRID) // pixels on a side
#define DIRECTIONS 8
#define CELLS      (RB_COLOUR_GRID * RB_COLOUR_GRID)
#define PI         3.14159265358979323846

static_assert(CELLS * 3 + 3 + CELLS * DIRECTIONS == RB_FEATURES, "as the header says");

// Gradients are directed: dark to bright is not bright to dark. Between two directions strength is shared.
static void add_gradient(float *cell, int dx, int dy)
{
    double strength = sqrt(dx * dx + dy * dy), at = (atan2(dy, dx) / PI + 1) * (DIRECTIONS / 2.0);
    int low = (int)at;
    double share = at - low;
    cell[low % DIRECTIONS] += (float)(strength * (1 - share));
    cell[(low + 1) % DIRECTIONS] += (float)(strength * share);
}

// A cell's strengths become shares; the constant keeps noise in flat cells small.
static void normalise(float *cell)
{
    float sum = CELL * CELL;
    for (int k = 0; k < DIRECTIONS; k++) sum += cell[k];
    for (int k = 0; k < DIRECTIONS; k++) cell[k] /= sum;
}

static void gradients(const uint8_t *thumb, float *out)
{
    memset(out, 0, CELLS * DIRECTIONS * sizeof *out);
    for (int y = 1; y < RB_THUMB - 1; y++)
        for (int x = 1; x < RB_THUMB - 1; x++) {
            const uint8_t *p = thumb + y * RB_THUMB + x;
            add_gradient(out + (y / CELL * RB_COLOUR_GRID + x / CELL) * DIRECTIONS, p[1] - p[-1],
                         p[RB_THUMB] - p[-RB_THUMB]);
        }
    for (int i = 0; i < CELLS; i++) normalise(out + i * DIRECTIONS);
}

void rb_features(const uint8_t *colour, const uint8_t thumb[RB_THUMB * RB_THUMB], const rb_facts *f,
                 float out[RB_FEATURES])
{
    for (int i = 0; i < CELLS * 3; i++) out[i] = (float)colour[i] / 255;
    out += CELLS * 3;
    for (int c = 0; c < 3; c++) out[c] = (float)sqrt(fmax(f->square[c] - f->mean[c] * f->mean[c], 0));
    gradients(thumb, out + 3);
}
