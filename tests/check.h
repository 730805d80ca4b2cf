// SPDX-License-Identifier: Apache-2.0
// check.h - cmocka plus comparing arrays, where the first bad index is named, and skipping that shows.
#ifndef RB_TESTS_CHECK_H
#define RB_TESTS_CHECK_H

#include <dlfcn.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/error.h"

// Fails, with the text of `err`, unless `done`.
#define check_done(done, err) \
    do { \
        if (!(done)) fail_msg("%s", (err).text); \
    } while (0)

// Fails unless the call failed with this kind and a text that has `part` in it.
#define check_failed(done, err, want, part) \
    do { \
        if (done) fail_msg("did not fail, but should have said \"%s\"", part); \
        if ((err).kind != (want)) fail_msg("kind %d, not %d: %s", (err).kind, (want), (err).text); \
        if (!strstr((err).text, part)) fail_msg("\"%s\" is not in \"%s\"", part, (err).text); \
    } while (0)

// |got - want| <= tolerance * max |want|, element by element. NaN is never close.
static inline void check_close(const char *what, const double *got, const double *want, ptrdiff_t n, double tolerance)
{
    double largest = 0;
    for (ptrdiff_t i = 0; i < n; i++) largest = fmax(largest, fabs(want[i]));
    for (ptrdiff_t i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) <= tolerance * largest))
            fail_msg("%s[%td]: %.17g, not %.17g (off by %.3g of the largest, %.3g allowed)", what, i, got[i], want[i],
                     fabs(got[i] - want[i]) / largest, tolerance);
}

// |got - want| <= relative * |want| + absolute.
static inline void check_near(const char *what, double got, double want, double relative, double absolute)
{
    if (!(fabs(got - want) <= relative * fabs(want) + absolute))
        fail_msg("%s: %.17g, not %.17g (off by %.3g)", what, got, want, fabs(got - want));
}

// What a sanitizer itself takes of memory and time would count.
static inline bool is_sanitized(void)
{
    return dlsym(RTLD_DEFAULT, "__asan_init") || dlsym(RTLD_DEFAULT, "__tsan_init");
}

// cmocka counts a skipped test as passed.
static int skipped_tests;
#undef skip
#define skip() (skipped_tests++, _skip(__FILE__, __LINE__))

#define CODE_SKIPPED 77 // of a program, as ctest shows it (cmake/tests.cmake)

// What main returns: 77 where every test was skipped, else whether one failed.
static inline int check_code(int failed, size_t tests)
{
    return failed ? 1 : (size_t)skipped_tests == tests ? CODE_SKIPPED : 0;
}

#define check_run(name, tests) \
    check_code(cmocka_run_group_tests_name(name, tests, NULL, NULL), sizeof(tests) / sizeof *(tests))

#endif
