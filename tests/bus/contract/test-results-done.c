/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PrepareForReverseReplication: the two results that are none of the errors, 0 and 4096. */
#include "tests/bus/contract/pair.h"

START_TEST(a_preparation_is_a_job_that_is_announced_before_the_answer)
{
        g_auto(Answer) answer = {0};
        g_autofree char *state = NULL;

        pair_live(STAGE_TAKEN_OVER, NULL);
        answer = ask_manager(pair_a.bus, "PrepareForReverseReplication", "o", SHOP);
        check_started(&answer);
        check_completes(pair_a.bus, &answer);
        state = pair_state(&pair_a);
        ck_assert_str_eq(state, "prepared-for-reverse-replication");
}
END_TEST

START_TEST(what_is_prepared_already_is_done)
{
        g_auto(Answer) answer = {0};

        pair_live(STAGE_PREPARED, NULL);
        answer = ask_manager(pair_a.bus, "PrepareForReverseReplication", "o", SHOP);
        check_done(pair_a.bus, &answer);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_preparation_is_a_job_that_is_announced_before_the_answer,
                what_is_prepared_already_is_done, NULL};

        return run_bus_tests("results: done", tests, NULL, pair_end);
}
