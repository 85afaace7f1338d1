/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/progress.h"
#include "client/text.h"

#include "suites.h"

static const CrProgress half = {
        .phase = "sending root",
        .percent = 50,
        .done = G_GUINT64_CONSTANT(1) << 30,
        .total = G_GUINT64_CONSTANT(2) << 30,
        .rate = 100 << 20,
};

START_TEST(a_wide_terminal_gets_bar_amounts_and_phase)
{
        g_autofree char *bar = cr_progress_bar(&half, 100);
        ck_assert_str_eq(bar, "[##########----------]  50%  1.0 GiB of 2.0 GiB  100.0 MiB/s  sending root");
}
END_TEST

START_TEST(no_line_reaches_the_last_column)
{
        for (guint columns = 0; columns < 120; columns++) {
                g_autofree char *bar = cr_progress_bar(&half, columns);
                ck_assert_uint_le(cr_text_columns(bar), columns > 0 ? columns - 1 : 0);
        }
}
END_TEST

START_TEST(a_narrow_terminal_keeps_the_percentage)
{
        g_autofree char *bar = cr_progress_bar(&half, 30);
        ck_assert_str_eq(bar, " 50%  1.0 GiB of 2.0 GiB  ...");
}
END_TEST

START_TEST(what_is_unknown_is_left_out)
{
        CrProgress unknown = {.phase = "", .percent = 0};
        CrProgress open_end = {.phase = "", .percent = 0, .done = 1024};
        CrProgress full = {.phase = "a\033[2Jb", .percent = 100};
        g_autofree char *first = cr_progress_line(&unknown);
        g_autofree char *second = cr_progress_line(&open_end);
        g_autofree char *third = cr_progress_bar(&full, 80);
        ck_assert_str_eq(first, "0%");
        ck_assert_str_eq(second, "0%, 1.0 KiB");
        ck_assert_str_eq(third, "[####################] 100%  a?[2Jb");
}
END_TEST

START_TEST(a_percentage_above_100_fills_the_bar_only)
{
        CrProgress wrong = {.phase = "", .percent = 65535};
        g_autofree char *bar = cr_progress_bar(&wrong, 80);
        g_autofree char *line = cr_progress_line(&wrong);
        ck_assert_str_eq(bar, "[####################] 100%");
        ck_assert_str_eq(line, "100%");
}
END_TEST

START_TEST(a_plain_line_says_all)
{
        g_autofree char *line = cr_progress_line(&half);
        ck_assert_str_eq(line, "50%, 1.0 GiB of 2.0 GiB, 100.0 MiB/s: sending root");
}
END_TEST

START_TEST(news_is_another_phase_or_another_tenth)
{
        CrProgress before = {.phase = "a", .percent = 11};
        CrProgress same = {.phase = "a", .percent = 19, .done = 5};
        CrProgress tenth = {.phase = "a", .percent = 20};
        CrProgress phase = {.phase = "b", .percent = 11};
        CrProgress none = {.phase = NULL};
        ck_assert(!cr_progress_is_news(&before, &same));
        ck_assert(cr_progress_is_news(&before, &tenth));
        ck_assert(cr_progress_is_news(&before, &phase));
        ck_assert(cr_progress_is_news(&none, &before));
}
END_TEST

TCase *progress_case(void)
{
        TCase *tcase = tcase_create("progress");
        tcase_add_test(tcase, a_wide_terminal_gets_bar_amounts_and_phase);
        tcase_add_test(tcase, no_line_reaches_the_last_column);
        tcase_add_test(tcase, a_narrow_terminal_keeps_the_percentage);
        tcase_add_test(tcase, what_is_unknown_is_left_out);
        tcase_add_test(tcase, a_percentage_above_100_fills_the_bar_only);
        tcase_add_test(tcase, a_plain_line_says_all);
        tcase_add_test(tcase, news_is_another_phase_or_another_tenth);
        return tcase;
}
