/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/verb.h"

#include "suites.h"

START_TEST(every_verb_of_the_contract_exists)
{
        static const char *const verbs[] = {"list", "show", "define", "destroy", "update-disks",
                "create-relationship", "remove-relationship", "start", "replicate", "suspend", "resume",
                "settings", "points", "preview", "prepare", "undo-prepare", "reverse", "failover",
                "revert-failover", "commit-failover", "test", "end-test", "resync", "verify", "import",
                "statistics", "reset-statistics", "divergences", "export", "discard", "release-fence", "jobs",
                "wait", "cancel", "cancel-initial", "cancel-resync", "cancel-update", "monitor"};
        gsize n = 0;
        for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++)
                ck_assert_msg(cr_verb_find(verbs[i]) != NULL, "%s", verbs[i]);
        while (cr_verbs[n].name != NULL)
                n++;
        ck_assert_uint_eq(n, G_N_ELEMENTS(verbs));
        ck_assert_ptr_null(cr_verb_find("surprise"));
}
END_TEST

START_TEST(every_verb_is_complete_and_its_name_unique)
{
        for (const CrVerb *verb = cr_verbs; verb->name != NULL; verb++) {
                ck_assert_ptr_eq(cr_verb_find(verb->name), verb);
                ck_assert_str_ne(verb->summary, "");
                ck_assert_uint_le(verb->min_args, verb->max_args);
                ck_assert_ptr_nonnull(verb->run);
                ck_assert_int_eq(verb->run == cr_verb_run_call, verb->call != NULL);
                ck_assert_int_eq(verb->max_args == 0, *verb->arguments == '\0');
        }
}
END_TEST

TCase *verb_case(void)
{
        TCase *tcase = tcase_create("verb");
        tcase_add_test(tcase, every_verb_of_the_contract_exists);
        tcase_add_test(tcase, every_verb_is_complete_and_its_name_unique);
        return tcase;
}
