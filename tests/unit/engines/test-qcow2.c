/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The suite of all engines, run for the qcow2 engine. */
#include <stdlib.h>

#include "suite.h"

int main(void)
{
        SRunner *runner = srunner_create(suite_of(&qcow2_images));
        int n_failed;

        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
