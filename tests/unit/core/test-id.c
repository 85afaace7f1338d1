/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/id.h"
#include "unit.h"

#include <string.h>

START_TEST(new_ids_are_ids_and_differ)
{
        g_autoptr(GHashTable) seen = g_hash_table_new_full(cr_id_hash, cr_id_hash_equal, g_free, NULL);

        for (guint i = 0; i < 1000; i++) {
                CrId id = cr_id_new(), parsed = CR_ID_NONE;

                ck_assert(cr_id_parse(id.text, &parsed));
                ck_assert(cr_id_equal(&id, &parsed));
                ck_assert(!cr_id_is_none(&id));
                ck_assert(g_hash_table_add(seen, g_memdup2(&id, sizeof id)));
        }
}
END_TEST

/* 128 random bits: over 1000 ids every digit takes every value at every place. */
START_TEST(every_digit_is_random)
{
        gboolean seen[CR_ID_LENGTH][128] = {0};

        for (guint i = 0; i < 1000; i++) {
                CrId id = cr_id_new();

                for (guint j = 0; j < CR_ID_LENGTH; j++)
                        seen[j][(guint)id.text[j]] = TRUE;
        }
        for (guint j = 0; j < CR_ID_LENGTH; j++)
                for (const char *digit = "0123456789abcdef"; *digit; digit++)
                        ck_assert_msg(seen[j][(guint)*digit], "no '%c' at place %u", *digit, j);
}
END_TEST

START_TEST(only_32_lower_case_digits_are_an_id)
{
        static const char *const bad[] = {
                "",
                "0",
                "0123456789abcdef0123456789abcde",
                "0123456789abcdef0123456789abcdef0",
                "0123456789abcdef0123456789abcdefg",
                "0123456789abcdef0123456789abcdef\n",
                "0123456789ABCDEF0123456789abcdef",
                "0123456789abcdef0123456789abcdeg",
                "0123456789abcdef0123456789abcde ",
                " 123456789abcdef0123456789abcdef",
                "0x23456789abcdef0123456789abcdef",
                NULL,
        };
        CrId id = CR_ID_NONE;

        for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
                ck_assert_msg(!cr_id_parse(bad[i], &id), "'%s'", bad[i]);
        ck_assert(cr_id_is_none(&id));
        ck_assert(cr_id_parse("0123456789abcdef0123456789abcdef", &id));
        ck_assert_str_eq(id.text, "0123456789abcdef0123456789abcdef");
}
END_TEST

START_TEST(none_equals_none_only)
{
        CrId none = CR_ID_NONE, id = cr_id_new();

        ck_assert(cr_id_is_none(&none));
        ck_assert(cr_id_equal(&none, &CR_ID_NONE));
        ck_assert(!cr_id_equal(&none, &id));
        ck_assert(!cr_id_hash_equal(&none, &id));
        ck_assert_uint_eq(cr_id_hash(&none), cr_id_hash(&CR_ID_NONE));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {new_ids_are_ids_and_differ, every_digit_is_random,
                only_32_lower_case_digits_are_an_id, none_equals_none_only, NULL};

        return run_tests("id", tests);
}
