// SPDX-License-Identifier: Apache-2.0
// test_columns.c - files with labels, scores or words.
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
    static const char *const bad[] = {"2", "01", "-1", "1.5", "x", "1 0", "0x1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rb_error err;
        int *label, count;
        const char *path = place_text(p, "labels.txt", rb_text_format(p->arena, "0\n1\n%s\n", bad[i]));
        const char *want = rb_text_format(p->arena, "labels.txt:3: \"%s\" is neither 0 nor 1", bad[i]);
        check_failed(rb_labels_read(p->arena, path, &label, &count, &err), err, RB_ERR_DATA, want);
    }
}

static void labels_of_classes_reach_to_the_last(void **state)
{
    const place *p = *state;
    rb_error err;
    int *label, count;
    static const int want[] = {0, 11, 3};
    check_done(rb_class_labels_read(p->arena, place_text(p, "l.txt", "0\n11\n3.00\n"), 12, &label, &count, &err), err);
    assert_int_equal(count, 3);
    assert_memory_equal(label, want, sizeof want);
    static const char *const bad[] = {"12", "-1", "03", "3.5", ".0", "99999999999", "nan"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *path = place_text(p, "l.txt", rb_text_format(p->arena, "0\n%s\n", bad[i]));
        check_failed(
            rb_class_labels_read(p->arena, path, 12, &label, &count, &err), err, RB_ERR_DATA,
            rb_text_format(p->arena, "l.txt:2: \"%s\" is no label: they are whole numbers from 0 to 11", bad[i]));
    }
}

static void reals_read_back_what_was_printed(void **state)
{
    const place *p = *state;
    static const double want[] = {0.25, 1e-3, NAN, 0, 7.00649232e-46};
    rb_error err;
    rb_rows got;
    const char *path = place_text(p, "p.proba", "0.25\n1e-3\nnan\n-0\n7.00649232e-46");
    check_done(rb_rows_read(p->arena, path, &got, &err), err);
    assert_true(got.rows == 5 && got.columns == 1);
    for (int i = 0; i < 5; i++) assert_true(got.row[i] ? *got.row[i] == want[i] : isnan(want[i]));

    double *real;
    int count;
    check_done(rb_reals_read(p->arena, path, &real, &count, &err), err);
    assert_int_equal(count, 5);
    for (int i = 0; i < 5; i++) assert_true(isnan(want[i]) ? isnan(real[i]) : real[i] == want[i]);
    check_failed(rb_reals_read(p->arena, place_text(p, "p.proba", "1 2\n"), &real, &count, &err), err, RB_ERR_DATA,
                 "p.proba: has 2 numbers on a line, one is wanted");
}

// What could not be read is so on a line of one word, or of a word for each class.
static void reals_come_in_columns(void **state)
{
    const place *p = *state;
    rb_error err;
    rb_rows got;
    const char *path = place_text(p, "p.proba", "NaN\n0.5 0.25\t.25\n1,2, 3 \nnan nan nan\n .5  0 , 1\n1 nan 2\n");
    check_done(rb_rows_read(p->arena, path, &got, &err), err);
    assert_true(got.rows == 6 && got.columns == 3);
    assert_true(!got.row[0] && !got.row[3] && !got.row[5]);
    static const double want[][3] = {{0.5, 0.25, 0.25}, {1, 2, 3}, {0.5, 0, 1}};
    static const int at[] = {1, 2, 4};
    for (int i = 0; i < 3; i++) assert_memory_equal(got.row[at[i]], want[i], sizeof want[i]);

    static const char *const uneven[] = {"1 2 3\n1 2\n", "0\n0.5 0.5\n", "1 2\nnan\n1\n"};
    static const char *const said[] = {"p.proba:2: 2 numbers, on lines above 3",
                                       "p.proba:2: 2 numbers, on lines above 1",
                                       "p.proba:3: 1 numbers, on lines above 2"};
    for (int i = 0; i < 3; i++)
        check_failed(rb_rows_read(p->arena, place_text(p, "p.proba", uneven[i]), &got, &err), err, RB_ERR_DATA,
                     said[i]);

    char *wide = RB_NEW(p->arena, char, 2 * RB_COLUMNS_LIMIT + 3);
    memset(wide, '0', 2 * RB_COLUMNS_LIMIT + 1);
    for (int i = 1; i < 2 * RB_COLUMNS_LIMIT; i += 2) wide[i] = ' ';
    check_failed(rb_rows_read(p->arena, place_text(p, "p.proba", wide), &got, &err), err, RB_ERR_DATA,
                 "p.proba:1: more than 4096 numbers");
}

static void what_is_not_a_number_is_named_with_its_line(void **state)
{
    const place *p = *state;
    static const struct {
        const char *line, *field;
    } bad[] = {{"abc", "abc"}, {"0.5x", "0.5x"}, {"inf", "inf"}, {"1e999", "1e999"},
               {"", ""},       {"0.1 x", "x"},   {"0.1,,2", ""}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rb_error err;
        rb_rows real;
        const char *path = place_text(p, "p.proba", rb_text_format(p->arena, "0\n%s\n1\n", bad[i].line));
        const char *want = rb_text_format(p->arena, "p.proba:2: \"%s\" is not a number", bad[i].field);
        check_failed(rb_rows_read(p->arena, path, &real, &err), err, RB_ERR_DATA, want);
    }
}

static void words_are_lines(void **state)
{
    const place *p = *state;
    static const char *const want[] = {"ann", "", "bob jones", " c"};
    rb_error err;
    const char **word;
    int count;
    check_done(rb_words_read(p->arena, place_text(p, "w.txt", "ann \r\n\nbob jones\n c\n\n"), &word, &count, &err),
               err);
    assert_int_equal(count, 4);
    for (int i = 0; i < 4; i++) assert_string_equal(word[i], want[i]);
    check_failed(rb_words_read(p->arena, place_bytes(p, "w.txt", "a\0b\n", 4), &word, &count, &err), err, RB_ERR_DATA,
                 "w.txt: has zero bytes in it");
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
        rb_rows real;
        int *label, count;
        const char *path = place_bytes(p, "p.proba", bad[i].bytes, bad[i].size);
        check_failed(rb_labels_read(p->arena, path, &label, &count, &err), err, RB_ERR_DATA,
                     rb_text_format(p->arena, "p.proba:%d: ", bad[i].line));
        check_failed(rb_rows_read(p->arena, path, &real, &err), err, RB_ERR_DATA,
                     rb_text_format(p->arena, "p.proba:%d: ", bad[i].line));
    }
}

static void an_empty_file_has_no_lines(void **state)
{
    const place *p = *state;
    rb_error err;
    rb_rows real;
    check_done(rb_rows_read(p->arena, place_text(p, "p.proba", "\n\n"), &real, &err), err);
    assert_true(real.rows == 0 && real.columns == 1);
    check_failed(rb_rows_read(p->arena, place_path(p, "absent"), &real, &err), err, RB_ERR_IO, "absent");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(labels_come_in_every_usual_form),
        TEST(a_label_that_is_none_is_named_with_its_line),
        TEST(reals_read_back_what_was_printed),
        TEST(what_is_not_a_number_is_named_with_its_line),
        TEST(labels_of_classes_reach_to_the_last),
        TEST(reals_come_in_columns),
        TEST(words_are_lines),
        TEST(zero_bytes_are_no_blanks),
        TEST(an_empty_file_has_no_lines),
    };
    return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
