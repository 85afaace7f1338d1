/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/format.h"

#include "suites.h"

static void assert_size(guint64 bytes, const char *expected)
{
        g_autofree char *text = cr_format_size(bytes);
        ck_assert_str_eq(text, expected);
}

START_TEST(sizes_read_as_people_say_them)
{
        assert_size(0, "0 B");
        assert_size(1023, "1023 B");
        assert_size(1024, "1.0 KiB");
        assert_size(1536, "1.5 KiB");
        assert_size(1048575, "1.0 MiB"); /* not 1024.0 KiB */
        assert_size(G_GUINT64_CONSTANT(3) << 40, "3.0 TiB");
        assert_size(G_MAXUINT64, "16.0 EiB");
}
END_TEST

static void assert_parsed(const char *text, guint64 expected)
{
        guint64 bytes = 1;
        ck_assert_msg(cr_parse_size(text, &bytes), "%s", text);
        ck_assert_uint_eq(bytes, expected);
}

START_TEST(sizes_are_typed_with_or_without_unit)
{
        guint64 bytes = 0;
        const char *const wrong[] = {
                "", "K", "-1", "1.5K", "1X", "1 K", "1KK", "18446744073709551616", "16777216T"};
        assert_parsed("0", 0);
        assert_parsed("17", 17);
        assert_parsed("17B", 17);
        assert_parsed("10k", 10240);
        assert_parsed("10MiB", 10 << 20);
        assert_parsed("16777215T", G_GUINT64_CONSTANT(16777215) << 40);
        for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++)
                ck_assert_msg(!cr_parse_size(wrong[i], &bytes), "%s", wrong[i]);
}
END_TEST

START_TEST(times_are_local_and_zero_is_never)
{
        g_autofree char *never = cr_format_time(0);
        g_autofree char *some = cr_format_time(G_GUINT64_CONSTANT(1700000000999999));
        g_autofree char *far = cr_format_time(G_MAXUINT64);
        ck_assert_str_eq(never, "-");
        ck_assert_str_eq(some, "2023-11-14 22:13:20");
        ck_assert_str_eq(far, "?");
}
END_TEST

START_TEST(times_are_typed_in_iso_8601)
{
        guint64 usec = 0;
        ck_assert(cr_parse_time("2023-11-14T22:13:20", &usec));
        ck_assert_uint_eq(usec, G_GUINT64_CONSTANT(1700000000000000));
        ck_assert(cr_parse_time("2023-11-14T23:13:20.5+01:00", &usec));
        ck_assert_uint_eq(usec, G_GUINT64_CONSTANT(1700000000500000));
        ck_assert(!cr_parse_time("tomorrow", &usec));
        ck_assert(!cr_parse_time("1969-12-31T23:00:00", &usec));
}
END_TEST

static void assert_duration(guint64 usec, const char *expected)
{
        g_autofree char *text = cr_format_duration(usec);
        ck_assert_str_eq(text, expected);
}

START_TEST(durations_show_two_units)
{
        assert_duration(0, "0 ms");
        assert_duration(850 * 1000, "850 ms");
        assert_duration(3299999, "3.2 s");
        assert_duration(G_GUINT64_CONSTANT(125) * G_USEC_PER_SEC, "2 min 5 s");
        assert_duration(G_GUINT64_CONSTANT(11059) * G_USEC_PER_SEC, "3 h 4 min");
        assert_duration(G_GUINT64_CONSTANT(183600) * G_USEC_PER_SEC, "2 d 3 h");
}
END_TEST

TCase *format_case(void)
{
        TCase *tcase = tcase_create("format");
        tcase_add_test(tcase, sizes_read_as_people_say_them);
        tcase_add_test(tcase, sizes_are_typed_with_or_without_unit);
        tcase_add_test(tcase, times_are_local_and_zero_is_never);
        tcase_add_test(tcase, times_are_typed_in_iso_8601);
        tcase_add_test(tcase, durations_show_two_units);
        return tcase;
}
