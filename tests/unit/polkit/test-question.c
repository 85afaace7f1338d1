/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a question shows of a collection's name, which may be anything that a caller sent. */

#include <check.h>
#include <glib.h>
#include <stdlib.h>

#include "polkit/question.h"

static const struct {
        const char *given;
        const char *shown;
} names[] = {
        {"shop", "shop"},
        {NULL, ""},
        {"", ""},
        {"Läden “$(operation)”", "Läden “$(operation)”"},
        {"shop\nYou are asked for nothing bad", "shop?You are asked for nothing bad"},
        {"a\x7f\x01z", "a??z"},
        {"\xc2\x85", "?"}, /* NEXT LINE, a control character of two bytes */
        /* 64 bytes pass, the 65th does not. */
        {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
        {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdefX",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
        /* Nor is a character cut in two. */
        {"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdeß",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"},
};

START_TEST(collection_is_shown_safely)
{
        CrQuestion q;

        cr_question_init(&q, ":1.7", "org.example.action", names[_i].given, "Verify");
        ck_assert_str_eq(q.collection, names[_i].shown);
        ck_assert_str_eq(q.sender, ":1.7");
        ck_assert_str_eq(q.action_id, "org.example.action");
        ck_assert_str_eq(q.operation, "Verify");
        cr_question_clear(&q);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("polkit question");
        TCase *details = tcase_create("details");
        SRunner *runner;
        int n_failed;

        tcase_add_loop_test(details, collection_is_shown_safely, 0, G_N_ELEMENTS(names));
        suite_add_tcase(suite, details);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
