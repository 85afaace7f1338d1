/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is true of every tracked file: its licence is named in it, and it is short enough to be read. */
#include "run.h"
#include "tree.h"

#include <string.h>

#define LICENCE "SPDX-License-Identifier: LGPL-2.1-or-later"
#define LINES_MAX 1000U

/* What may have to come first stands above it: "#!", "<?xml ...?>", "<!DOCTYPE ...>". */
#define LICENCE_LINES 6

/* The licence itself, and files of a form without comments. */
static const char *const without_licence[] = {"COPYING", NULL};

static gboolean names_licence(const char *text)
{
        g_auto(GStrv) lines = g_strsplit(text, "\n", LICENCE_LINES + 1);

        for (guint i = 0; i < LICENCE_LINES && lines[i]; i++)
                if (strstr(lines[i], LICENCE))
                        return TRUE;
        return FALSE;
}

static guint count_lines(const char *text)
{
        guint n = 0;

        for (; (text = strchr(text, '\n')); text++)
                n++;
        return n;
}

START_TEST(recognizes_a_missing_licence)
{
        ck_assert(names_licence("#!/bin/sh\n# " LICENCE "\n"));
        ck_assert(!names_licence("/* code */\n"));
        ck_assert(!names_licence("\n\n\n\n\n\n/* " LICENCE " */\n"));
        ck_assert(!names_licence(""));
}
END_TEST

START_TEST(every_file_names_its_licence)
{
        g_autoptr(GPtrArray) paths = tree_list_tracked();

        for (guint i = 0; i < paths->len; i++) {
                const char *path = paths->pdata[i];
                g_autofree char *text = tree_read(path);

                if (!g_strv_contains(without_licence, path))
                        ck_assert_msg(names_licence(text), "%s does not begin with \"%s\"", path, LICENCE);
        }
}
END_TEST

START_TEST(no_file_is_too_long)
{
        g_autoptr(GPtrArray) paths = tree_list_tracked();

        for (guint i = 0; i < paths->len; i++) {
                const char *path = paths->pdata[i];
                g_autofree char *text = tree_read(path);
                guint n = count_lines(text);

                ck_assert_msg(n <= LINES_MAX, "%s has %u lines, more than %u", path, n, LINES_MAX);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("files");
        TCase *tcase = tcase_create("files");

        tcase_add_test(tcase, recognizes_a_missing_licence);
        tcase_add_test(tcase, every_file_names_its_licence);
        tcase_add_test(tcase, no_file_is_too_long);
        suite_add_tcase(suite, tcase);
        return run_suite(suite);
}
