/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <check.h>
#include <stdlib.h>

/* Nothing here takes longer, but a machine that does much else at once should not fail it. */
#define TEST_TIMEOUT_SEC 60

static inline int run_suite(TCase *tests)
{
        Suite *suite = suite_create("polkit");
        SRunner *runner;
        int n_failed;

        tcase_set_timeout(tests, TEST_TIMEOUT_SEC);
        suite_add_tcase(suite, tests);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
