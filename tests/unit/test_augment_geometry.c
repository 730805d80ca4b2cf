// SPDX-License-Identifier: Apache-2.0
// Geometric transforms: each beside its formula in double, written anew here.
#include "sampled.h"

static const struct shape {
    int h, w, c;
} shapes[] = {{1, 1, 1},   {1, 1, 3},   {1, 7, 3},   {7, 1, 1},   {2, 2, 3},  {3, 3, 1},
              {17, 17, 3}, {16, 16, 1}, {13, 31, 3}, {40, 22, 1}, {64, 64, 3}};
#define SHAPES ((int)(sizeof shapes / sizeof *shapes))

// ---- a transform beside its places ---------------------------------------------------------------------------------

typedef void oracle(rb_arena *a, const rb_image *in, rb_rng random, field at);

static void check_transform(rb_arena *a, const char *name, const char *with, oracle *places)
{
    const rb_augment_step *step = one_step(a, name, with);
    for (int i = 0; i < SHAPES; i++)
        for (uint32_t draw = 0; draw < 8; draw++) {
            rb_image in = noise_picture(a, shapes[i].h, shapes[i].w, shapes[i].c);
            rb_image got = run_step(a, step, draw, in);
            field at = new_field(a, &in);
            places(a, &in, numbers_of(draw), at);
            check_sampled(name, &got, &in, at);
        }
}

// ---- exact moves ---------------------------------------------------------------------------------------------------

static void vertical_flip_exchanges_rows(void **state)
{
    for (int s = 0; s < SHAPES; s++) {
        rb_image in = noise_picture(*state, shapes[s].h, shapes[s].w, shapes[s].c);
        rb_image out = run_step(*state, one_step(*state, "VerticalFlip", NULL), 0, in);
        size_t row = (size_t)in.w * (size_t)in.c;
        for (int i = 0; i < in.h; i++)
            assert_memory_equal(out.pixels + (size_t)i * row, in.pixels + (size_t)(in.h - 1 - i) * row, row);
    }
}

// k turns counter-clockwise, one at a time.
static rb_image turned(rb_arena *a, rb_image in, int k)
{
    for (; k > 0; k--) {
        rb_image out = picture_like(a, in);
        for (int i = 0; i < in.h; i++)
            for (int j = 0; j < in.w; j++)
                memcpy(out.pixels + (i * in.w + j) * in.c, in.pixels + (j * in.w + in.w - 1 - i) * in.c, (size_t)in.c);
        in = out;
    }
    return in;
}

static bool same(rb_image p, rb_image q)
{
    return !memcmp(p.pixels, q.pixels, (size_t)p.h * (size_t)p.w * (size_t)p.c);
}

static void rotate90_turns_squares_by_all_four(void **state)
{
    const rb_augment_step *step = one_step(*state, "RandomRotate90", NULL);
    for (int s = 0; s < 4; s++) {
        rb_image in = noise_picture(*state, 5 + s, 5 + s, s % 2 ? 3 : 1);
        rb_image want[4];
        for (int k = 0; k < 4; k++) want[k] = turned(*state, in, k);
        int seen[4] = {0};
        for (uint32_t draw = 0; draw < 4000; draw++) {
            rb_image out = run_step(*state, step, draw, in);
            int k = 0;
            while (k < 4 && !same(out, want[k])) k++;
            assert_true(k < 4);
            rb_rng random = numbers_of(draw);
            assert_int_equal(k, rb_rng_below(&random, 4));
            seen[k]++;
        }
        for (int k = 0; k < 4; k++) check_near("turns", seen[k], 1000, 0, 4 * sqrt(4000 * 0.25 * 0.75));
    }
}

static void rotate90_turns_others_by_half(void **state)
{
    const rb_augment_step *step = one_step(*state, "RandomRotate90", NULL);
    rb_image in = noise_picture(*state, 4, 7, 3), half = picture_like(*state, in);
    for (int i = 0; i < 28; i++) memcpy(half.pixels + i * 3, in.pixels + (27 - i) * 3, 3);
    int halves = 0;
    for (uint32_t draw = 0; draw < 4000; draw++) {
        rb_image out = run_step(*state, step, draw, in);
        assert_true(same(out, in) || same(out, half));
        halves += same(out, half);
    }
    check_near("halves", halves, 2000, 0, 4 * sqrt(4000 * 0.25));
    rb_image one = noise_picture(*state, 1, 1, 3);
    assert_true(same(run_step(*state, step, 1, one), one));
}

// Angles are drawn, so that a right one needs a step of its own: its limit put where the draw makes it 90 degrees.
static void rotate_by_right_angles_moves_pixels(void **state)
{
    int met = 0;
    for (uint32_t draw = 0; draw < 400; draw++) {
        rb_rng random = numbers_of(draw);
        double unit = 2 * rb_rng_unit(&random) - 1; // angle = unit * limit
        for (int k = 1; k <= 3; k++) {
            double limit = 90.0 * k / fabs(unit);
            if (limit > 360) continue;
            rb_augment_step step = *one_step(*state, "Rotate", NULL);
            step.cfg = &(rb_range){-limit, limit};
            rb_image in = noise_picture(*state, 16 + (int)draw % 2, 16 + (int)draw % 2, draw % 3 ? 3 : 1);
            assert_true(same(run_step(*state, &step, draw, in), turned(*state, in, unit > 0 ? k : 4 - k)));
            met++;
        }
    }
    assert_true(met > 300);
}

static void limits_of_zero_change_nothing(void **state)
{
    static const char *const cases[][2] = {
        {"Rotate", "limit=0"},
        {"GridDistortion", "distort_limit=0"},
        {"GridDistortion", "distort_limit=0 num_steps=64 normalized=true"},
        {"OpticalDistortion", "distort_limit=0 shift_limit=0"},
        {"ShiftScaleRotate", "shift_limit=0 scale_limit=0 rotate_limit=0"},
        {"ElasticTransform", "alpha=0 alpha_affine=0 sigma=2"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int s = 0; s < SHAPES; s++) {
            rb_image in = noise_picture(*state, shapes[s].h, shapes[s].w, shapes[s].c);
            assert_true(same(run_step(*state, one_step(*state, cases[i][0], cases[i][1]), 0, in), in));
        }
}

// ---- beside their formulas -----------------------------------------------------------------------------------------

static void rotate_places(rb_arena *a, const rb_image *in, rb_rng random, field at)
{
    (void)a;
    double angle = rb_rng_between(&random, -90, 90) * pi / 180, cx = 0.5 * (in->w - 1), cy = 0.5 * (in->h - 1);
    for (int i = 0; i < in->h; i++)
        for (int j = 0; j < in->w; j++) {
            at.x[i * in->w + j] = cos(angle) * (j - cx) - sin(angle) * (i - cy) + cx;
            at.y[i * in->w + j] = sin(angle) * (j - cx) + cos(angle) * (i - cy) + cy;
        }
}

static void rotate_samples_at_its_formula(void **state)
{
    check_transform(*state, "Rotate", "limit=90", rotate_places);
}

// The broken line through (i (n-1)/cells, running sum of steps).
static void line_places(int n, int cells, double limit, bool normalized, rb_rng *random, double *at)
{
    double knot[65] = {0};
    for (int i = 0; i < cells; i++) knot[i + 1] = knot[i] + 1 + rb_rng_between(random, -limit, limit);
    double unit = normalized ? (n - 1) / knot[cells] : (double)(n - 1) / cells;
    for (int j = 0; j < n; j++) {
        double t = n > 1 ? (double)j / (n - 1) * cells : 0;
        int i = (int)t < cells ? (int)t : cells - 1;
        at[j] = unit * (knot[i] + (t - i) * (knot[i + 1] - knot[i]));
    }
}

static void spread(rb_arena *a, const rb_image *in, rb_rng random, field at, int cells, double limit, bool normalized)
{
    double *x = RB_NEW(a, double, in->w), *y = RB_NEW(a, double, in->h);
    line_places(in->w, cells, limit, normalized, &random, x);
    line_places(in->h, cells, limit, normalized, &random, y);
    for (int i = 0; i < in->h; i++)
        for (int j = 0; j < in->w; j++) at.x[i * in->w + j] = x[j], at.y[i * in->w + j] = y[i];
}

static void grid_places(rb_arena *a, const rb_image *in, rb_rng random, field at)
{
    spread(a, in, random, at, 5, 0.3, false);
}

static void normalized_grid_places(rb_arena *a, const rb_image *in, rb_rng random, field at)
{
    spread(a, in, random, at, 7, 0.9, true);
}

static void grid_distortion_samples_at_its_formula(void **state)
{
    check_transform(*state, "GridDistortion", NULL, grid_places);
    check_transform(*state, "GridDistortion", "num_steps=7 distort_limit=0.9 normalized=true", normalized_grid_places);
}

static void optical_places(rb_arena *a, const rb_image *in, rb_rng random, field at)
{
    (void)a;
    double k = rb_rng_between(&random, -1.5, 1.5);
    double dx = nearbyint(rb_rng_between(&random, -3, 3)), dy = nearbyint(rb_rng_between(&random, -3, 3));
    double mx = 0.5 * (in->w - 1), my = 0.5 * (in->h - 1);
    for (int i = 0; i < in->h; i++)
        for (int j = 0; j < in->w; j++) {
            double r2 = pow((j - mx) / in->w, 2) + pow((i - my) / in->h, 2), s = 1 + k * r2 + k * r2 * r2;
            at.x[i * in->w + j] = mx + dx + (j - mx) * s;
            at.y[i * in->w + j] = my + dy + (i - my) * s;
        }
}

static void optical_distortion_samples_at_its_formula(void **state)
{
    check_transform(*state, "OpticalDistortion", "distort_limit=1.5 shift_limit=3", optical_places);
}

// Noise under the two-dimensional kernel, not the product of two lines of it.
static void smooth(rb_arena *a, const rb_image *in, double sigma, double alpha, rb_rng *random, double *out)
{
    double *u = RB_NEW(a, double, (ptrdiff_t)in->h * in->w), sum = 0;
    for (int i = 0; i < in->h * in->w; i++) u[i] = rb_rng_between(random, -1, 1);
    int radius = (int)floor(4 * sigma + 0.5);
    for (int p = -radius; p <= radius; p++)
        for (int q = -radius; q <= radius; q++) sum += exp(-(p * p + q * q) / (2 * sigma * sigma));
    for (int i = 0; i < in->h; i++)
        for (int j = 0; j < in->w; j++) {
            double d = 0;
            for (int p = -radius; p <= radius; p++)
                for (int q = -radius; q <= radius; q++)
                    d += exp(-(p * p + q * q) / (2 * sigma * sigma)) *
                         u[mirrored(i + p, in->h) * in->w + mirrored(j + q, in->w)];
            out[i * in->w + j] = alpha * d / sum;
        }
}

// Cramer's rule on m (tx, ty, 1) = f at three points, for both rows of the affine map.
static void solve3(double t[3][2], const double f[3], double out[3])
{
    double det = t[0][0] * (t[1][1] - t[2][1]) - t[0][1] * (t[1][0] - t[2][0]) + t[1][0] * t[2][1] - t[2][0] * t[1][1];
    out[0] = (f[0] * (t[1][1] - t[2][1]) - t[0][1] * (f[1] - f[2]) + f[1] * t[2][1] - f[2] * t[1][1]) / det;
    out[1] = (t[0][0] * (f[1] - f[2]) - f[0] * (t[1][0] - t[2][0]) + t[1][0] * f[2] - t[2][0] * f[1]) / det;
    out[2] = f[0] - out[0] * t[0][0] - out[1] * t[0][1];
}

static void elastic_places(rb_arena *a, const rb_image *in, rb_rng random, field at)
{
    const double sigma = 2.5, alpha = 20, jitter = 1.5;
    double s = floor((in->h < in->w ? in->h : in->w) / 3.0), c[2] = {floor(in->w / 2.0), floor(in->h / 2.0)};
    const double sign[3][2] = {{1, 1}, {1, -1}, {-1, -1}};
    double moved[3][2], fx[3], fy[3], mx[3] = {1, 0, 0}, my[3] = {0, 1, 0};
    for (int i = 0; i < 3; i++) {
        fx[i] = c[0] + s * sign[i][0], fy[i] = c[1] + s * sign[i][1];
        moved[i][0] = fx[i] + rb_rng_between(&random, -jitter, jitter);
        moved[i][1] = fy[i] + rb_rng_between(&random, -jitter, jitter);
    }
    if (s > 0) solve3(moved, fx, mx), solve3(moved, fy, my);
    smooth(a, in, sigma, alpha, &random, at.x);
    smooth(a, in, sigma, alpha, &random, at.y);
    for (int i = 0; i < in->h * in->w; i++) {
        double x = i % in->w + at.x[i], y = i / in->w + at.y[i]; // NOLINT: whole rows
        at.x[i] = mx[0] * x + mx[1] * y + mx[2];
        at.y[i] = my[0] * x + my[1] * y + my[2];
    }
}

static void elastic_transform_samples_at_its_formula(void **state)
{
    check_transform(*state, "ElasticTransform", "alpha=20 sigma=2.5 alpha_affine=1.5", elastic_places);
}

// OpenCV's matrix, inverted: [s cos, s sin; -s sin, s cos] about the centre, then the shift.
static void shift_scale_rotate_places(rb_arena *a, const rb_image *in, rb_rng random, field at)
{
    (void)a;
    double angle = rb_rng_between(&random, -180, 180) * pi / 180, s = 1 + rb_rng_between(&random, -0.5, 0.8);
    double dx = rb_rng_between(&random, -0.3, 0.3) * in->w, dy = rb_rng_between(&random, -0.3, 0.3) * in->h;
    double alpha = s * cos(angle), beta = s * sin(angle), cx = 0.5 * (in->w - 1), cy = 0.5 * (in->h - 1);
    double bx = (1 - alpha) * cx - beta * cy + dx, by = beta * cx + (1 - alpha) * cy + dy,
           det = alpha * alpha + beta * beta;
    for (int i = 0; i < in->h; i++)
        for (int j = 0; j < in->w; j++) {
            at.x[i * in->w + j] = (alpha * (j - bx) - beta * (i - by)) / det;
            at.y[i * in->w + j] = (beta * (j - bx) + alpha * (i - by)) / det;
        }
}

static void shift_scale_rotate_samples_at_its_formula(void **state)
{
    check_transform(*state, "ShiftScaleRotate", "shift_limit=0.3 scale_limit=-0.5,0.8 rotate_limit=180",
                    shift_scale_rotate_places);
}

typedef struct matrix {
    double at[3][3];
} matrix;

static matrix times(matrix p, matrix q)
{
    matrix out = {{{0}}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            for (int k = 0; k < 3; k++) out.at[i][j] += p.at[i][k] * q.at[k][j];
    return out;
}

// Where `m` takes from: Cramer's rule on m (x, y, 1) = (j, i, 1).
static void fill_inverse(const rb_image *in, matrix m, field at)
{
    double det = m.at[0][0] * m.at[1][1] - m.at[0][1] * m.at[1][0];
    for (int i = 0; i < in->h; i++)
        for (int j = 0; j < in->w; j++) {
            double u = j - m.at[0][2], v = i - m.at[1][2];
            at.x[i * in->w + j] = (u * m.at[1][1] - m.at[0][1] * v) / det;
            at.y[i * in->w + j] = (m.at[0][0] * v - u * m.at[1][0]) / det;
        }
}

typedef struct affine_limits {
    double scale[2], shift, angle, shear;
    bool keep_ratio;
} affine_limits;

static void chained_places(const rb_image *in, rb_rng random, const affine_limits *l, field at)
{
    double dx = rb_rng_between(&random, -l->shift, l->shift) * in->w;
    double dy = rb_rng_between(&random, -l->shift, l->shift) * in->h;
    double sx = rb_rng_between(&random, l->scale[0], l->scale[1]);
    double sy = l->keep_ratio ? sx : rb_rng_between(&random, l->scale[0], l->scale[1]);
    double p = tan(rb_rng_between(&random, -l->shear, l->shear) * pi / 180);
    double q = tan(rb_rng_between(&random, -l->shear, l->shear) * pi / 180);
    double angle = rb_rng_between(&random, -l->angle, l->angle) * pi / 180;
    double cx = 0.5 * (in->w - 1), cy = 0.5 * (in->h - 1), c = cos(angle), s = sin(angle);
    const matrix back = {{{1, 0, -cx}, {0, 1, -cy}, {0, 0, 1}}}, scale = {{{sx, 0, 0}, {0, sy, 0}, {0, 0, 1}}};
    const matrix turn = {{{c, s, 0}, {-s, c, 0}, {0, 0, 1}}}, shear = {{{1, p, 0}, {q, 1, 0}, {0, 0, 1}}};
    const matrix forth = {{{1, 0, cx + dx}, {0, 1, cy + dy}, {0, 0, 1}}};
    fill_inverse(in, times(forth, times(shear, times(turn, times(scale, back)))), at);
}

static void affine_places(rb_arena *a, const rb_image *in, rb_rng random, field at)
{
    (void)a;
    chained_places(in, random, &(affine_limits){{0.5, 1.6}, 0.3, 180, 40, false}, at);
}

static void uniform_affine_places(rb_arena *a, const rb_image *in, rb_rng random, field at)
{
    (void)a;
    chained_places(in, random, &(affine_limits){{0.5, 2}, 0, 0, 0, true}, at);
}

static void recipe_places(rb_arena *a, const rb_image *in, rb_rng random, field at)
{
    (void)a;
    chained_places(in, random, &(affine_limits){{0.9, 1.1}, 0.1, 15, 10, false}, at);
}

static void affine_samples_at_its_formula(void **state)
{
    check_transform(*state, "Affine", "scale=0.5,1.6 translate_percent=-0.3,0.3 rotate=-180,180 shear=-40,40",
                    affine_places);
    check_transform(*state, "Affine", "scale=0.5,2 keep_ratio=true", uniform_affine_places);
    check_transform(*state, "Affine", NULL, recipe_places);
    check_transform(*state, "Affine", "scale=1 rotate=0,0", recipe_places);
}

// Where a resized part comes from: never outside it.
static double from_part(int i, int size, int first, int part)
{
    return first + fmin(fmax((i + 0.5) * part / size - 0.5, 0), part - 1);
}

static void crop_places(rb_arena *a, const rb_image *in, rb_rng random, field at)
{
    (void)a;
    int h = 0, w = 0, top = 0, left = 0, tries = 0;
    for (bool fits = false; !fits && tries < 10; tries++) {
        double area = rb_rng_between(&random, 0.08, 1) * in->h * in->w;
        double aspect = exp(rb_rng_between(&random, log(0.75), log(4 / 3.0)));
        w = (int)nearbyint(sqrt(area * aspect)), h = (int)nearbyint(sqrt(area / aspect));
        fits = h > 0 && w > 0 && h <= in->h && w <= in->w;
        if (fits)
            top = rb_rng_below(&random, in->h - h + 1), left = rb_rng_below(&random, in->w - w + 1);
        else
            h = w = 0;
    }
    if (!h) { // the middle
        h = in->h, w = in->w;
        if (w < 0.75 * h)
            h = (int)fmax(1, nearbyint(w / 0.75));
        else if (w > 4 / 3.0 * h)
            w = (int)fmax(1, nearbyint(h * 4 / 3.0));
        top = (in->h - h) / 2, left = (in->w - w) / 2;
    }
    for (int i = 0; i < in->h; i++)
        for (int j = 0; j < in->w; j++) {
            at.x[i * in->w + j] = from_part(j, in->w, left, w);
            at.y[i * in->w + j] = from_part(i, in->h, top, h);
        }
}

static void random_resized_crop_samples_at_its_formula(void **state)
{
    check_transform(*state, "RandomResizedCrop", NULL, crop_places);
}

// The same part, whether resized at once or composed with what follows.
static void composed_crops_sample_at_their_formula(void **state)
{
    rb_step_row rows[] = {{.name = "RandomResizedCrop", .with = "p=1"}, {.name = "HorizontalFlip", .with = "p=1"}, {0}};
    rb_pipeline p;
    rb_error err;
    check_done(rb_pipeline_build(*state, rows, "test", &p, &err), err);
    p.compose = true;
    for (int s = 0; s < SHAPES; s++)
        for (uint32_t draw = 0; draw < 8; draw++) {
            rb_image in = noise_picture(*state, shapes[s].h, shapes[s].w, shapes[s].c), got = picture_like(*state, in);
            rb_pipeline_run(&p, SEED, draw, 0, *state, &got);
            field at = new_field(*state, &in), flipped = new_field(*state, &in);
            crop_places(*state, &in, numbers_of(draw), at);
            for (int i = 0; i < in.h * in.w; i++) {
                int there = i / in.w * in.w + in.w - 1 - i % in.w;
                flipped.x[i] = at.x[there], flipped.y[i] = at.y[there];
            }
            check_sampled("crop", &got, &in, flipped);
        }
}

// The largest parameters send places far outside, where they are held: any pixel, but no trap.
static void extreme_parameters_are_harmless(void **state)
{
    static const char *const cases[][2] = {
        {"OpticalDistortion", "distort_limit=100 shift_limit=10000"},
        {"ElasticTransform", "alpha=100000 sigma=0.1 alpha_affine=10000"},
        {"ElasticTransform", "sigma=500"},
        {"GridDistortion", "distort_limit=1 num_steps=64 normalized=true"},
        {"GridDistortion", "num_steps=1"},
        {"Rotate", "limit=360"},
        {"ShiftScaleRotate", "shift_limit=10 scale_limit=-0.99,10 rotate_limit=360"},
        {"Affine", "scale=0.01,100 translate_percent=-10,10 rotate=-360,360 shear=-44,44"},
        {"RandomResizedCrop", "scale=0.0001,1 ratio=0.01,100"},
        {"RandomResizedCrop", "scale=1 ratio=100"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int s = 0; s < SHAPES; s++)
            for (uint32_t draw = 0; draw < 4; draw++)
                run_step(*state, one_step(*state, cases[i][0], cases[i][1]), draw,
                         noise_picture(*state, shapes[s].h, shapes[s].w, shapes[s].c));
}

// ---- what they share -----------------------------------------------------------------------------------------------

static void halves_round_to_even(void **state)
{
    (void)state;
    for (int i = -8; i <= 4 * 256; i++) { // quarters
        double want = fmin(fmax(nearbyint(i / 4.0), 0), 255);
        assert_int_equal(rb_level((float)i / 4), (int)want);
    }
}

static void borders_mirror_without_repeating_the_edge(void **state)
{
    (void)state;
    for (int n = 1; n < 6; n++)
        for (int i = -40; i < 40; i++) assert_int_equal(rb_reflect_101(i, n), mirrored(i, n));
    assert_int_equal(rb_reflect_101(-1, 8), 1);
    assert_int_equal(rb_reflect_101(8, 8), 6);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_open, arena_close)
    const struct CMUnitTest tests[] = {
        TEST(vertical_flip_exchanges_rows),
        TEST(rotate90_turns_squares_by_all_four),
        TEST(rotate90_turns_others_by_half),
        TEST(rotate_by_right_angles_moves_pixels),
        TEST(limits_of_zero_change_nothing),
        TEST(rotate_samples_at_its_formula),
        TEST(grid_distortion_samples_at_its_formula),
        TEST(optical_distortion_samples_at_its_formula),
        TEST(elastic_transform_samples_at_its_formula),
        TEST(shift_scale_rotate_samples_at_its_formula),
        TEST(affine_samples_at_its_formula),
        TEST(random_resized_crop_samples_at_its_formula),
        TEST(composed_crops_sample_at_their_formula),
        TEST(extreme_parameters_are_harmless),
        TEST(halves_round_to_even),
        TEST(borders_mirror_without_repeating_the_edge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
