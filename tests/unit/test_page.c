// SPDX-License-Identifier: Apache-2.0
#include "check.h"
#include "folder.h"

#include "report/out.h"
#include "report/page.h"
#include "report/scale.h"

#include <jansson.h>

static void check_has(const char *text, const char *part)
{
    if (!strstr(text, part)) fail_msg("\"%s\" is not in:\n%.3000s", part, text);
}

static void check_lacks(const char *text, const char *part)
{
    const char *found = strstr(text, part);
    if (found) fail_msg("\"%s\" is in: %.200s", part, found);
}

static int count_of(const char *text, const char *part)
{
    int count = 0;
    for (; (text = strstr(text, part)); text += strlen(part)) count++;
    return count;
}

// ---- words --------------------------------------------------------------------------------------------------------

static void words_are_escaped(void **state)
{
    place *p = *state;
    rb_out o = rb_out_new(p->arena);
    rb_out_escaped(&o, "<b class=\"x\">&'é\x01\xFF</b>");
    assert_string_equal(o.text, "&lt;b class=&quot;x&quot;&gt;&amp;&#39;é\xEF\xBF\xBD\xEF\xBF\xBD&lt;/b&gt;");
}

// RFC 4648, section 10
static void base64_is_that_of_the_standard(void **state)
{
    static const char *const pairs[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"}};
    place *p = *state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        rb_out o = rb_out_new(p->arena);
        rb_out_base64(&o, (rb_bytes){(const uint8_t *)pairs[i][0], (ptrdiff_t)strlen(pairs[i][0])});
        assert_string_equal(o.text, pairs[i][1]);
    }
}

static void numbers_are_for_people(void **state)
{
    (void)state;
    static const struct {
        double value;
        int digits;
        const char *text;
    } all[] = {{0, 3, "0"},         {0.07, 3, "0.07"},     {0.069512, 3, "0.0695"},
               {12.345, 3, "12.3"}, {-3, 3, "-3"},         {1234.5, 3, "1234"},
               {12345, 3, "12.3k"}, {3.2e-5, 3, "3.2e-5"}, {1e-4, 3, "1e-4"},
               {2.5e8, 3, "2.5e8"}, {NAN, 3, "–"}};
    char text[RB_NUMBER_TEXT];
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_string_equal(rb_number_text(all[i].value, all[i].digits, text), all[i].text);
}

// ---- scales -------------------------------------------------------------------------------------------------------

static void check_ticks(rb_axis axis, rb_span span, const char *wanted)
{
    rb_tick ticks[RB_TICKS];
    char line[512] = "";
    rb_scale s = rb_scale_of(&axis, span, 0, 300);
    int count = rb_scale_ticks(&s, ticks);
    for (int i = 0; i < count; i++) {
        double at = rb_scale_at(&s, ticks[i].value);
        if (at < -0.01 || at > 300.01) fail_msg("tick %s lies at %g of 0..300", ticks[i].text, at);
        strcat(strcat(line, i ? " " : ""), ticks[i].text);
    }
    assert_string_equal(line, wanted);
}

static void ticks_are_nice(void **state)
{
    (void)state;
    check_ticks((rb_axis){0}, (rb_span){0.13, 0.87}, "0.0 0.2 0.4 0.6 0.8 1.0");
    check_ticks((rb_axis){.percent = true}, (rb_span){0.051, 0.094}, "5 6 7 8 9 10");
    check_ticks((rb_axis){.whole = true}, (rb_span){1, 3}, "1 2 3");
    check_ticks((rb_axis){.from_zero = true}, (rb_span){3e-4, 2e-3}, "0.0000 0.0005 0.0010 0.0015 0.0020");
    check_ticks((rb_axis){.scale = RB_SCALE_LOG}, (rb_span){3e-5, 0.2}, "1e-5 1e-4 0.001 0.01 0.1 1");
    check_ticks((rb_axis){.scale = RB_SCALE_PROBIT, .percent = true, .from = 0.001, .to = 0.5}, (rb_span){0, 1},
                "0.1 0.5 2 5 10 20 30 50");
    check_ticks((rb_axis){0}, (rb_span){5, 5}, "2 3 4 5 6 7 8"); // one value
    check_ticks((rb_axis){0}, RB_SPAN_EMPTY, "0.0 0.2 0.4 0.6 0.8 1.0");
}

// scipy.stats.norm.ppf
static void probit_is_the_normal_quantile(void **state)
{
    (void)state;
    static const double share[] = {1e-12, 1e-5, 0.001, 0.025, 0.3, 0.5, 0.975, 0.999};
    static const double want[] = {-7.034483825301132,  -4.264890793922602,  -3.090232306167813,
                                  -1.9599639845400545, -0.5244005127080409, 0,
                                  1.959963984540054,   3.090232306167813};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        check_near("probit", rb_probit(share[i]), want[i], 1e-11, 1e-12);
    assert_true(isinf(rb_probit(0)) && isinf(rb_probit(1)) && isnan(rb_probit(NAN)));
}

// ---- figures ------------------------------------------------------------------------------------------------------

static void a_line_is_where_its_values_are(void **state)
{
    place *p = *state;
    static const double x[] = {0, 1, NAN, 2}, y[] = {0, 1, 1, 0.5};
    rb_series s = {.name = "a|b", .x = x, .y = y, .count = 4, .colour = 3};
    rb_chart c = {.label = "l",
                  .x = {.label = "epoch"},
                  .y = {.label = "HTER, %", .percent = true},
                  .series = &s,
                  .series_count = 1};
    rb_svg svg = rb_chart_svg(p->arena, &c);
    double at[6], top = 0, bottom = 0;
    const char *points = strstr(svg.body, "points=\"");
    assert_non_null(points);
    assert_int_equal(sscanf(points, "points=\"%lf,%lf %lf,%lf %lf,%lf", at, at + 1, at + 2, at + 3, at + 4, at + 5), 6);
    check_near("x of the middle", at[2], (at[0] + at[4]) / 2, 0, 0.11);
    bottom = at[1], top = at[3];
    assert_true(top < bottom);
    check_near("y of a half", at[5], (top + bottom) / 2, 0, 0.11);
    check_has(svg.body, "a/b · epoch 1 · HTER 100 %|"); // one bar stands between points
    check_has(svg.body, "rb-l rb-c3");
}

static void shares_of_zero_stand_at_the_edge_of_a_det_curve(void **state)
{
    place *p = *state;
    static const double x[] = {0, 0.01, 0.5}, y[] = {0.5, 0.02, 0};
    rb_series s = {.x = x, .y = y, .count = 3};
    rb_axis axis = {.label = "FAR, %", .scale = RB_SCALE_PROBIT, .percent = true, .from = 0.001, .to = 0.6};
    rb_svg svg =
        rb_chart_svg(p->arena, &(rb_chart){.x = axis, .y = axis, .series = &s, .series_count = 1, .square = true});
    assert_int_equal(count_of(svg.body, "FAR"), 2 + 6); // both axes, and twice a point
    check_lacks(svg.body, "nan");
    check_lacks(svg.body, "inf");
}

static void figures_of_nothing_are_figures(void **state)
{
    place *p = *state;
    rb_series s = {.name = "none", .mark = RB_MARK_DOTS};
    rb_svg svg = rb_chart_svg(p->arena, &(rb_chart){.label = "l", .series = &s, .series_count = 1});
    check_lacks(svg.body, "nan");
    check_lacks(svg.body, "inf");
    s.mark = RB_MARK_STEPS;
    check_lacks(rb_chart_svg(p->arena, &(rb_chart){.series = &s, .series_count = 1}).body, "nan");
}

static void heat_maps_and_bars_say_their_numbers(void **state)
{
    place *p = *state;
    static const char *const names[] = {"<no>", "yes"}, *const texts[] = {"40", "2", "3", "55"};
    static const double share[] = {0.95, 0.05, 0.05, 0.95}, value[] = {12, 88};
    rb_svg heat = rb_heat_svg(p->arena, &(rb_heat){.row_label = "truth",
                                                   .column_label = "decision",
                                                   .row = names,
                                                   .column = names,
                                                   .rows = 2,
                                                   .columns = 2,
                                                   .share = share,
                                                   .text = texts});
    check_has(heat.body, "truth &lt;no&gt;, decision yes: 2");
    check_has(heat.body, ">55</text>");
    rb_svg bars = rb_bars_svg(p->arena, &(rb_bars){.category = names,
                                                   .count = 2,
                                                   .group_count = 1,
                                                   .groups = &(struct rb_bar_group){"test", 1, value, NULL}});
    check_has(bars.body, "yes · test: 88");
}

// ---- pages --------------------------------------------------------------------------------------------------------

#define BAD "<script>alert(1)</script> & \"x\" *y* [z](w) `v` $u$"

static rb_page *full_page(place *p)
{
    static const double value[] = {12, 88};
    static const char *const names[] = {BAD, "yes"};
    rb_error err;
    rb_page *page = rb_page_new(p->arena, BAD, "rarebit report RUN");
    rb_page_lede(page, "%s", BAD);
    rb_page_facts(page, &(rb_fact){BAD, BAD, BAD}, 1);
    rb_page_section(page, "Same title");
    rb_page_text(page, "%s", BAD);
    rb_page_note(page, "%s", BAD);
    rb_page_table(page, "Same title", BAD, (const rb_column[]){{BAD, false}, {"n", true}}, 2);
    rb_page_row(page, (const char *const[]){BAD, NULL});
    rb_page_figure(page, BAD, BAD,
                   rb_bars_svg(p->arena, &(rb_bars){.label = BAD,
                                                    .category = names,
                                                    .count = 2,
                                                    .group_count = 1,
                                                    .groups = &(struct rb_bar_group){BAD, 1, value, NULL}}));
    uint8_t *pixels = RB_NEW(p->arena, uint8_t, 300 * 600 * 3);
    rb_image picture = {pixels, 300, 600, 3};
    rb_shot shots[] = {{.picture = &picture, .name = BAD, .caption = BAD},
                       {.picture = &picture, .overlay = &picture, .name = "two", .caption = "", .colour = -1}};
    check_done(rb_page_gallery(page, "Pictures", NULL, shots, 2, &err), err);
    rb_page_code(page, "Settings", BAD);
    return page;
}

static void nothing_gets_out_of_its_place(void **state)
{
    place *p = *state;
    const char *html = rb_page_html(p->arena, full_page(p));
    check_lacks(html, "<script>alert");
    assert_int_equal(count_of(html, "<script>"), 1);
    assert_int_equal(count_of(html, "http://"), 1); // the name of SVG, in the script
    check_lacks(html, "https://");
    assert_int_equal(count_of(html, "data:image/png;base64,"), 3);
    assert_int_equal(count_of(html, "id=\"heat-pictures\""), 1);
    assert_int_equal(count_of(html, "alt=\"heat map: two\""), 1);
    check_lacks(html, "alt=\"heat map: &lt;");
    check_has(html, "id=\"same-title\"");
    check_has(html, "id=\"same-title-2\"");
    assert_string_equal(html, rb_page_html(p->arena, full_page(p)));
}

static void a_notebook_says_the_same(void **state)
{
    place *p = *state;
    json_error_t at;
    json_t *book = json_loads(rb_page_notebook(p->arena, full_page(p), "report.html"), JSON_REJECT_DUPLICATES, &at);
    if (!book) fail_msg("line %d: %s", at.line, at.text);
    assert_int_equal(json_integer_value(json_object_get(book, "nbformat_minor")), 5);
    size_t i, outputs = 0;
    json_t *cell;
    json_array_foreach(json_object_get(book, "cells"), i, cell)
    {
        const char *source = json_string_value(json_object_get(cell, "source"));
        if (!strcmp(json_string_value(json_object_get(cell, "cell_type")), "markdown") && !strstr(source, "````"))
            check_lacks(source, "<script>");
        outputs += json_array_size(json_object_get(cell, "outputs"));
    }
    assert_int_equal(outputs, 4); // facts, table, figure, pictures
    json_decref(book);
}

static void large_pictures_become_smaller(void **state)
{
    place *p = *state;
    rb_image read;
    rb_error err;
    const rb_page *page = full_page(p);
    for (const rb_block *b = page->first; b; b = b->next) {
        if (b->kind != RB_BLOCK_GALLERY) continue;
        check_done(rb_image_decode(p->arena, b->gallery[0].picture, 3, &read, &err), err);
        assert_int_equal(read.w, RB_SHOT_SIDE);
        assert_int_equal(read.h, RB_SHOT_SIDE / 2);
        assert_int_equal(b->gallery[0].overlay.size, 0);
        assert_true(b->gallery[1].overlay.size > 0);
        return;
    }
    fail_msg("no gallery");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(words_are_escaped),
        TEST(base64_is_that_of_the_standard),
        TEST(numbers_are_for_people),
        TEST(ticks_are_nice),
        TEST(probit_is_the_normal_quantile),
        TEST(a_line_is_where_its_values_are),
        TEST(shares_of_zero_stand_at_the_edge_of_a_det_curve),
        TEST(figures_of_nothing_are_figures),
        TEST(heat_maps_and_bars_say_their_numbers),
        TEST(nothing_gets_out_of_its_place),
        TEST(a_notebook_says_the_same),
        TEST(large_pictures_become_smaller),
    };
    return check_run("page", tests);
}
