// SPDX-License-Identifier: Apache-2.0
// test_score.c - two passes over the same pictures, of which each could not read some.
#include "check.h"

#include "train/score.h"

enum { N = 5, COLUMNS = 3 };
static const int labels[N] = {0, 1, 2, 1, 0};

// Pictures whose place is in `bad` were not read; numbers say pass, picture and column.
static rb_part_scores pass_of(rb_arena *a, int pass, const char *bad)
{
    double *z = RB_NEW(a, double, N *COLUMNS), *p = RB_NEW(a, double, N *COLUMNS);
    int *label = RB_NEW(a, int, N), kept = 0;
    rb_part_scores s = {.which = {.count = N},
                        .columns = COLUMNS,
                        .reason = RB_NEW(a, const char *, N),
                        .probability = RB_NEW(a, float, N *COLUMNS)};
    for (int i = 0; i < N; i++) {
        if (bad[i] == 'x') s.reason[i] = rb_text_format(a, "pass %d", pass);
        for (int c = 0; c < COLUMNS; c++) {
            double value = 100 * pass + 10 * i + c;
            s.probability[i * COLUMNS + c] = s.reason[i] ? NAN : (float)value;
            if (!s.reason[i]) z[kept * COLUMNS + c] = -value, p[kept * COLUMNS + c] = value;
        }
        if (!s.reason[i]) label[kept++] = labels[i];
    }
    s.logits = (rb_logits){z, label, kept, COLUMNS};
    s.readable = (rb_outputs){p, label, kept, COLUMNS};
    return s;
}

static void check_rows(const rb_part_scores *s, int pass, const int *picture, int count)
{
    assert_int_equal(s->readable.n, count);
    assert_int_equal(s->logits.n, count);
    for (int row = 0; row < count; row++) {
        assert_int_equal(s->readable.label[row], labels[picture[row]]);
        assert_int_equal(s->logits.label[row], labels[picture[row]]);
        for (int c = 0; c < COLUMNS; c++) {
            double value = 100 * pass + 10 * picture[row] + c;
            assert_true(s->readable.p[row * COLUMNS + c] == value && s->logits.z[row * COLUMNS + c] == -value);
        }
    }
}

static void rows_are_what_both_could_read(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_part_scores one = pass_of(a, 1, ".x..."), other = pass_of(a, 2, "x..x.");
    static const int both[] = {2, 4};
    rb_part_scores_pair(a, &one, &other);
    check_rows(&one, 1, both, 2);
    check_rows(&other, 2, both, 2);
    assert_string_equal(one.reason[0], "pass 2");
    assert_string_equal(other.reason[1], "pass 1");
    for (int i = 0; i < N; i++) {
        assert_true(!one.reason[i] == !other.reason[i]);
        assert_true(isnan(one.probability[i * COLUMNS + 2]) == !!one.reason[i]);
    }
    rb_arena_close(a);
}

static void what_both_could_read_stays(void **state)
{
    (void)state;
    rb_arena *a = rb_arena_open();
    rb_part_scores one = pass_of(a, 1, "..x.."), other = pass_of(a, 2, "..x..");
    static const int both[] = {0, 1, 3, 4};
    rb_part_scores_pair(a, &one, &other);
    check_rows(&one, 1, both, 4);
    check_rows(&other, 2, both, 4);
    assert_string_equal(one.reason[2], "pass 1");
    rb_arena_close(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_what_both_could_read),
        cmocka_unit_test(what_both_could_read_stays),
    };
    return check_run("score", tests);
}
