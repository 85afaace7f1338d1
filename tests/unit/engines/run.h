/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <check.h>
#include <stdlib.h>

/* Runs a suite and gives the exit status of the test program. */
static inline int run_suite(Suite *suite)
{
        SRunner *runner = srunner_create(suite);
        int n_failed;

        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A suite of one case, whose @tests (NULL-terminated) have a world each. */
static inline Suite *make_suite(const char *name, const TTest *const *tests, SFun setup, SFun teardown)
{
        Suite *suite = suite_create(name);
        TCase *tcase = tcase_create(name);

        tcase_add_checked_fixture(tcase, setup, teardown);
        tcase_set_timeout(tcase, 300);
        for (; *tests; tests++)
                tcase_add_test(tcase, *tests);
        suite_add_tcase(suite, tcase);
        return suite;
}
