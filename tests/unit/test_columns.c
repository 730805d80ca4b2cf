// SPDX-License-Identifier: Apache-2.0
// test_columns.c - files with one label or score a line.
#include "check.h"
#include "folder.h"

#include "data/columns.h"

static void labels_come_in_every_usual_form(void **state)
{
    const place *p = *state;
    rb_error err;
    int *label, count;
    const char *path = place_text(p, "labels.txt",
                                  "\xEF\xBB\xBF"
                                  "1\r\n0.0\n1.000 \t\n0\n\n \n");
    check_done(rb_labels_read(p->arena, path, &label, &count, &err), err);
    static const int want[] = {1, 0, 1, 0};
    assert_int_equal(count, 4);
    assert_memory_equal(label, want, sizeof want);
}

static void a_label_that_is_none_is_named_with_its_line(void **state)
{
    const place *p = *state;
    static const char *const bad[] = {"1000", "01", "-1", "1.5", "x", "1 0", "0x1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rb_error err;
        int *label, count;
        const char *path = place_text(p, "labels.txt", rb_text_format(p->arena, "0\n1\n%s\n", bad[i]));
        const char *want = rb_text_format(
            p->arena, "labels.txt:3: \"%s\" is no label: 0 or 1, or with more classes up to 999", bad[i]);
        check_failed(rb_labels_read(p->arena, path, &label, &count, &err), err, RB_ERR_DATA, want);
    }
}

static void reals_read_back_what_was_printed(void **state)
{
    const place *p = *state;
    rb_error err;
    double *real;
    int count;
    const char *path = place_text(p, "p.proba", "0.25\n1e-3\nnan\n-0\n7.00649232e-46");
    check_done(rb_reals_read(p->arena, path, &real, &count, &err), err);
    assert_int_equal(count, 5);
    assert_true(real[0] == 0.25 && real[1] == 1e-3 && isnan(real[2]) && real[3] == 0 && real[4] == 7.00649232e-46);
}

static void what_is_not_a_number_is_named_with_its_line(void **state)
{
    const place *p = *state;
    static const char *const bad[] = {"abc", "0.5 0.5", "inf", "0,5", "1e999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rb_error err;
        double *real;
        int count;
        const char *path = place_text(p, "p.proba", rb_text_format(p->arena, "0\n%s\n", bad[i]));
        const char *want = rb_text_format(p->arena, "p.proba:2: \"%s\" is not a number", bad[i]);
        check_failed(rb_reals_read(p->arena, path, &real, &count, &err), err, RB_ERR_DATA, want);
    }
}

// A zero byte is no blank: neither at the end of a line nor at that of the file, where it would go unseen.
static void zero_bytes_are_no_blanks(void **state)
{
    const place *p = *state;
    static const struct {
        const char *bytes;
        int size, line;
    } bad[] = {{"0\0\n1\n", 5, 1}, {"0\n1\n\0", 5, 3}, {"0\n1\0", 4, 2}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rb_error err = {0};
        double *real;
        int *label, count;
        const char *path = place_bytes(p, "p.proba", bad[i].bytes, bad[i].size);
        check_failed(rb_labels_read(p->arena, path, &label, &count, &err), err, RB_ERR_DATA,
                     rb_text_format(p->arena, "p.proba:%d: ", bad[i].line));
        check_failed(rb_reals_read(p->arena, path, &real, &count, &err), err, RB_ERR_DATA,
                     rb_text_format(p->arena, "p.proba:%d: ", bad[i].line));
    }
}

static void an_empty_file_has_no_lines(void **state)
{
    const place *p = *state;
    rb_error err;
    double *real;
    int count = -1;
    check_done(rb_reals_read(p->arena, place_text(p, "p.proba", "\n\n"), &real, &count, &err), err);
    assert_int_equal(count, 0);
    check_failed(rb_reals_read(p->arena, place_path(p, "absent"), &real, &count, &err), err, RB_ERR_IO, "absent");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(labels_come_in_every_usual_form),  TEST(a_label_that_is_none_is_named_with_its_line),
        TEST(reals_read_back_what_was_printed), TEST(what_is_not_a_number_is_named_with_its_line),
        TEST(zero_bytes_are_no_blanks),         TEST(an_empty_file_has_no_lines),
    };
    return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
