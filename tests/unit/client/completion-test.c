/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is written about the verbs by hand, beside the table: the completion and the manual page.
 */
#include "client/verb.h"

#include "client/setting.h"

#include "suites.h"

static char *read_source(const char *path)
{
        g_autofree char *full = g_build_filename(SOURCE_ROOT, path, NULL);
        char *text = NULL;
        ck_assert_msg(g_file_get_contents(full, &text, NULL, NULL), "%s", full);
        return text;
}

/* The words of a shell variable: name='a b c', over several lines. */
static GStrv variable_words(const char *text, const char *name)
{
        g_autofree char *begin = g_strdup_printf("%s='", name);
        const char *start = strstr(text, begin);
        ck_assert_msg(start != NULL, "%s", name);
        start += strlen(begin);
        g_autofree char *value = g_strndup(start, strcspn(start, "'"));
        g_strdelimit(value, "\n", ' ');
        g_auto(GStrv) raw = g_strsplit(value, " ", -1);
        g_autoptr(GStrvBuilder) words = g_strv_builder_new();
        for (char **word = raw; *word != NULL; word++)
                if (**word != '\0')
                        g_strv_builder_add(words, *word);
        return g_strv_builder_end(words);
}

START_TEST(the_completion_offers_every_verb_and_no_other)
{
        g_autofree char *text = read_source("data/completion/collectionctl");
        g_auto(GStrv) words = variable_words(text, "verbs");
        guint n = 0;
        for (const CrVerb *verb = cr_verbs; verb->name != NULL; verb++, n++)
                ck_assert_msg(g_strv_contains((const char *const *)words, verb->name), "%s", verb->name);
        ck_assert_uint_eq(g_strv_length(words), n);
}
END_TEST

START_TEST(the_completion_offers_known_settings)
{
        g_autofree char *text = read_source("data/completion/collectionctl");
        g_auto(GStrv) words = variable_words(text, "settings");
        ck_assert_uint_eq(g_strv_length(words), 13);
        for (char **word = words; *word != NULL; word++) {
                g_autofree char *key = g_strndup(*word, strcspn(*word, "="));
                ck_assert_msg(cr_setting_type(key) != NULL, "%s", key);
        }
}
END_TEST

START_TEST(the_manual_describes_every_verb)
{
        g_autofree char *text = read_source("data/collectionctl.1");
        for (const CrVerb *verb = cr_verbs; verb->name != NULL; verb++) {
                g_auto(GStrv) parts = g_strsplit(verb->name, "-", -1);
                g_autofree char *escaped = g_strjoinv("\\-", parts);
                g_autofree char *entry = g_strdup_printf("\n.B %s\n", escaped);
                g_autofree char *entry_with_arguments = g_strdup_printf("\n.BI %s ", escaped);
                g_autofree char *quoted = g_strdup_printf("\n.BI \"%s ", escaped);
                ck_assert_msg(strstr(text, entry) != NULL || strstr(text, entry_with_arguments) != NULL ||
                                      strstr(text, quoted) != NULL,
                        "%s", verb->name);
        }
}
END_TEST

TCase *completion_case(void)
{
        TCase *tcase = tcase_create("completion");
        tcase_add_test(tcase, the_completion_offers_every_verb_and_no_other);
        tcase_add_test(tcase, the_completion_offers_known_settings);
        tcase_add_test(tcase, the_manual_describes_every_verb);
        return tcase;
}
