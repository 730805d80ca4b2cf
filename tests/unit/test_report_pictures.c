// SPDX-License-Identifier: Apache-2.0
// test_report_pictures.c - galleries of a run and their heat maps: who is asked for what, and what becomes of no
// answer.
#include "check.h"
#include "folder.h"

#include "report/gallery.h"
#include "report/report.h"
#include "report/scores.h"

#include <sys/resource.h>

#define LOG \
    "{\"type\":\"run\",\"t_s\":0.1,\"model\":\"m\",\"num_epochs\":3,\"classes\":[\"cat\",\"dog\"]}\n" \
    "{\"type\":\"end\",\"status\":\"done\"}\n"
// At .5: a is wrongly accepted, b and d are right, c is wrongly rejected, e is not there, f is right.
#define SPLIT \
    "path,label,split,group\n" \
    "a.png,0,test,\nb.png,1,test,\nc.png,1,test,\nd.png,0,test,\ne.png,0,test,\nf.png,0,test,\n"
#define PROBA "0.9\n0.8\n0.3\n0.25\n0.6\n0.05\n"

static const char *const names[] = {"a.png", "b.png", "c.png", "d.png", "f.png"};

// All of them alike.
static void draw(const place *p, int h, int w)
{
    rb_error err = {0};
    rb_bytes file;
    rb_arena *scratch = rb_arena_open();
    uint8_t *pixels = RB_NEW(scratch, uint8_t, (ptrdiff_t)h * w * 3);
    for (int i = 0; i < h * w * 3; i++) pixels[i] = (uint8_t)(i % 3 * 60);
    check_done(rb_image_encode_png(scratch, &(rb_image){pixels, h, w, 3}, &file, &err), err);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        place_bytes(p, rb_text_format(p->arena, "run/%s", names[i]), file.data, file.size);
    rb_arena_close(scratch);
}

static const rb_past *past_of(const place *p, int h, int w)
{
    rb_error err = {0};
    rb_past *past = RB_NEW(p->arena, rb_past, 1);
    place_text(p, "run/log.jsonl", LOG);
    place_text(p, "run/split.csv", SPLIT);
    place_text(p, "run/config.yaml", rb_text_format(p->arena, "root_dir: %s\nmanifest: null\n", place_path(p, "run")));
    place_text(p, "run/metrics.json", "{\"threshold\": 0.5}");
    place_text(p, "run/test.proba", PROBA);
    draw(p, h, w);
    check_done(rb_past_read(p->arena, place_path(p, "run"), past, &err), err);
    return past;
}

// Who makes maps: notes what is asked, and knows d.png no more.
typedef struct asked {
    rb_arena *arena;
    const char *names; // "a.png=1 ", in order
    int calls;
    rb_error_kind fails; // 0: does not
} asked;

static bool make(void *context, rb_arena *a, const rb_past *run, const rb_cam_ask *asks, int count, rb_cam *out,
                 rb_error *err)
{
    static const float map[6] = {0, 0, 1, 0, 0, 0};
    asked *who = context;
    (void)a, (void)run;
    who->calls++;
    if (who->fails) return rb_fail(err, who->fails, "no <network>");
    for (int i = 0; i < count; i++) {
        const char *name = rb_path_name(asks[i].path);
        who->names = rb_text_format(who->arena, "%s%s=%d ", who->names, name, asks[i].class);
        if (strcmp(name, "d.png") != 0) out[i] = (rb_cam){map, 2, 3};
    }
    return true;
}

static rb_page *page_of(place *p, asked *who, bool *done, rb_error *err)
{
    rb_cam_maker maker = {make, who};
    who->arena = p->arena;
    who->names = "";
    rb_page *page = rb_page_new(p->arena, "page", "command");
    *done = rb_report_pictures(page, past_of(p, 300, 600), &(rb_report_spec){.pictures = 9, .cams = &maker}, err);
    return page;
}

static const rb_block *find(const rb_page *p, rb_block_kind kind, const char *part)
{
    for (const rb_block *b = p->first; b; b = b->next)
        if (b->kind == kind && strstr(b->title ? b->title : b->text, part)) return b;
    return NULL;
}

// ---- tests --------------------------------------------------------------------------------------------------------

static void maps_are_asked_for_what_was_decided(void **state)
{
    place *p = *state;
    rb_error err = {0};
    bool done;
    asked who = {0};
    const rb_page *page = page_of(p, &who, &done, &err);
    check_done(done, err);
    assert_string_equal(who.names, "a.png=1 c.png=0 c.png=0 d.png=0 b.png=1 a.png=1 f.png=0 ");
    const rb_block *text = find(page, RB_BLOCK_TEXT, "Heat maps show");
    assert_non_null(text);
    assert_non_null(strstr(text->text, "2 × 3 cells"));
    assert_null(find(page, RB_BLOCK_NOTE, ""));
    const rb_block *b = find(page, RB_BLOCK_GALLERY, "Least sure");
    assert_int_equal(b->gallery_count, 5);
    for (int i = 0; i < 5; i++)
        assert_int_equal(b->gallery[i].overlay.size > 0, strcmp(b->gallery[i].name, "d.png") != 0);
}

// The map's hot cell is the last of the upper row.
static void the_overlay_is_the_picture_with_heat_in_its_place(void **state)
{
    place *p = *state;
    rb_error err = {0};
    bool done;
    asked who = {0};
    rb_image overlay;
    const rb_page *page = page_of(p, &who, &done, &err);
    check_done(done, err);
    const rb_block *b = find(page, RB_BLOCK_GALLERY, "Wrongly accepted");
    check_done(rb_image_decode(p->arena, b->gallery[0].overlay, 3, &overlay, &err), err);
    assert_int_equal(overlay.h, RB_SHOT_SIDE / 2);
    assert_int_equal(overlay.w, RB_SHOT_SIDE);
    const uint8_t *hot = overlay.pixels + (10 * RB_SHOT_SIDE + 250) * 3,
                  *cold = overlay.pixels + (120 * RB_SHOT_SIDE + 5) * 3;
    assert_in_range(hot[0] - hot[2], 50, 200);
    assert_in_range(abs(cold[0] - cold[2]), 0, 12);
}

// The logarithm of 52/47 is less than that of 36/32, though the difference is greater; and what a person would look at
// first is what the figure of second looks begins with.
static void least_sure_is_one_thing(void **state)
{
    place *p = *state;
    static const double shares[] = {.36, .32, .32, .52, .47, .01, .9, .05, .05};
    static const int label[] = {0, 1, 2};
    rb_past run = {.class_count = 3};
    rb_part_results r = {.many = {shares, label, 3, 3}, .classes = 3};
    int count;
    const int *order = rb_gallery_order(p->arena, &rb_galleries(&run)[1], &r, &count);
    assert_int_equal(count, 3);
    assert_true(order[0] == 1 && order[1] == 0 && order[2] == 2);

    rb_class_summary m = rb_class_summarise(p->arena, r.many);
    rb_page *page = rb_page_new(p->arena, "t", "");
    rb_show_class_coverage(page, &(rb_class_result){.scores = r.many, .summary = &m});
    // The first is one of the two that are wrong, so that the first look alone halves it.
    assert_non_null(strstr(page->first->text, "To halve it, 33.3"));
}

// Five pictures of 48 MB each; pages know how large they were.
static void one_picture_at_a_time_is_held_whole(void **state)
{
    enum { SIDE = 4000, PICTURE_KB = SIDE * SIDE * 3 / 1024 };
    if (is_sanitized()) skip();
    place *p = *state;
    rb_error err = {0};
    struct rusage before, after;
    const rb_past *run = past_of(p, SIDE, SIDE);
    rb_page *page = rb_page_new(p->arena, "page", "command");
    getrusage(RUSAGE_SELF, &before);
    check_done(rb_report_pictures(page, run, &(rb_report_spec){.pictures = 9}, &err), err);
    getrusage(RUSAGE_SELF, &after);
    const rb_block *b = find(page, RB_BLOCK_GALLERY, "Least sure");
    assert_int_equal(b->gallery_count, 5);
    assert_true(b->gallery[4].h == SIDE && b->gallery[4].w == SIDE);
    print_message("%ld kB more, a picture has %d kB\n", after.ru_maxrss - before.ru_maxrss, PICTURE_KB);
    assert_true(after.ru_maxrss - before.ru_maxrss < 2 * PICTURE_KB);
}

static void a_page_without_maps_says_why_and_goes_on(void **state)
{
    place *p = *state;
    rb_error err = {0};
    bool done;
    asked who = {.fails = RB_ERR_IO};
    const rb_page *page = page_of(p, &who, &done, &err);
    check_done(done, err);
    assert_int_equal(who.calls, 1);
    const rb_block *note = find(page, RB_BLOCK_NOTE, "There are no heat maps");
    assert_non_null(note);
    assert_string_equal(note->text, "There are no heat maps: no <network>.");
    const rb_block *b = find(page, RB_BLOCK_GALLERY, "Least sure");
    assert_int_equal(b->gallery_count, 5);
    assert_int_equal(b->gallery[0].overlay.size, 0);
    assert_null(strstr(rb_page_html(p->arena, page), "Show heat maps"));
}

static void a_wish_to_stop_ends_the_page(void **state)
{
    place *p = *state;
    rb_error err = {0};
    bool done;
    asked who = {.fails = RB_ERR_STOPPED};
    page_of(p, &who, &done, &err);
    check_failed(done, err, RB_ERR_STOPPED, "no <network>");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(maps_are_asked_for_what_was_decided),
        TEST(the_overlay_is_the_picture_with_heat_in_its_place),
        TEST(least_sure_is_one_thing),
        TEST(one_picture_at_a_time_is_held_whole),
        TEST(a_page_without_maps_says_why_and_goes_on),
        TEST(a_wish_to_stop_ends_the_page),
    };
    return check_run("report_pictures", tests);
}
