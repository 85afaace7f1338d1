/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration that is installed says what is true: taken out of their comments, its lines change
 * nothing. */
#include "run.h"
#include "tree.h"

#include <glib/gstdio.h>

#include "core/config_file.h"

#define EXAMPLE "data/collection-replicationd.conf"

static CrConfig *load(const char *text)
{
        g_autofree char *file = NULL;
        g_autoptr(GError) error = NULL;
        CrConfig *config;
        int fd = g_file_open_tmp("cr-configuration-XXXXXX", &file, &error);

        ck_assert_msg(fd >= 0, "%s", error ? error->message : "");
        ck_assert(g_close(fd, NULL));
        ck_assert(g_file_set_contents(file, text, -1, NULL));
        config = cr_config_load(file, TRUE, &error);
        g_unlink(file);
        ck_assert_msg(config != NULL, "%s", error ? error->message : "");
        return config;
}

/* "#Key=value" is a default; "# words" is a comment. */
static char *uncomment(const char *text)
{
        g_autoptr(GRegex) commented = g_regex_new("^#([A-Z][A-Za-z]*=)", G_REGEX_MULTILINE, 0, NULL);

        return g_regex_replace(commented, text, -1, 0, "\\1", 0, NULL);
}

static char *describe(const CrConfig *config)
{
        g_autofree char *images = g_strjoinv(";", config->image_directories);
        g_autofree char *exports = g_strjoinv(";", config->export_directories);
        g_autofree char *machines = g_strjoinv(";", config->machine_directories);

        return g_strdup_printf("ImageDirectories=%s ReplicaDirectory=%s ExportDirectories=%s "
                               "MachineDirectories=%s SshConfigFile=%s "
                               "MaxObjects=%u MaxCollections=%u MaxJobs=%u",
                images, config->replica_directory, exports, machines, config->ssh_config_file,
                config->max_objects, config->max_collections, config->max_jobs);
}

START_TEST(the_example_tells_the_defaults)
{
        g_autofree char *text = tree_read(EXAMPLE);
        g_autofree char *uncommented = uncomment(text);
        g_autoptr(CrConfig) defaults = load(text);
        g_autoptr(CrConfig) example = load(uncommented);
        g_autofree char *expected = describe(defaults);
        g_autofree char *found = describe(example);

        ck_assert_str_ne(text, uncommented);
        ck_assert_str_eq(found, expected);
}
END_TEST

START_TEST(the_example_and_the_manual_name_every_key)
{
        static const char *const keys[] = {"ImageDirectories=", "ReplicaDirectory=", "ExportDirectories=",
                "MachineDirectories=", "MaxObjects=", "MaxCollections=", "MaxJobs="};
        g_autofree char *text = tree_read(EXAMPLE);
        g_autofree char *manual = tree_read("data/collection-replicationd.conf.5.in");

        for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
                g_autofree char *line = g_strconcat("\n#", keys[i], NULL);
                g_autofree char *heading = g_strconcat("\n.B ", keys[i], "\n", NULL);

                ck_assert_msg(strstr(text, line) != NULL, "the example lacks %s", keys[i]);
                ck_assert_msg(strstr(manual, heading) != NULL, "the manual lacks %s", keys[i]);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("configuration");
        TCase *tcase = tcase_create("configuration");

        tcase_add_test(tcase, the_example_tells_the_defaults);
        tcase_add_test(tcase, the_example_and_the_manual_name_every_key);
        suite_add_tcase(suite, tcase);
        return run_suite(suite);
}
