/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/core/unit.h"

#include <string.h>

#include "service/notification.h"

static CrNotification parse(const char *text)
{
        CrNotification n;

        cr_notification_parse(&n, text, strlen(text));
        return n;
}

START_TEST(fields_are_taken_apart)
{
        g_auto(CrNotification) n =
                parse("READY=1\nX_CR_REPLY={'Exports': <[('a', 'b')]>}\nX_CR_PHASE=copying = fast\n"
                      "X_CR_PROGRESS=5/18446744073709551615\nX_CR_FINAL=1\nX_CR_CHANGED=1\n");

        ck_assert(n.ready && !n.done && n.changed && n.has_final && n.final && n.has_progress);
        ck_assert_str_eq(n.phase, "copying = fast");
        ck_assert_uint_eq(n.bytes_done, 5);
        ck_assert_uint_eq(n.bytes_total, G_MAXUINT64);
        ck_assert_ptr_nonnull(n.reply);
        ck_assert_ptr_null(n.result);
}
END_TEST

START_TEST(an_error_has_a_name_and_words)
{
        g_auto(CrNotification) n =
                parse("BUSERROR=org.example.CollectionReplication.Error.InUse\nSTATUS=disk 'root' is open");

        ck_assert_str_eq(n.bus_error, "org.example.CollectionReplication.Error.InUse");
        ck_assert_str_eq(n.status, "disk 'root' is open");
        ck_assert(!n.ready && !n.has_final && !n.has_progress);
}
END_TEST

START_TEST(final_can_be_taken_back)
{
        g_auto(CrNotification) n = parse("X_CR_FINAL=0");

        ck_assert(n.has_final && !n.final);
}
END_TEST

START_TEST(nonsense_is_left_out)
{
        g_auto(CrNotification) n =
                parse("READY\n=1\nREADY=2\nX_CR_PROGRESS=5\nX_CR_RESULT={'a': \nX_CR_REPLY=5\nUNKNOWN=1\n\n");
        g_auto(CrNotification) negative = parse("X_CR_PROGRESS=-1/5");
        g_auto(CrNotification) empty = parse("");

        ck_assert(!n.ready && !n.has_progress && !n.result && !n.reply);
        ck_assert(!negative.has_progress);
        ck_assert(!empty.ready);
}
END_TEST

START_TEST(words_are_valid_utf8)
{
        g_auto(CrNotification) n = parse("STATUS=\xff\xfe broken\nSTATUS=again \xc3");

        ck_assert(g_utf8_validate(n.status, -1, NULL));
}
END_TEST

START_TEST(a_datagram_with_nul_ends_there)
{
        g_auto(CrNotification) n = {0};

        cr_notification_parse(&n, "READY=1\0X_CR_DONE=1", 19);
        ck_assert(n.ready && !n.done);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {fields_are_taken_apart, an_error_has_a_name_and_words,
                final_can_be_taken_back, nonsense_is_left_out, words_are_valid_utf8,
                a_datagram_with_nul_ends_there, NULL};

        return run_tests("notification", tests);
}
