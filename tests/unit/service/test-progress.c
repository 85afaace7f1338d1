/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/core/unit.h"

#include "service/progress.h"

#define SECOND G_USEC_PER_SEC

START_TEST(percent_is_bounded)
{
        CrProgress p = {0};

        ck_assert_uint_eq(cr_progress_percent(&p), 0);
        cr_progress_update(&p, 5, 0, 1);
        ck_assert_uint_eq(cr_progress_percent(&p), 0);
        cr_progress_update(&p, 999, 1000, 2);
        ck_assert_uint_eq(cr_progress_percent(&p), 99);
        cr_progress_update(&p, 2000, 1000, 3);
        ck_assert_uint_eq(cr_progress_percent(&p), 100);
        cr_progress_update(&p, G_MAXUINT64, G_MAXUINT64, 4);
        ck_assert_uint_eq(cr_progress_percent(&p), 100);
}
END_TEST

START_TEST(the_rate_is_that_of_the_last_seconds)
{
        CrProgress p = {0};
        guint64 done = 0;

        for (int second = 1; second <= 20; second++)
                cr_progress_update(&p, done += 100, 10000, second * SECOND);
        ck_assert_uint_eq(p.rate, 100);
        for (int second = 21; second <= 40; second++)
                cr_progress_update(&p, done += 300, 10000, second * SECOND);
        ck_assert_uint_eq(p.rate, 300);
        for (int second = 41; second <= 60; second++)
                cr_progress_update(&p, done, 10000, second * SECOND);
        ck_assert_uint_eq(p.rate, 0);
}
END_TEST

START_TEST(many_updates_a_second_do_not_shorten_the_window)
{
        CrProgress p = {0};
        guint64 done = 0;

        for (int tenth = 0; tenth < 100; tenth++)
                cr_progress_update(&p, done += 10, 10000, tenth * (SECOND / 10));
        ck_assert_uint_ge(p.rate, 99);
        ck_assert_uint_le(p.rate, 101);
        ck_assert_int_le(p.samples[0].time, 6 * SECOND);
}
END_TEST

START_TEST(the_next_part_of_the_work_counts_anew)
{
        CrProgress p = {0};

        cr_progress_update(&p, 0, 1000, 1 * SECOND);
        cr_progress_update(&p, 1000, 1000, 2 * SECOND);
        cr_progress_update(&p, 0, 500, 3 * SECOND);
        ck_assert_uint_eq(p.rate, 0);
        cr_progress_update(&p, 50, 500, 4 * SECOND);
        ck_assert_uint_eq(p.rate, 50);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {percent_is_bounded, the_rate_is_that_of_the_last_seconds,
                many_updates_a_second_do_not_shorten_the_window, the_next_part_of_the_work_counts_anew, NULL};

        return run_tests("progress", tests);
}
