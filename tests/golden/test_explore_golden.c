// SPDX-License-Identifier: Apache-2.0
// Exploration against others: imagehash and OpenCV on pictures, scikit-learn on points (golden/explore).
#include "check.h"
#include "folder.h"
#include "numbers.h"

#include "explore/look.h"
#include "explore/pca.h"
#include "explore/phash.h"
#include "explore/tsne.h"

#define GOLDEN   "golden/explore/"
#define THUMBS   6
#define PICTURES 6

static rb_image picture_of(rb_arena *a, const char *name, int index, int channels)
{
    rb_error err;
    rb_bytes file;
    rb_image image;
    const char *path = rb_text_format(a, GOLDEN "%s%d.png", name, index);
    check_done(rb_file_read(a, path, 1 << 20, &file, &err), err);
    check_done(rb_image_decode(a, file, channels, &image, &err), err);
    return image;
}

static uint64_t hash_of(const numbers *n, int row)
{
    return (uint64_t)numbers_row(n, row)[0] << 32 | (uint64_t)numbers_row(n, row)[1];
}

// ---- pictures ------------------------------------------------------------------------------------------------------

// Where both begin from the same 32x32 numbers, all bits agree.
static void hashes_of_thumbs_are_those_of_imagehash(void **state)
{
    const place *p = *state;
    numbers n = numbers_read(p->arena, GOLDEN "phash.csv");
    for (int i = 0; i < THUMBS; i++) {
        rb_image thumb = picture_of(p->arena, "thumb", i, 1);
        uint64_t hash[RB_VIEWS];
        rb_phash(thumb.pixels, hash);
        if (hash[0] != hash_of(&n, i)) fail_msg("thumb %d: %016lx, not %016lx", i, hash[0], hash_of(&n, i));
    }
}

// From whole pictures imagehash shrinks with Lanczos' filter and we by areas: coefficients near the median, of which
// there are always two, may fall on its other side. The last picture is one pixel high: nothing to hash.
static void hashes_of_pictures_are_near_those_of_imagehash(void **state)
{
    const place *p = *state;
    numbers n = numbers_read(p->arena, GOLDEN "phash.csv");
    for (int i = 0; i < PICTURES - 1; i++) {
        rb_facts facts;
        uint8_t thumb[RB_THUMB * RB_THUMB];
        float feature[RB_FEATURES];
        rb_error err;
        const char *path = rb_text_format(p->arena, GOLDEN "picture%d.png", i);
        check_done(rb_look(p->arena, path, &facts, thumb, feature, &err), err);
        int bits = __builtin_popcountll(facts.hash[0] ^ hash_of(&n, THUMBS + i));
        if (bits > 2) fail_msg("picture %d: %d bits differ", i, bits);
    }
}

// Sums of whole numbers on both sides.
static void statistics_are_those_of_opencv_and_numpy(void **state)
{
    const place *p = *state;
    numbers n = numbers_read(p->arena, GOLDEN "look.csv");
    assert_int_equal(n.rows, PICTURES);
    for (int i = 0; i < n.rows; i++) {
        rb_facts f;
        uint8_t thumb[RB_THUMB * RB_THUMB];
        float feature[RB_FEATURES];
        rb_error err;
        const char *path = rb_text_format(p->arena, GOLDEN "picture%d.png", i);
        check_done(rb_look(p->arena, path, &f, thumb, feature, &err), err);
        const double *want = numbers_row(&n, i), *got = f.statistic;
        check_near("brightness", got[RB_BRIGHTNESS], want[0], 1e-12, 0);
        check_near("contrast", got[RB_CONTRAST], want[1], 1e-9, 0);
        check_near("sharpness", got[RB_SHARPNESS], want[2], 1e-12, 0);
        check_near("chroma", got[RB_CHROMA], want[3], 1e-12, 0);
        for (int c = 0; c < 3; c++) {
            check_near("mean", f.mean[c], want[4 + c], 1e-12, 0);
            check_near("std", sqrt(f.square[c] - f.mean[c] * f.mean[c]), want[7 + c], 1e-9, 0);
        }
    }
}

// ---- points --------------------------------------------------------------------------------------------------------

static rb_points points_of(rb_arena *a, const char *file)
{
    numbers n = numbers_read(a, file);
    float *at = RB_NEW(a, float, (ptrdiff_t)n.rows *n.columns);
    for (int i = 0; i < n.rows * n.columns; i++) at[i] = (float)n.at[i];
    return (rb_points){at, n.rows, n.columns};
}

static void check_components(rb_arena *a, rb_points points, const char *file, int k)
{
    numbers want = numbers_read(a, file);
    rb_pca pca = rb_pca_fit(a, points, k);
    assert_int_equal(pca.k, k);
    for (int i = 0; i < k; i++) {
        check_near("variance", pca.variance[i], numbers_row(&want, i)[0], 1e-6, 0);
        check_close("direction", pca.direction + i * pca.d, numbers_row(&want, i) + 1, pca.d, 1e-5);
    }
}

// The points are floats here: 1e-7 of each, and so of their variances; directions bend by that much over the gap
// between variances, which is 0.03 of the largest. Of the 40 numbers in wide.csv the iteration carries 13 directions
// along: it has to find the three.
static void components_are_those_of_scikit_learn(void **state)
{
    const place *p = *state;
    rb_points points = points_of(p->arena, GOLDEN "points.csv");
    for (int k = 1; k <= points.d; k += 3) check_components(p->arena, points, GOLDEN "pca.csv", k);
    check_components(p->arena, points_of(p->arena, GOLDEN "wide.csv"), GOLDEN "pca_wide.csv", 3);
}

// How true a layout is to its points: 1 less the ranks, beyond k, of those that came among a point's k nearest (Venna
// and Kaski, 2001); and the share of the k nearest that stayed among them.
typedef struct fidelity {
    double trust, kept;
} fidelity;

static fidelity fidelity_of(rb_arena *a, rb_points points, rb_points layout, int k)
{
    int n = points.n, *self = RB_NEW(a, int, n), *rank = RB_NEW(a, int, n);
    for (int i = 0; i < n; i++) self[i] = i;
    rb_neighbours far = rb_neighbours_find(a, points, points, self, n - 1);
    rb_neighbours near = rb_neighbours_find(a, layout, layout, self, k);
    double penalty = 0, kept = 0;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n - 1; j++) rank[far.index[i * (n - 1) + j]] = j + 1;
        for (int j = 0; j < k; j++) {
            int r = rank[near.index[i * k + j]];
            penalty += r > k ? r - k : 0;
            kept += r <= k;
        }
    }
    return (fidelity){1 - penalty * 2 / (n * (double)k * (2 * n - 3 * k - 1)), kept / (n * (double)k)};
}

static void tsne_is_as_true_as_that_of_scikit_learn(void **state)
{
    const place *p = *state;
    enum { K = 10 };
    rb_error err;
    float *laid_out;
    rb_points points = points_of(p->arena, GOLDEN "points.csv");
    rb_pca pca = rb_pca_fit(p->arena, points, points.d);
    rb_points turned = {rb_pca_apply(p->arena, &pca, points), points.n, pca.k};
    check_done(rb_tsne(p->arena, turned, &laid_out, &err), err);
    fidelity theirs = fidelity_of(p->arena, points, points_of(p->arena, GOLDEN "tsne.csv"), K);
    fidelity ours = fidelity_of(p->arena, points, (rb_points){laid_out, points.n, 2}, K);
    fidelity flat = fidelity_of(p->arena, points, (rb_points){turned.at, points.n, pca.k}, K);
    print_message("trustworthiness %.4f, scikit-learn's %.4f; of %d nearest kept %.3f, scikit-learn's %.3f\n",
                  ours.trust, theirs.trust, K, ours.kept, theirs.kept);
    assert_true(flat.trust == 1 && flat.kept == 1); // turning changes no distance
    check_near("the measure", theirs.trust, numbers_read(p->arena, GOLDEN "trust.csv").at[0], 1e-6, 0);
    if (ours.trust < theirs.trust - 0.005) fail_msg("trustworthiness %.4f, not %.4f", ours.trust, theirs.trust);
    if (ours.kept < theirs.kept - 0.02) fail_msg("kept %.4f, not %.4f", ours.kept, theirs.kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hashes_of_thumbs_are_those_of_imagehash, place_open, place_close),
        cmocka_unit_test_setup_teardown(hashes_of_pictures_are_near_those_of_imagehash, place_open, place_close),
        cmocka_unit_test_setup_teardown(statistics_are_those_of_opencv_and_numpy, place_open, place_close),
        cmocka_unit_test_setup_teardown(components_are_those_of_scikit_learn, place_open, place_close),
        cmocka_unit_test_setup_teardown(tsne_is_as_true_as_that_of_scikit_learn, place_open, place_close),
    };
    return check_run("explore, golden", tests);
}
