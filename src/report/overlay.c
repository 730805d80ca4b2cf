// SPDX-License-Identifier: Apache-2.0
#include "report/overlay.h"

#include <math.h>
#include <string.h>

const uint8_t rb_heat_colours[RB_HEAT_COLOURS][3] = {
    {56, 24, 112}, // violet
    {168, 38, 110},
    {240, 112, 44},
    {255, 232, 96}, // yellow
};

// ---- the map at every pixel ---------------------------------------------------------------------------------------

// Between which two cells the middle of a pixel lies, and how far from the first.
typedef struct between {
    int low, high;
    double share; // of high
} between;

// Source: bilinear sampling with half-pixel centres, as OpenCV's resize and torch's interpolate have it
static between place(int pixel, int pixels, int cells)
{
    double at = (pixel + 0.5) * cells / pixels - 0.5, low = floor(at);
    between b = {(int)low, (int)low + 1, at - low};
    if (b.low < 0) b.low = 0;
    if (b.high > cells - 1) b.high = cells - 1;
    return b;
}

static double mixed(double low, double high, double share)
{
    return low + (high - low) * share;
}

static double heat_at(rb_cam cam, between y, between x)
{
    const float *upper = cam.at + (ptrdiff_t)y.low * cam.w, *lower = cam.at + (ptrdiff_t)y.high * cam.w;
    return mixed(mixed(upper[x.low], upper[x.high], x.share), mixed(lower[x.low], lower[x.high], x.share), y.share);
}

static double hottest(rb_cam cam)
{
    double most = 0;
    for (int i = 0; i < cam.h * cam.w; i++) most = fmax(most, cam.at[i]);
    return most;
}

// ---- colours ------------------------------------------------------------------------------------------------------

// Heat shows early and hides the picture never.
static double cover(double heat)
{
    return 0.85 * heat / (heat + 0.3);
}

static double colour_at(double heat, size_t channel)
{
    double at = heat * (RB_HEAT_COLOURS - 1);
    int low = at < RB_HEAT_COLOURS - 1 ? (int)at : RB_HEAT_COLOURS - 2;
    return mixed(rb_heat_colours[low][channel], rb_heat_colours[low + 1][channel], at - low);
}

static void paint(uint8_t *pixel, double heat)
{
    double grey = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
    for (size_t c = 0; c < 3; c++) pixel[c] = (uint8_t)lround(mixed(grey, colour_at(heat, c), cover(heat)));
}

rb_image rb_overlay(rb_arena *a, const rb_image *picture, rb_cam cam)
{
    rb_image out = *picture;
    ptrdiff_t bytes = (ptrdiff_t)out.h * out.w * 3;
    out.pixels = memcpy(RB_NEW(a, uint8_t, bytes), picture->pixels, (size_t)bytes);
    double most = hottest(cam);
    for (int y = 0; y < out.h; y++) {
        between row = place(y, out.h, cam.h);
        for (int x = 0; x < out.w; x++)
            paint(out.pixels + ((ptrdiff_t)y * out.w + x) * 3,
                  most > 0 ? heat_at(cam, row, place(x, out.w, cam.w)) / most : 0);
    }
    return out;
}
