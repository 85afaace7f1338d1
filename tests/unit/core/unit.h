/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What every test program of the core has: one case of many tests, and a main. */
#pragma once

#include <check.h>
#include <stdlib.h>

#include <glib.h>

/* Runs @tests (NULL-terminated) and gives the exit status of the test program; @setup and @teardown (may be
 * NULL) are around each. */
static inline int run_tests_with(const char *name, const TTest *const *tests, SFun setup, SFun teardown)
{
        Suite *suite = suite_create(name);
        TCase *all = tcase_create(name);
        SRunner *runner;
        int n_failed;

        tcase_set_timeout(all, 0); /* meson's counts */
        tcase_add_checked_fixture(all, setup, teardown);
        for (const TTest *const *test = tests; *test; test++)
                tcase_add_test(all, *test);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int run_tests(const char *name, const TTest *const *tests)
{
        return run_tests_with(name, tests, NULL, NULL);
}

/* The case fails when @error is not of our domain, has another code, or does not name @what. Clears it. */
#define assert_error(error, code_wanted, what)                                                               \
        do {                                                                                                 \
                ck_assert_ptr_nonnull(error);                                                                \
                ck_assert_msg((error)->domain == CR_ERROR, "domain %s", g_quark_to_string((error)->domain)); \
                ck_assert_msg(                                                                               \
                        (error)->code == (int)(code_wanted), "%d: %s", (error)->code, (error)->message);     \
                ck_assert_msg(                                                                               \
                        strstr((error)->message, what), "'%s' is not named: %s", what, (error)->message);    \
                g_clear_error(&(error));                                                                     \
        } while (0)
