// SPDX-License-Identifier: Apache-2.0
// The loader against a plain reading of the same pictures, whatever the threads, the cache and the pictures are.
#include "check.h"
#include "folder.h"

#include "data/cache.h"
#include "data/loader.h"

#include <stdatomic.h>
#include <unistd.h>

enum { PICTURES = 12, SIDE = 8, BATCH = 5, ROW = SIDE * SIDE * 3 };

// ---- pictures ----------------------------------------------------------------------------------------------------

static void put_picture(const place *p, const char *name, int h, int w, uint32_t seed)
{
    rb_image image = {RB_NEW(p->arena, uint8_t, h * w * 3), h, w, 3};
    rb_rng random = rb_rng_at(seed, RB_STREAM_SYNTH, 0, 0, 0);
    for (int i = 0; i < h * w * 3; i++) image.pixels[i] = (uint8_t)rb_rng_below(&random, 256);
    rb_bytes file;
    rb_error err;
    check_done(rb_image_encode_png(p->arena, &image, &file, &err), err);
    place_bytes(p, name, file.data, file.size);
}

// PICTURES pictures of several sizes, every third of class 1.
static const rb_dataset *pictures(const place *p)
{
    const char *paths[PICTURES];
    for (int i = 0; i < PICTURES; i++) {
        const char *name = rb_text_format(p->arena, "%02d.png", i);
        put_picture(p, name, 6 + i, 17 - i, (uint32_t)i);
        paths[i] = place_path(p, name);
    }
    rb_dataset *d = RB_NEW(p->arena, rb_dataset, 1);
    rb_error err;
    check_done(rb_dataset_from_files(p->arena, paths, PICTURES, d, &err), err);
    for (int i = 0; i < PICTURES; i++) d->samples[i].label = i % 3 == 0;
    return d;
}

static rb_loader_spec spec_of(const rb_dataset *d)
{
    return (rb_loader_spec){.data = d, .channels = 3, .image_size = SIDE, .batch_size = BATCH, .workers = 2};
}

static rb_loader *opened(const place *p, rb_loader_spec spec)
{
    rb_loader *l;
    rb_error err;
    check_done(rb_loader_open(p->arena, &spec, &l, &err), err);
    return l;
}

static const rb_batch *next(rb_loader *l)
{
    const rb_batch *b;
    rb_error err;
    check_done(rb_loader_next(l, &b, &err), err);
    return b;
}

// What the loader should make of a picture, step by step.
static const uint8_t *expected(const place *p, const rb_dataset *d, const rb_pass *pass, int draw)
{
    const rb_sample *s = &d->samples[pass->order[draw]];
    rb_bytes file;
    rb_image read, out = {RB_NEW(p->arena, uint8_t, ROW), SIDE, SIDE, 3};
    rb_error err;
    check_done(rb_file_read(p->arena, s->path, RB_IMAGE_MAX_FILE, &file, &err), err);
    check_done(rb_image_decode(p->arena, file, 3, &read, &err), err);
    rb_image_resize(p->arena, &read, RB_BILINEAR, &out);
    if (pass->augmentation)
        rb_pipeline_run(&pass->augmentation[s->label], pass->seed, (uint32_t)draw, pass->epoch, p->arena, &out);
    return out.pixels;
}

static void check_pass(const place *p, rb_loader *l, const rb_dataset *d, const rb_pass *pass)
{
    static const uint8_t zeros[ROW];
    rb_loader_begin(l, pass);
    for (int draw = pass->start; draw < pass->count;) {
        const rb_batch *b = next(l);
        assert_non_null(b);
        assert_int_equal(b->first_draw, draw);
        assert_int_equal(b->n, pass->count - draw < BATCH ? pass->count - draw : BATCH);
        for (int i = 0; i < b->n; i++, draw++) {
            assert_int_equal(b->sample[i], pass->order[draw]);
            assert_false(b->bad[i]);
            assert_null(b->reason[i]);
            assert_memory_equal(b->pixels + i * ROW, expected(p, d, pass, draw), ROW);
        }
        for (int i = b->n; i < BATCH; i++) assert_memory_equal(b->pixels + i * ROW, zeros, ROW);
    }
    assert_null(next(l));
    assert_null(next(l));
}

static const int draws[] = {3, 3, 0, 11, 7, 1, 3, 2, 9, 10, 4, 5, 5, 6, 8, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11};
enum { DRAWS = sizeof draws / sizeof *draws };

// What a pass refers to outlives the test's own frame: where a test fails, threads still read it until the arena ends.
static const rb_pipeline *light_of(const place *p)
{
    rb_augmentation light;
    rb_pipeline *by_label = RB_NEW(p->arena, rb_pipeline, 2);
    rb_error err;
    check_done(rb_augmentation_preset(p->arena, "light", "test", &light, &err), err);
    by_label[0] = light.majority, by_label[1] = light.minority;
    return by_label;
}

// ---- the bytes ---------------------------------------------------------------------------------------------------

static void batches_are_the_same_with_any_threads_and_cache(void **state)
{
    const place *p = *state;
    const rb_dataset *d = pictures(p);
    const rb_pipeline *light = light_of(p);
    static const int workers[] = {1, 2, 4};
    static const int64_t cache[] = {0, ROW * 4 + 1, 1 << 20};
    for (int i = 0; i < 9; i++) {
        rb_loader_spec spec = spec_of(d);
        spec.workers = workers[i % 3];
        spec.cache_bytes = cache[i / 3];
        rb_loader *l = opened(p, spec);
        for (uint32_t epoch = 0; epoch < 3; epoch++) check_pass(p, l, d, &(rb_pass){draws, DRAWS, 0, 77, epoch, light});
        check_pass(p, l, d, &(rb_pass){.order = draws, .count = DRAWS});
    }
}

static void a_picture_drawn_twice_is_changed_twice(void **state)
{
    const place *p = *state;
    const rb_dataset *d = pictures(p);
    const rb_pipeline *light = light_of(p);
    static const int order[40] = {0};
    rb_pass pass = {order, 40, 0, 1, 0, light}, plain = {.order = order, .count = 1};
    const uint8_t *unchanged = expected(p, d, &plain, 0);
    rb_loader_spec spec = spec_of(d);
    spec.cache_bytes = ROW; // what is cached must stay unchanged
    rb_loader *l = opened(p, spec);
    rb_loader_begin(l, &pass);
    int changed = 0;
    for (const rb_batch *b; (b = next(l));)
        for (int i = 0; i < b->n; i++) changed += memcmp(b->pixels + i * ROW, unchanged, ROW) != 0;
    assert_in_range(changed, 8, 32); // of 40, half expected
}

static void to_value(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)random;
    image->pixels = RB_NEW(scratch, uint8_t, ROW); // a step may answer with other pixels
    memset(image->pixels, *(const int *)cfg, ROW);
}

static void classes_have_their_own_pipelines(void **state)
{
    const place *p = *state;
    const rb_dataset *d = pictures(p);
    static const rb_augment fill = {.name = "fill", .apply = to_value};
    static const int values[] = {10, 20};
    static const rb_augment_step rare = {.augment = &fill, .cfg = &values[0], .p = 1};
    static const rb_augment_step common = {.augment = &fill, .cfg = &values[1], .p = 1};
    static const rb_pipeline both[] = {{.steps = &common, .count = 1}, {.steps = &rare, .count = 1}};
    rb_loader *l = opened(p, spec_of(d));
    rb_loader_begin(l, &(rb_pass){draws, DRAWS, 0, 0, 0, both});
    for (const rb_batch *b; (b = next(l));)
        for (int i = 0; i < b->n; i++) {
            assert_int_equal(b->pixels[i * ROW], d->samples[b->sample[i]].label ? 10 : 20);
            assert_int_equal(b->pixels[i * ROW + ROW - 1], b->pixels[i * ROW]);
        }
}

static void grey_pictures_have_one_channel(void **state)
{
    const place *p = *state;
    const rb_dataset *d = pictures(p);
    rb_loader_spec spec = spec_of(d);
    spec.channels = 1;
    rb_loader *l = opened(p, spec);
    rb_loader_begin(l, &(rb_pass){.order = draws, .count = 1});
    rb_bytes file;
    rb_image read, out = {RB_NEW(p->arena, uint8_t, SIDE * SIDE), SIDE, SIDE, 1};
    rb_error err;
    check_done(rb_file_read(p->arena, d->samples[draws[0]].path, RB_IMAGE_MAX_FILE, &file, &err), err);
    check_done(rb_image_decode(p->arena, file, 1, &read, &err), err);
    rb_image_resize(p->arena, &read, RB_BILINEAR, &out);
    assert_memory_equal(next(l)->pixels, out.pixels, SIDE * SIDE);
}

// ---- passes ------------------------------------------------------------------------------------------------------

static void count_run(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)random, (void)scratch, (void)image;
    atomic_fetch_add(*(atomic_int *const *)cfg, 1);
}

static void a_pass_begins_where_it_is_told(void **state)
{
    const place *p = *state;
    const rb_dataset *d = pictures(p);
    rb_loader *l = opened(p, spec_of(d));
    static atomic_int runs;
    static atomic_int *const counter = &runs;
    static const rb_augment count = {.name = "count", .apply = count_run};
    static const rb_augment_step step = {.augment = &count, .cfg = &counter, .p = 1};
    static const rb_pipeline counted[] = {{.steps = &step, .count = 1}, {.steps = &step, .count = 1}};
    check_pass(p, l, d, &(rb_pass){draws, DRAWS, 4 * BATCH, 0, 0, counted});
    assert_int_equal(runs, 2 * (DRAWS - 4 * BATCH)); // the loader's and check_pass's own, none of those before
    check_pass(p, l, d, &(rb_pass){.order = draws, .count = DRAWS, .start = 2 * BATCH});
    check_pass(p, l, d, &(rb_pass){.order = draws, .count = 2 * BATCH, .start = 2 * BATCH}); // nothing left
    check_pass(p, l, d, &(rb_pass){.order = draws, .count = 2 * BATCH});
    check_pass(p, l, d, &(rb_pass){0});
}

static void whiten_late(const void *cfg, rb_rng *random, rb_arena *scratch, rb_image *image)
{
    (void)cfg, (void)random, (void)scratch;
    usleep(3000);
    memset(image->pixels, 255, ROW);
}

static void a_pass_can_be_given_up(void **state)
{
    const place *p = *state;
    const rb_dataset *d = pictures(p);
    static const rb_augment slow = {.name = "slow", .apply = whiten_late};
    static const rb_augment_step step = {.augment = &slow, .p = 1};
    static const rb_pipeline both[] = {{.steps = &step, .count = 1}, {.steps = &step, .count = 1}};
    for (int taken = 0; taken < 4; taken++) {
        rb_loader_spec spec = spec_of(d);
        spec.workers = 4;
        rb_loader *l = opened(p, spec);
        int *order = RB_NEW(p->arena, int, DRAWS); // once the pass is over, no thread reads it
        memcpy(order, draws, sizeof draws);
        rb_loader_begin(l, &(rb_pass){order, DRAWS, 0, 0, 0, both});
        for (int i = 0; i < taken; i++) assert_non_null(next(l));
        usleep(1000); // pictures are under way, and would end up in the next pass
        rb_pass other = {.order = draws + 7, .count = DRAWS - 7};
        rb_loader_begin(l, &other);
        memset(order, 0xFF, sizeof draws);
        check_pass(p, l, d, &other);
    }
}

static void closing_ends_a_pass_that_runs(void **state)
{
    const place *p = *state;
    const rb_dataset *d = pictures(p);
    for (int taken = 0; taken < 4; taken++) {
        rb_arena *a = rb_arena_open();
        rb_loader_spec spec = spec_of(d);
        rb_loader *l;
        rb_error err;
        spec.workers = 1 + taken;
        spec.cache_bytes = 1 << 20;
        check_done(rb_loader_open(a, &spec, &l, &err), err);
        rb_loader_begin(l, &(rb_pass){.order = draws, .count = DRAWS});
        for (int i = 0; i < taken; i++) assert_non_null(next(l));
        rb_arena_close(a); // a thread that still ran would write into memory given back
    }
}

// ---- bad pictures ------------------------------------------------------------------------------------------------

static void the_first_bad_picture_in_order_is_the_error(void **state)
{
    const place *p = *state;
    const rb_dataset *d = pictures(p);
    place_text(p, "09.png", "not a picture");
    assert_int_equal(unlink(d->samples[8].path), 0);
    static const struct {
        int order[8], batches; // good batches before the error
        rb_error_kind kind;
        int bad;
        const char *why;
    } cases[] = {
        {{0, 1, 9, 8, 2, 3, 8, 9}, 0, RB_ERR_DATA, 9, ": neither JPEG nor PNG"},
        {{0, 1, 2, 3, 4, 5, 8, 9}, 1, RB_ERR_IO, 8, ": No such file or directory"},
    };
    for (int i = 0; i < 8; i++) {
        rb_loader_spec spec = spec_of(d);
        spec.workers = 1 + i / 2;
        rb_loader *l = opened(p, spec);
        const rb_batch *b;
        rb_error err;
        rb_loader_begin(l, &(rb_pass){.order = cases[i % 2].order, .count = 8});
        for (int k = 0; k < cases[i % 2].batches; k++) assert_int_equal(next(l)->n, BATCH);
        const char *text = rb_text_format(p->arena, "%s%s", d->samples[cases[i % 2].bad].path, cases[i % 2].why);
        for (int again = 0; again < 2; again++) {
            check_failed(rb_loader_next(l, &b, &err), err, cases[i % 2].kind, text);
            assert_null(b);
        }
        check_pass(p, l, d, &(rb_pass){.order = draws, .count = 3}); // a later pass without them is fine
    }
}

static void bad_pictures_can_be_skipped(void **state)
{
    const place *p = *state;
    const rb_dataset *d = pictures(p);
    place_text(p, "09.png", "not a picture");
    assert_int_equal(unlink(d->samples[8].path), 0);
    rb_loader_spec spec = spec_of(d);
    spec.on_bad_image = RB_BAD_SKIP;
    spec.cache_bytes = 1 << 20;
    rb_loader *l = opened(p, spec);
    static const int order[] = {0, 9, 8, 1};
    static const uint8_t zeros[ROW];
    const rb_pipeline *light = light_of(p);
    for (uint32_t epoch = 0; epoch < 2; epoch++) { // the second time they are not in the cache either
        rb_pass pass = {order, 4, 0, 0, epoch, light};
        rb_loader_begin(l, &pass);
        const rb_batch *b = next(l);
        assert_int_equal(b->n, 4);
        static const bool bad[] = {false, true, true, false};
        assert_memory_equal(b->bad, bad, sizeof bad);
        assert_memory_equal(b->pixels, expected(p, d, &pass, 0), ROW);
        assert_memory_equal(b->pixels + ROW, zeros, ROW);
        assert_memory_equal(b->pixels + 2 * ROW, zeros, ROW);
        assert_memory_equal(b->pixels + 3 * ROW, expected(p, d, &pass, 3), ROW);
        assert_null(b->reason[0]);
        assert_string_equal(b->reason[1], "neither JPEG nor PNG, whatever its name; convert it first");
        assert_string_equal(b->reason[2], "No such file or directory");
    }
}

// ---- the cache ---------------------------------------------------------------------------------------------------

static void the_cache_keeps_what_fits(void **state)
{
    const place *p = *state;
    rb_cache *c;
    rb_error err;
    check_done(rb_cache_open(p->arena, 5, 3, 3 * 3 + 2, &c, &err), err);
    for (uint8_t i = 0; i < 5; i++) {
        assert_null(rb_cache_find(c, i));
        rb_cache_keep(c, i, (uint8_t[]){i, i, i});
        rb_cache_keep(c, i, (uint8_t[]){9, 9, 9}); // there already
    }
    assert_int_equal(rb_cache_count(c), 3);
    for (uint8_t i = 0; i < 5; i++) {
        const uint8_t *found = rb_cache_find(c, i), want[] = {i, i, i};
        assert_int_equal(found != NULL, i < 3); // first come, first kept
        if (found) assert_memory_equal(found, want, 3);
    }
    check_done(rb_cache_open(p->arena, 5, 3, 2, &c, &err), err);
    rb_cache_keep(c, 0, (uint8_t[]){1, 2, 3});
    assert_null(rb_cache_find(c, 0));
    check_failed(rb_cache_open(p->arena, 4, (ptrdiff_t)1 << 46, INT64_MAX, &c, &err), err, RB_ERR_INTERNAL,
                 "for the cache of pictures (lower cache_mb)");
}

static void a_cached_picture_is_not_read_again(void **state)
{
    const place *p = *state;
    const rb_dataset *d = pictures(p);
    rb_loader_spec spec = spec_of(d);
    spec.workers = 1; // so that the first three are the ones kept
    spec.cache_bytes = 3 * ROW;
    rb_loader *l = opened(p, spec);
    static const int order[] = {4, 2, 4, 6, 1};
    rb_pass pass = {.order = order, .count = 5};
    check_pass(p, l, d, &pass);
    for (int i = 0; i < PICTURES; i++) assert_int_equal(unlink(d->samples[i].path), 0);

    rb_loader_begin(l, &(rb_pass){.order = order, .count = 4});
    assert_int_equal(next(l)->n, 4);
    const rb_batch *b;
    rb_error err;
    rb_loader_begin(l, &pass);
    check_failed(rb_loader_next(l, &b, &err), err, RB_ERR_IO, d->samples[1].path);
}

static void the_real_set_is_read_alike_by_one_and_by_four(void **state)
{
    const place *p = *state;
    const char *root = shared_data(p, "data/eurosat_highway");
    if (!root) {
        print_message("no shared/data/eurosat_highway here (RAREBIT_SHARED)\n");
        skip();
    }
    rb_dataset *d = RB_NEW(p->arena, rb_dataset, 1);
    rb_error err;
    check_done(rb_dataset_from_folder(p->arena, rb_path_join(p->arena, root, "val_img"), d, &err), err);
    int *order = RB_NEW(p->arena, int, 300);
    for (int i = 0; i < 300; i++) order[i] = i * 7 % d->count;
    rb_loader *l[2];
    for (int i = 0; i < 2; i++) {
        rb_loader_spec spec = {d, 3, 64, RB_BILINEAR, 64, i ? 4 : 1, i ? 1 << 22 : 0, RB_BAD_ERROR};
        l[i] = opened(p, spec);
        rb_loader_begin(l[i], &(rb_pass){.order = order, .count = 300});
    }
    int rows = 0;
    for (const rb_batch *b, *c; (b = next(l[0])) && (c = next(l[1])); rows += b->n)
        assert_memory_equal(b->pixels, c->pixels, 64 * 64 * 64 * 3);
    assert_int_equal(rows, 300);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(batches_are_the_same_with_any_threads_and_cache),
        TEST(a_picture_drawn_twice_is_changed_twice),
        TEST(classes_have_their_own_pipelines),
        TEST(grey_pictures_have_one_channel),
        TEST(a_pass_begins_where_it_is_told),
        TEST(a_pass_can_be_given_up),
        TEST(closing_ends_a_pass_that_runs),
        TEST(the_first_bad_picture_in_order_is_the_error),
        TEST(bad_pictures_can_be_skipped),
        TEST(the_cache_keeps_what_fits),
        TEST(a_cached_picture_is_not_read_again),
        TEST(the_real_set_is_read_alike_by_one_and_by_four),
    };
    return check_run("loader", tests);
}
