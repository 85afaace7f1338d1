/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/core/unit.h"

#include "core/engine.h"
#include "service/engine_names.h"

START_TEST(the_daemon_names_the_engines_that_there_are)
{
        g_autofree char *shown = g_strjoinv(" ", (char **)cr_service_engine_names);
        g_autofree char *there = g_strjoinv(" ", (char **)cr_engine_names);

        ck_assert_str_eq(shown, there);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {the_daemon_names_the_engines_that_there_are, NULL};

        return run_tests("engine names", tests);
}
