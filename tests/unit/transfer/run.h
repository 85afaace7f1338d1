/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <check.h>
#include <glib.h>
#include <stdlib.h>

/* Runs a suite and gives the exit status of the test program. */
static inline int run_suite(Suite *suite)
{
        SRunner *runner = srunner_create(suite);
        int n_failed;

        srunner_run_all(runner, CK_NORMAL);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Random numbers of a test: always others, printed, and the same again with TRANSFER_SEED=... */
static inline GRand *seeded_rand(void)
{
        const char *text = g_getenv("TRANSFER_SEED");
        guint32 seed = text ? (guint32)g_ascii_strtoull(text, NULL, 10) : g_random_int();

        g_print("TRANSFER_SEED=%u\n", seed);
        return g_rand_new_with_seed(seed);
}
