// SPDX-License-Identifier: Apache-2.0
// Pixel transforms: each beside its formula in float64, and what their random parameters are distributed like.
#include "augments.h"
#include "numbers.h"

static const rb_augment *named(const char *name)
{
    const rb_augment *const *a = rb_augments;
    while (*a && strcmp((*a)->name, name)) a++;
    if (!*a) fail_msg("no transform %s", name);
    return *a;
}

static void run(rb_arena *a, const char *name, const char *keys, uint32_t draw, rb_image *image)
{
    const rb_augment *augment = named(name);
    void *cfg = rb_arena_take(a, 1, (ptrdiff_t)augment->cfg_bytes + 1);
    settings_fill(a, augment->fields, cfg, keys);
    rb_rng random = rb_rng_at(11, RB_STREAM_AUGMENT, draw, 0, 0);
    int h = image->h, w = image->w, c = image->c;
    augment->apply(cfg, &random, a, image);
    assert_true(image->h == h && image->w == w && image->c == c);
}

static rb_image plain(rb_arena *a, int h, int w, int c, int value)
{
    rb_image image = {RB_NEW(a, uint8_t, (ptrdiff_t)h * w * c), h, w, c};
    memset(image.pixels, value, (size_t)(h * w * c));
    return image;
}

// Noise, of which a part is black, white or the same in all channels.
static rb_image noisy(rb_arena *a, int h, int w, int c)
{
    rb_image image = plain(a, h, w, c, 0);
    rb_rng random = rb_rng_at(5, RB_STREAM_SYNTH, (uint32_t)(h * 100 + w), 0, (uint32_t)c);
    for (int i = 0; i < h * w; i++) {
        int kind = rb_rng_below(&random, 8);
        for (int k = 0; k < c; k++)
            image.pixels[i * c + k] = (uint8_t)(kind == 0   ? 0
                                                : kind == 1 ? 255
                                                : kind == 2 ? i % 256
                                                            : rb_rng_below(&random, 256));
    }
    return image;
}

// ---- formulas -------------------------------------------------------------------------------------------------------

static int mirrored(int i, int n)
{
    int period = n > 1 ? 2 * n - 2 : 1, at = (i % period + period) % period;
    return at < n ? at : period - at;
}

static double at(const rb_image *in, int y, int x, int k)
{
    return in->pixels[(mirrored(y, in->h) * in->w + mirrored(x, in->w)) * in->c + k];
}

static double correlated(const rb_image *in, int y, int x, int k, const double kernel[9])
{
    double sum = 0;
    for (int i = 0; i < 9; i++) sum += kernel[i] * at(in, y + i / 3 - 1, x + i % 3 - 1, k);
    return sum;
}

// What a value becomes; p are the parameters of the case.
typedef double formula(const rb_image *in, int y, int x, int k, const double p[3]);

static double box(const rb_image *in, int y, int x, int k, const double p[3])
{
    int r = (int)p[0] / 2;
    double sum = 0;
    for (int i = -r; i <= r; i++)
        for (int j = -r; j <= r; j++) sum += at(in, y + i, x + j, k);
    return sum / (p[0] * p[0]);
}

static double gauss(const rb_image *in, int y, int x, int k, const double p[3])
{
    int r = (int)p[0] / 2;
    double sum = 0, total = 0;
    for (int i = -r; i <= r; i++)
        for (int j = -r; j <= r; j++) {
            double w = exp(-(i * i + j * j) / (2 * p[1] * p[1]));
            sum += w * at(in, y + i, x + j, k);
            total += w;
        }
    return sum / total;
}

static double pascal(const rb_image *in, int y, int x, int k, const double p[3])
{
    (void)p;
    static const double kernel[] = {1, 2, 1, 2, 4, 2, 1, 2, 1};
    return correlated(in, y, x, k, kernel) / 16;
}

static int order(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

static double median(const rb_image *in, int y, int x, int k, const double p[3])
{
    static uint8_t values[99 * 99];
    int r = (int)p[0] / 2, n = 0;
    for (int i = y - r; i <= y + r; i++)
        for (int j = x - r; j <= x + r; j++) {
            int row = i < 0 ? 0 : i >= in->h ? in->h - 1 : i, column = j < 0 ? 0 : j >= in->w ? in->w - 1 : j;
            values[n++] = in->pixels[(row * in->w + column) * in->c + k];
        }
    qsort(values, (size_t)n, 1, order);
    return values[n / 2];
}

static double sharpened(const rb_image *in, int y, int x, int k, const double p[3])
{
    double a = p[0], n = -a, kernel[] = {n, n, n, n, 1 - a + a * (8 + p[1]), n, n, n, n};
    return correlated(in, y, x, k, kernel);
}

static double embossed(const rb_image *in, int y, int x, int k, const double p[3])
{
    double a = p[0], s = p[1];
    double kernel[] = {a * (-1 - s), a * -s, 0, a * -s, 1 - a + a, a * s, 0, a * s, a * (1 + s)};
    return correlated(in, y, x, k, kernel);
}

static double linear(const rb_image *in, int y, int x, int k, const double p[3])
{
    return (1 + p[0]) * at(in, y, x, k) + p[1] * 255;
}

static double linear_by_mean(const rb_image *in, int y, int x, int k, const double p[3])
{
    double sum = 0;
    int count = in->h * in->w * in->c;
    for (int i = 0; i < count; i++) sum += in->pixels[i];
    return (1 + p[0]) * at(in, y, x, k) + p[1] * sum / count;
}

static double power(const rb_image *in, int y, int x, int k, const double p[3])
{
    return 255 * pow(at(in, y, x, k) / 255, p[0]);
}

static double luminance(const rb_image *in, int y, int x, int k, const double p[3])
{
    (void)p;
    if (in->c == 1) return at(in, y, x, k);
    return 0.299 * at(in, y, x, 0) + 0.587 * at(in, y, x, 1) + 0.114 * at(in, y, x, 2);
}

// By sectors of 60 degrees, as textbooks have it; the transform walks the circle otherwise.
static double shifted(const rb_image *in, int y, int x, int k, const double p[3])
{
    if (in->c == 1) return at(in, y, x, k) + p[2];
    double r = at(in, y, x, 0), g = at(in, y, x, 1), b = at(in, y, x, 2);
    double v = fmax(r, fmax(g, b)), d = v - fmin(r, fmin(g, b)), h = 0, s = v > 0 ? 255 * d / v : 0;
    if (d > 0) h = v == r ? 60 * (g - b) / d : v == g ? 120 + 60 * (b - r) / d : 240 + 60 * (r - g) / d;
    h = fmod(h + 2 * p[0] + 720, 360) / 60;
    s = fmin(255, fmax(0, s + p[1])) / 255;
    v = fmin(255, fmax(0, v + p[2]));
    int sector = (int)h;
    double f = h - sector, low = v * (1 - s), fall = v * (1 - s * f), rise = v * (1 - s * (1 - f));
    double rgb[6][3] = {{v, rise, low}, {fall, v, low}, {low, v, rise}, {low, fall, v}, {rise, low, v}, {v, low, fall}};
    return rgb[sector][k];
}

// A tile's cumulative histogram, clipped, as a table; pixels beyond the border are mirrored.
static double equal_table(const rb_image *in, int top, int left, int h, int w, double clip, int level)
{
    double count[256] = {0}, area = h * w, limit = fmax(1, floor(clip * area / 256)), excess = 0, sum = 0;
    for (int y = top; y < top + h; y++)
        for (int x = left; x < left + w; x++) count[(int)at(in, y, x, 0)]++;
    for (int i = 0; i < 256; i++)
        if (count[i] > limit) {
            excess += count[i] - limit;
            count[i] = limit;
        }
    int batch = (int)excess / 256, rest = (int)excess % 256, step = rest ? 256 / rest : 256;
    for (int i = 0; i < 256; i++) count[i] += batch + (rest && i % step == 0 && i / step < rest);
    for (int i = 0; i <= level; i++) sum += count[i];
    return nearbyint(sum * 255 / area);
}

// p: clip limit, tiles across, tiles down.
static double equalised(const rb_image *in, int y, int x, int k, const double p[3])
{
    (void)k;
    int across = (int)p[1], down = (int)p[2], w = in->w, h = in->h;
    if (w % across || h % down) {
        w += across - w % across;
        h += down - h % down;
    }
    w /= across, h /= down;
    double fx = (double)x / w - 0.5, fy = (double)y / h - 0.5, part[2][2];
    int x1 = (int)floor(fx), y1 = (int)floor(fy);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            int ty = y1 + i < 0 ? 0 : y1 + i >= down ? down - 1 : y1 + i;
            int tx = x1 + j < 0 ? 0 : x1 + j >= across ? across - 1 : x1 + j;
            part[i][j] = equal_table(in, ty * h, tx * w, h, w, p[0], (int)at(in, y, x, 0));
        }
    fx -= x1, fy -= y1;
    return (part[0][0] * (1 - fx) + part[0][1] * fx) * (1 - fy) + (part[1][0] * (1 - fx) + part[1][1] * fx) * fy;
}

static const struct trial {
    const char *name, *keys;
    formula *is;
    double p[3];
    double off; // allowed beside rounding
    bool grey_only;
} trials[] = {
    {"Blur", "blur_limit=3,3", box, {3}, 1e-9, false},
    {"Blur", "blur_limit=5,5", box, {5}, 1e-9, false},
    {"Blur", "blur_limit=33,33", box, {33}, 1e-9, false},
    {"GaussianBlur", "blur_limit=3,3", pascal, {0}, 1e-3, false},
    {"GaussianBlur", "blur_limit=11,11", gauss, {11, 0.3 * 4 + 0.8}, 1e-3, false},
    {"GaussianBlur", "blur_limit=5,5 sigma_limit=2,2", gauss, {5, 2}, 1e-3, false},
    {"GaussianBlur", "blur_limit=0 sigma_limit=0.7,0.7", gauss, {5, 0.7}, 1e-3, false},
    {"MedianBlur", "blur_limit=3,3", median, {3}, 0, false},
    {"MedianBlur", "blur_limit=5,5", median, {5}, 0, false},
    {"MedianBlur", "blur_limit=7,7", median, {7}, 0, false},
    {"MedianBlur", "blur_limit=9,9", median, {9}, 0, false},
    {"MedianBlur", "blur_limit=31,31", median, {31}, 0, false},
    {"Sharpen", "alpha=0.3 lightness=0.7", sharpened, {0.3, 0.7}, 1e-3, false},
    {"Sharpen", "alpha=1 lightness=1", sharpened, {1, 1}, 1e-3, false},
    {"Emboss", "alpha=0.45 strength=0.3", embossed, {0.45, 0.3}, 1e-3, false},
    {"Emboss", "alpha=1 strength=2", embossed, {1, 2}, 1e-3, false},
    {"RandomBrightnessContrast",
     "brightness_limit=0.13,0.13 contrast_limit=-0.17,-0.17",
     linear,
     {-0.17, 0.13},
     1e-3,
     false},
    {"RandomBrightnessContrast", "brightness_limit=-0.2,-0.2 contrast_limit=0.9,0.9", linear, {0.9, -0.2}, 1e-3, false},
    {"RandomBrightnessContrast",
     "brightness_limit=0.2,0.2 contrast_limit=0.1,0.1 brightness_by_max=false",
     linear_by_mean,
     {0.1, 0.2},
     1e-3,
     false},
    {"RandomGamma", "gamma_limit=83", power, {0.83}, 1e-3, false},
    {"RandomGamma", "gamma_limit=120", power, {1.2}, 1e-3, false},
    {"ToGray", "", luminance, {0}, 0.02, false},
    {"HueSaturationValue", "hue_shift_limit=0 sat_shift_limit=0 val_shift_limit=0", shifted, {0}, 1e-3, false},
    {"HueSaturationValue",
     "hue_shift_limit=17.5,17.5 sat_shift_limit=-30,-30 val_shift_limit=12,12",
     shifted,
     {17.5, -30, 12},
     1e-3,
     false},
    {"HueSaturationValue",
     "hue_shift_limit=-180,-180 sat_shift_limit=40,40 val_shift_limit=-20.25,-20.25",
     shifted,
     {-180, 40, -20.25},
     1e-3,
     false},
    {"CLAHE", "clip_limit=2,2 tile_grid_size=8", equalised, {2, 8, 8}, 0.01, true},
    {"CLAHE", "clip_limit=40,40 tile_grid_size=3,2", equalised, {40, 3, 2}, 0.01, true},
};

static const int shapes[][2] = {{1, 1}, {1, 7}, {5, 1}, {2, 3}, {9, 17}, {24, 16}, {13, 70}};

static void check_trial(rb_arena *a, const struct trial *t, const rb_image *in)
{
    rb_image got = plain(a, in->h, in->w, in->c, 0);
    memcpy(got.pixels, in->pixels, (size_t)(in->h * in->w * in->c));
    run(a, t->name, t->keys, 3, &got);
    for (int i = 0; i < in->h * in->w * in->c; i++) {
        int y = i / in->c / in->w, x = i / in->c % in->w, k = i % in->c;
        double want = fmin(255, fmax(0, t->is(in, y, x, k, t->p)));
        bool exact = want == nearbyint(want) && fpclassify(t->off) == FP_ZERO;
        if (fabs(got.pixels[i] - want) > (exact ? 0 : 0.5 + t->off))
            fail_msg("%s %s, %dx%dx%d, row %d, column %d, channel %d: %d, not %.4f", t->name, t->keys, in->h, in->w,
                     in->c, y, x, k, got.pixels[i], want);
    }
}

static void transforms_follow_their_formulas(void **state)
{
    for (int i = 0; i < (int)(sizeof trials / sizeof *trials); i++)
        for (int j = 0; j < (int)(sizeof shapes / sizeof *shapes); j++)
            for (int c = 1; c <= (trials[i].grey_only ? 1 : 3); c += 2) {
                rb_image in = noisy(*state, shapes[j][0], shapes[j][1], c);
                check_trial(*state, &trials[i], &in);
                rb_arena_reset(*state);
            }
}

// The kernel itself is compared in golden/test_augment_golden.c; here, that it is a mean along a line.
static void motion_blur_is_a_mean_of_k_at_most(void **state)
{
    for (uint32_t draw = 0; draw < 500; draw++) {
        rb_image image = plain(*state, 31, 31, 3, 0);
        image.pixels[(15 * 31 + 15) * 3 + 1] = 255;
        run(*state, "MotionBlur", "", draw, &image);
        int taps = 0, value = 0, other = 0;
        for (int i = 0; i < 31 * 31 * 3; i++) {
            if (i % 3 != 1) other += image.pixels[i];
            if (!image.pixels[i]) continue;
            taps++;
            if (value && value != image.pixels[i]) fail_msg("%d and %d in one line", value, image.pixels[i]);
            value = image.pixels[i];
        }
        assert_int_equal(other, 0);
        assert_in_range(taps, 2, 7); // two points differ
        check_near("value", value, 255.0 / taps, 0, 0.5001);
        rb_arena_reset(*state);
    }
}

static void flat_pictures_stay_as_they_are(void **state)
{
    static const char *const names[] = {"Blur", "GaussianBlur", "MedianBlur", "MotionBlur", "Emboss", "ToGray"};
    static const int values[] = {0, 1, 77, 128, 254, 255};
    for (int i = 0; i < 6; i++)
        for (int v = 0; v < 6; v++)
            for (int j = 0; j < (int)(sizeof shapes / sizeof *shapes); j++)
                for (uint32_t draw = 0; draw < 12; draw++) {
                    rb_image image = plain(*state, shapes[j][0], shapes[j][1], draw % 2 ? 3 : 1, values[v]);
                    run(*state, names[i], "", draw, &image);
                    for (int k = 0; k < image.h * image.w * image.c; k++)
                        if (image.pixels[k] != values[v])
                            fail_msg("%s: %d became %d", names[i], values[v], image.pixels[k]);
                    rb_arena_reset(*state);
                }
}

// Lightness alone is equalised: grey stays nearly grey, and a flat colour flat.
static void clahe_keeps_hues(void **state)
{
    rb_image image = noisy(*state, 40, 40, 3);
    for (int i = 0; i < 1600; i++) image.pixels[3 * i + 1] = image.pixels[3 * i + 2] = image.pixels[3 * i];
    run(*state, "CLAHE", "", 0, &image);
    for (int i = 0; i < 1600; i++)
        for (int k = 1; k < 3; k++) check_near("grey", image.pixels[3 * i + k], image.pixels[3 * i], 0, 2);
    static const int tints[][3] = {{200, 30, 40}, {10, 90, 220}, {0, 0, 0}, {255, 255, 255}};
    for (int t = 0; t < 4; t++) {
        rb_image flat = plain(*state, 19, 23, 3, 0);
        for (int i = 0; i < 19 * 23 * 3; i++) flat.pixels[i] = (uint8_t)tints[t][i % 3];
        run(*state, "CLAHE", "", 0, &flat);
        for (int i = 3; i < 19 * 23 * 3; i++) assert_int_equal(flat.pixels[i], flat.pixels[i % 3]);
    }
}

// ---- chance ---------------------------------------------------------------------------------------------------------

static void noise_has_the_variance_asked_for(void **state)
{
    static const double variances[] = {0.5, 10, 50, 400};
    for (int v = 0; v < 4; v++) {
        const int side = 601; // odd: the last value has half a word
        rb_image image = plain(*state, side, side, 1, 128);
        run(*state, "GaussNoise", rb_text_format(*state, "var_limit=%g,%g", variances[v], variances[v]), 1, &image);
        double n = side * side, sum = 0, squares = 0, beside = 0, beyond = 0, last = 0;
        double sigma = sqrt(variances[v]), edge = floor(2 * sigma);
        for (int i = 0; i < side * side; i++) {
            double d = image.pixels[i] - 128;
            sum += d, squares += d * d, beside += d * last, beyond += fabs(d) > edge;
            last = d;
        }
        double want = variances[v] + 1.0 / 12, share = erfc((edge + 0.5) / (sigma * sqrt(2)));
        if (v == 0) want = 0.5833; // sigma near the step of rounding: 1/12 is an approximation there
        check_near("mean", sum / n, 0, 0, 4 * sqrt(want / n));
        check_near("variance", squares / n, want, 4 * sqrt(2 / n) + 1e-3, 1e-3);
        check_near("neighbours", beside / n, 0, 0, 4 * want / sqrt(n));
        check_near("tails", beyond / n, share, 0, 4 * sqrt(share / n) + 2e-5);
        rb_arena_reset(*state);
    }
}

static void noise_is_clipped_and_can_be_none(void **state)
{
    for (int value = 0; value <= 255; value += 255) {
        rb_image image = plain(*state, 64, 64, 3, value);
        run(*state, "GaussNoise", "var_limit=65025,65025", 1, &image);
        int kept = 0;
        for (int i = 0; i < 64 * 64 * 3; i++) kept += image.pixels[i] == value;
        check_near("clipped", kept / 12288.0, 0.5, 0, 4 * 0.5 / 110.8 + 0.002);
    }
    rb_image image = plain(*state, 3, 3, 3, 9);
    run(*state, "GaussNoise", "var_limit=0", 1, &image);
    for (int i = 0; i < 27; i++) assert_int_equal(image.pixels[i], 9);
}

static rb_image impulse(rb_arena *a)
{
    rb_image image = plain(a, 15, 15, 1, 0);
    image.pixels[7 * 15 + 7] = 255;
    return image;
}

static double of_red(const rb_image *m) // hue, while the saturation is whole
{
    return (m->pixels[1] - m->pixels[2]) * 30 / 255.0;
}

static double of_pink(const rb_image *m) // saturation above that of {255, 127, 127}
{
    return 255 - m->pixels[1] - 128;
}

static double of_100(const rb_image *m)
{
    return m->pixels[0] / 100.0;
}

static double of_128(const rb_image *m)
{
    return m->pixels[0] - 128;
}

static double gamma_of(const rb_image *m)
{
    return 100 * log(m->pixels[0] / 255.0) / log(128 / 255.0);
}

static double left_of_impulse(const rb_image *m)
{
    return m->pixels[7 * 15 + 6] / 255.0;
}

static double variance_of(const rb_image *m)
{
    double squares = 0;
    for (int i = 0; i < 64 * 64; i++) squares += (m->pixels[i] - 128.0) * (m->pixels[i] - 128.0);
    return squares / (64 * 64) - 1.0 / 12;
}

// One parameter at its default or given range, the others still; `slack` is what reading it off a picture costs.
static const struct chance {
    const char *name, *keys;
    int start[3]; // the picture, flat; or an impulse
    double (*seen)(const rb_image *m);
    double low, high, slack, bias;
} chances[] = {
    {"RandomBrightnessContrast", "contrast_limit=0", {128, 128, 128}, of_128, -51, 51, 0.51, 0},
    {"RandomBrightnessContrast", "brightness_limit=0", {100, 100, 100}, of_100, 0.8, 1.2, 0.0051, 0},
    {"RandomGamma", "", {128, 128, 128}, gamma_of, 80, 120, 0.7, 0.1},
    {"Sharpen", "lightness=0", {100, 100, 100}, of_100, 0.5, 0.8, 0.0051, 0},
    {"Sharpen", "alpha=1", {100, 100, 100}, of_100, 0.5, 1, 0.0051, 0},
    {"Emboss", "strength=1", {-1}, left_of_impulse, 0.2, 0.5, 0.002, 0},
    {"Emboss", "alpha=1", {-1}, left_of_impulse, 0.2, 0.7, 0.002, 0},
    {"HueSaturationValue", "sat_shift_limit=0 val_shift_limit=0", {255, 0, 0}, of_red, -20, 20, 0.06, 0},
    {"HueSaturationValue", "hue_shift_limit=0 val_shift_limit=0", {255, 127, 127}, of_pink, -30, 30, 0.51, 0},
    {"HueSaturationValue", "hue_shift_limit=0 sat_shift_limit=0", {128, 128, 128}, of_128, -20, 20, 0.51, 0},
    {"GaussNoise", "", {128, 128, 128}, variance_of, 10, 50, 5, 0},
};

static void parameters_are_uniform(void **state)
{
    const int draws = 3000;
    for (const struct chance *c = chances; c < chances + sizeof chances / sizeof *chances; c++) {
        int side = strcmp(c->name, "GaussNoise") ? 1 : 64, channels = strcmp(c->keys, "") ? 3 : 1;
        double sum = 0, least = INFINITY, most = -INFINITY, wide = c->high - c->low;
        for (int d = 0; d < draws; d++) {
            rb_image m = c->start[0] < 0 ? impulse(*state) : plain(*state, side, side, channels, 0);
            for (int i = 0; c->start[0] >= 0 && i < side * side * channels; i++)
                m.pixels[i] = (uint8_t)c->start[i % channels];
            run(*state, c->name, c->keys, (uint32_t)d, &m);
            double seen = c->seen(&m);
            sum += seen, least = fmin(least, seen), most = fmax(most, seen);
            rb_arena_reset(*state);
        }
        const char *what = rb_text_format(*state, "%s %s", c->name, c->keys);
        check_near(what, sum / draws, (c->low + c->high) / 2, 0, 4 * wide / sqrt(12.0 * draws) + c->bias);
        if (least < c->low - c->slack || least > c->low + wide / 50 + c->slack || most > c->high + c->slack ||
            most < c->high - wide / 50 - c->slack)
            fail_msg("%s: from %g to %g", what, least, most);
    }
}

// The side of a kernel, told from the middle of a picture; p is how often it is 3, 5 and 7.
static void sides_are_drawn_evenly(void **state)
{
    static const struct {
        const char *name;
        int seen[3];
        double p[3];
    } cases[] = {
        {"Blur", {28, 10, 5}, {1 / 3.0, 1 / 3.0, 1 / 3.0}},
        {"GaussianBlur", {64, 36, 20}, {0.2, 0.4, 0.4}}, // 3..7, even ones rounded up
        {"MedianBlur", {10, 20, 5}, {1 / 3.0, 1 / 3.0, 1 / 3.0}},
    };
    const int draws = 6000;
    for (int i = 0; i < 3; i++) {
        int count[3] = {0};
        for (int d = 0; d < draws; d++) {
            rb_image m = impulse(*state);
            static const uint8_t rings[] = {0, 10, 20, 5, 0, 0, 0, 0}; // medians over 3, 5, 7 differ
            for (int k = 0; i == 2 && k < 225; k++) {
                int y = abs(k / 15 - 7), x = abs(k % 15 - 7);
                m.pixels[k] = rings[y > x ? y : x];
            }
            run(*state, cases[i].name, "", (uint32_t)d, &m);
            int seen = m.pixels[7 * 15 + 7], j = 0;
            while (j < 3 && seen != cases[i].seen[j]) j++;
            if (j == 3) fail_msg("%s: %d", cases[i].name, seen);
            count[j]++;
            rb_arena_reset(*state);
        }
        for (int j = 0; j < 3; j++) {
            double p = cases[i].p[j];
            check_near(cases[i].name, count[j], draws * p, 0, 4 * sqrt(draws * p * (1 - p)));
        }
    }
}

// blur_limit=7 is 0..7, where 0 asks for a sigma that is not there: sides of 3 to 7, as by default.
static void gaussian_sides_begin_at_3(void **state)
{
    for (uint32_t draw = 0; draw < 200; draw++) {
        rb_image got = impulse(*state), want = impulse(*state), narrow = impulse(*state);
        run(*state, "GaussianBlur", "blur_limit=7", draw, &got);
        run(*state, "GaussianBlur", "", draw, &want);
        assert_memory_equal(got.pixels, want.pixels, 225);
        run(*state, "GaussianBlur", "blur_limit=1", draw, &narrow);
        assert_int_equal(narrow.pixels[7 * 15 + 7], 64); // of a side of 3
    }
}

// ---- one program, many builds ---------------------------------------------------------------------------------------

static uint64_t hash_of(rb_arena *a, const char *name)
{
    uint64_t hash = HASH_BEGIN;
    for (uint32_t draw = 0; draw < 40; draw++) {
        rb_image m = noisy(a, 21 + (int)draw % 5, 30 + (int)draw % 7, draw % 2 ? 3 : 1);
        run(a, name, "", draw, &m);
        hash = hash_picture(hash, &m);
        rb_arena_reset(a);
    }
    return hash;
}

// Results are part of what a seed promises: no compiler, and no change that means well, may alter them unseen.
static void bytes_are_the_same_everywhere(void **state)
{
    static const struct {
        const char *name;
        uint64_t hash; // of 40 pictures at default parameters
    } want[] = {
        {"GaussNoise", 0xaa84536c87222fc5}, {"RandomBrightnessContrast", 0x53de2afc1822aaaa},
        {"Blur", 0xe723ff2a58597bfa},       {"GaussianBlur", 0x01503a3c0bd332d3},
        {"MedianBlur", 0xf92bca8216ab33dd}, {"MotionBlur", 0xf6e5ded59abc6d7a},
        {"CLAHE", 0x4bd4b0ccab0edbc8},      {"Sharpen", 0x4989560b78ddca4e},
        {"Emboss", 0x8e70f0cefe8f16a4},     {"HueSaturationValue", 0xcedf1b0d6ca42b53},
        {"ToGray", 0xa1cefc733c7f162b},     {"RandomGamma", 0x5af5cc8b7210e8c7},
    };
    for (int i = 0; i < (int)(sizeof want / sizeof *want); i++) {
        uint64_t got = hash_of(*state, want[i].name);
        if (got != want[i].hash) fail_msg("%s: 0x%016llx", want[i].name, (unsigned long long)got);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_open, arena_close)
    const struct CMUnitTest tests[] = {
        TEST(transforms_follow_their_formulas), TEST(motion_blur_is_a_mean_of_k_at_most),
        TEST(flat_pictures_stay_as_they_are),   TEST(clahe_keeps_hues),
        TEST(noise_has_the_variance_asked_for), TEST(noise_is_clipped_and_can_be_none),
        TEST(parameters_are_uniform),           TEST(sides_are_drawn_evenly),
        TEST(gaussian_sides_begin_at_3),        TEST(bytes_are_the_same_everywhere),
    };
    return cmocka_run_group_tests_name("augment, pixels", tests, NULL, NULL);
}
