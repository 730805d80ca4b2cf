// SPDX-License-Identifier: Apache-2.0
// test_spool.c - rows that wait in a file without a name come back as they were, and what is lost is said.
#include "check.h"
#include "folder.h"

#include "cli/part/spool.h"

#include <math.h>
#include <unistd.h>

static rb_spool opened(place *p)
{
    rb_error err;
    rb_spool s;
    assert_int_equal(setenv("TMPDIR", p->folder, 1), 0);
    check_done(rb_spool_open(p->arena, 2, &s, &err), err);
    return s;
}

static void put_two(const rb_spool *s)
{
    rb_error err;
    check_done(rb_spool_put(s, &(rb_row){.path = "a", .p = (float[]){0.25F, 0.75F}}, &err), err);
    check_done(rb_spool_put(s, &(rb_row){.path = "", .reason = "empty"}, &err), err);
}

static void rows_come_back(void **state)
{
    place *p = *state;
    rb_spool s = opened(p);
    rb_error err;
    rb_row row;
    bool more;
    put_two(&s);
    check_done(rb_spool_rewind(&s, &err), err);
    check_done(rb_spool_get(p->arena, &s, &row, &more, &err), err);
    assert_true(more && !row.reason && row.p[0] == 0.25F && row.p[1] == 0.75F);
    assert_string_equal(row.path, "a");
    check_done(rb_spool_get(p->arena, &s, &row, &more, &err), err);
    assert_true(more);
    assert_string_equal(row.reason, "empty");
    check_done(rb_spool_get(p->arena, &s, &row, &more, &err), err);
    assert_false(more);
}

static void the_folder_is_that_of_the_caller(void **state)
{
    place *p = *state;
    rb_error err;
    rb_names left;
    rb_spool s = opened(p);
    char link[64], at[256] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fileno(s.file));
    if (readlink(link, at, sizeof at - 1) < 0) skip(); // no /proc
    if (strncmp(at, p->folder, strlen(p->folder)) != 0) fail_msg("%s is not in %s", at, p->folder);
    check_done(rb_folder_list(p->arena, p->folder, &left, &err), err);
    assert_int_equal(left.count, 0);
    assert_int_equal(setenv("TMPDIR", "/nowhere", 1), 0);
    check_failed(rb_spool_open(p->arena, 1, &s, &err), err, RB_ERR_IO,
                 "/nowhere: cannot write the rows that adapt_prior keeps: No such file or directory; set TMPDIR");
}

// Cut anywhere in a row, also between two of its parts.
static void lost_rows_are_missed(void **state)
{
    place *p = *state;
    for (int cut = 1; cut < 23; cut++) {
        rb_spool s = opened(p);
        rb_error err;
        rb_row row;
        bool more;
        put_two(&s);
        assert_int_equal(fflush(s.file), 0);
        assert_int_equal(ftruncate(fileno(s.file), ftell(s.file) - cut), 0);
        check_done(rb_spool_rewind(&s, &err), err);
        check_done(rb_spool_get(p->arena, &s, &row, &more, &err), err);
        check_failed(rb_spool_get(p->arena, &s, &row, &more, &err), err, RB_ERR_IO, "the last ones are gone");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_come_back),
        TEST(the_folder_is_that_of_the_caller),
        TEST(lost_rows_are_missed),
    };
    return check_run("spool", tests);
}
