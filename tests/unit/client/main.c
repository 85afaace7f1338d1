/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "suites.h"

int main(void)
{
        /* Times are compared as text. */
        setenv("TZ", "UTC", 1);

        Suite *suite = suite_create("client");
        suite_add_tcase(suite, command_case());
        suite_add_tcase(suite, completion_case());
        suite_add_tcase(suite, error_case());
        suite_add_tcase(suite, follow_case());
        suite_add_tcase(suite, format_case());
        suite_add_tcase(suite, introspection_case());
        suite_add_tcase(suite, objects_case());
        suite_add_tcase(suite, output_case());
        suite_add_tcase(suite, progress_case());
        suite_add_tcase(suite, setting_case());
        suite_add_tcase(suite, text_case());
        suite_add_tcase(suite, verb_case());

        SRunner *runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        int failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
