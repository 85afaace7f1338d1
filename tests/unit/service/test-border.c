/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/core/unit.h"

#include "service/border.h"

START_TEST(a_message_ends_in_value_and_name)
{
        g_autofree char *text =
                cr_border_message(CR_ERROR_IN_USE, "disk 'root' is open; shut the machine down");

        ck_assert_str_eq(text, "disk 'root' is open; shut the machine down (32774 InUse)");
}
END_TEST

START_TEST(the_end_is_not_appended_twice)
{
        g_autofree char *once = cr_border_message(CR_ERROR_TIMEOUT, "the peer did not answer");
        g_autofree char *twice = cr_border_message(CR_ERROR_TIMEOUT, once);

        ck_assert_str_eq(once, twice);
}
END_TEST

START_TEST(another_sites_end_stays_inside)
{
        g_autofree char *theirs = cr_border_message(CR_ERROR_IN_USE, "held by a job");
        g_autofree char *ours = cr_border_message(CR_ERROR_NOT_AVAILABLE, theirs);

        ck_assert_str_eq(ours, "held by a job (32774 InUse) (32777 NotAvailable)");
}
END_TEST

START_TEST(cancelled_counts_as_failed)
{
        g_autofree char *text = cr_border_message(CR_ERROR_CANCELLED, "ReplicateNow was cancelled");

        ck_assert_str_eq(text, "ReplicateNow was cancelled (32768 Cancelled)");
}
END_TEST

START_TEST(an_empty_message_is_the_end_alone)
{
        g_autofree char *text = cr_border_message(CR_ERROR_FAILED, "");

        ck_assert_str_eq(text, "(32768 Failed)");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_message_ends_in_value_and_name, the_end_is_not_appended_twice,
                another_sites_end_stays_inside, cancelled_counts_as_failed, an_empty_message_is_the_end_alone,
                NULL};

        return run_tests("border", tests);
}
