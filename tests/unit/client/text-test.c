/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/text.h"

#include "client/table.h"

#include "suites.h"

static void assert_printable(const char *text, const char *expected)
{
        g_autofree char *printable = cr_text_printable(text);
        ck_assert_str_eq(printable, expected);
}

START_TEST(control_characters_do_not_reach_the_terminal)
{
        assert_printable("shop", "shop");
        assert_printable("a\nb\tc", "a b c");
        assert_printable("\033]0;title\007", "?]0;title?");
        assert_printable("\302\233[2J", "?[2J"); /* a C1 control sequence introducer */
        assert_printable("Stra\303\237e", "Stra\303\237e");
        assert_printable("\377", "\357\277\275"); /* no UTF-8 */
}
END_TEST

START_TEST(wide_characters_count_two)
{
        ck_assert_uint_eq(cr_text_columns("abc"), 3);
        ck_assert_uint_eq(cr_text_columns("\346\227\245\346\234\254"), 4);
        ck_assert_uint_eq(cr_text_columns("e\314\201"), 1); /* a combining accent */
}
END_TEST

static void assert_ellipsized(const char *text, guint columns, const char *expected)
{
        g_autofree char *cut = cr_text_ellipsize(text, columns);
        ck_assert_str_eq(cut, expected);
}

START_TEST(a_long_text_ends_in_dots)
{
        assert_ellipsized("abcdef", 6, "abcdef");
        assert_ellipsized("abcdefg", 6, "abc...");
        assert_ellipsized("abcdefg", 2, "..");
        assert_ellipsized("abcdefg", 0, "");
        assert_ellipsized("\346\227\245\346\234\254\350\252\236", 5, "\346\227\245...");
        assert_ellipsized("\346\227\245\346\234\254\350\252\236", 4, "...");
}
END_TEST

START_TEST(a_table_is_as_wide_as_its_cells)
{
        const char *const headings[] = {"NAME", ">SIZE", "PATH", NULL};
        const char *const first[] = {"\346\227\245\346\234\254", "1 B", "/a"};
        const char *const second[] = {"a", "100 B", "/\033"};
        g_autoptr(CrTable) table = cr_table_new(headings);
        cr_table_add(table, first);
        cr_table_add(table, second);
        g_autofree char *text = cr_table_format(table);
        ck_assert_str_eq(text, "NAME   SIZE  PATH\n"
                               "\346\227\245\346\234\254    1 B  /a\n"
                               "a     100 B  /?\n");
}
END_TEST

TCase *text_case(void)
{
        TCase *tcase = tcase_create("text");
        tcase_add_test(tcase, control_characters_do_not_reach_the_terminal);
        tcase_add_test(tcase, wide_characters_count_two);
        tcase_add_test(tcase, a_long_text_ends_in_dots);
        tcase_add_test(tcase, a_table_is_as_wide_as_its_cells);
        return tcase;
}
