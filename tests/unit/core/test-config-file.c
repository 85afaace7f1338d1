/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config_file.h"
#include "core/error.h"
#include "unit.h"

#include <glib/gstdio.h>
#include <string.h>

static char *path;

static CrConfig *load(const char *text, GError **error)
{
        CrConfig *config;

        ck_assert(g_file_set_contents(path, text, -1, NULL));
        config = cr_config_load(path, TRUE, error);
        g_unlink(path);
        return config;
}

static void check_list(char *const *list, const char *joined)
{
        g_autofree char *text = g_strjoinv(";", (char **)list);

        ck_assert_str_eq(text, joined);
}

static void check_defaults(const CrConfig *config)
{
        check_list(config->image_directories,
                "/var/lib/libvirt/images;/var/lib/collection-replication/replicas");
        ck_assert_str_eq(config->replica_directory, "/var/lib/collection-replication/replicas");
        check_list(config->export_directories, "/var/lib/collection-replication/exports");
        check_list(config->machine_directories, "/run;/var/run");
        ck_assert_uint_eq(config->max_objects, 20000);
        ck_assert_uint_eq(config->max_collections, 1000);
        ck_assert_uint_eq(config->max_jobs, 4);
}

START_TEST(an_absent_file_is_the_defaults_unless_it_is_required)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(CrConfig) config = cr_config_load(path, FALSE, &error);

        ck_assert(config != NULL);
        check_defaults(config);
        ck_assert_ptr_null(cr_config_load(path, TRUE, &error));
        assert_error(error, CR_ERROR_FILE_NOT_FOUND, path);
}
END_TEST

START_TEST(an_empty_file_is_the_defaults)
{
        static const char *const texts[] = {"", "# nothing\n", "[Service]\n", "[Service]\n#MaxJobs=9\n"};

        for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
                g_autoptr(CrConfig) config = load(texts[i], NULL);

                ck_assert(config != NULL);
                check_defaults(config);
        }
}
END_TEST

START_TEST(every_key_is_read)
{
        g_autoptr(CrConfig) config =
                load("[Service]\nImageDirectories=/srv/a;/srv/b\nReplicaDirectory=/srv/r\n"
                     "ExportDirectories=/srv/e;\nMachineDirectories=/srv/m;/srv/"
                     "n\nMaxObjects=100\nMaxCollections=100000\n"
                     "MaxJobs=64\n",
                        NULL);

        ck_assert(config != NULL);
        check_list(config->image_directories, "/srv/a;/srv/b;/srv/r");
        ck_assert_str_eq(config->replica_directory, "/srv/r");
        check_list(config->export_directories, "/srv/e");
        check_list(config->machine_directories, "/srv/m;/srv/n");
        ck_assert_uint_eq(config->max_objects, 100);
        ck_assert_uint_eq(config->max_collections, 100000);
        ck_assert_uint_eq(config->max_jobs, 64);
}
END_TEST

START_TEST(the_replica_directory_is_an_image_directory_once)
{
        g_autoptr(CrConfig) config =
                load("[Service]\nImageDirectories=/srv/r;/srv/b\nReplicaDirectory=/srv/r\n", NULL);
        g_autoptr(CrConfig) alone = load("[Service]\nImageDirectories=\nReplicaDirectory=/srv/r\n", NULL);

        check_list(config->image_directories, "/srv/r;/srv/b");
        check_list(alone->image_directories, "/srv/r");
}
END_TEST

/* A message names the file, the group and the key. */
START_TEST(what_is_wrong_is_refused_by_name)
{
        static const struct {
                const char *text, *named;
        } table[] = {
                {"[Service]\nMaxJob=1\n", "[Service] MaxJob"},
                {"[Daemon]\nMaxJobs=1\n", "[Daemon]"},
                {"[Service]\nMaxJobs=0\n", "[Service] MaxJobs"},
                {"[Service]\nMaxJobs=65\n", "[Service] MaxJobs"},
                {"[Service]\nMaxJobs=-1\n", "[Service] MaxJobs"},
                {"[Service]\nMaxJobs=-18446744073709551615\n", "[Service] MaxJobs"},
                {"[Service]\nMaxJobs=4x\n", "[Service] MaxJobs"},
                {"[Service]\nMaxJobs=\n", "[Service] MaxJobs"},
                {"[Service]\nMaxJobs=4.0\n", "[Service] MaxJobs"},
                {"[Service]\nMaxObjects=99\n", "[Service] MaxObjects"},
                {"[Service]\nMaxObjects=1000001\n", "[Service] MaxObjects"},
                {"[Service]\nMaxCollections=0\n", "[Service] MaxCollections"},
                {"[Service]\nMaxCollections=100001\n", "[Service] MaxCollections"},
                {"[Service]\nReplicaDirectory=\n", "[Service] ReplicaDirectory"},
                {"[Service]\nReplicaDirectory=srv/r\n", "[Service] ReplicaDirectory"},
                {"[Service]\nReplicaDirectory=/srv/r/\n", "[Service] ReplicaDirectory"},
                {"[Service]\nReplicaDirectory=/\n", "[Service] ReplicaDirectory"},
                {"[Service]\nImageDirectories=/srv/a;srv/b\n", "[Service] ImageDirectories"},
                {"[Service]\nImageDirectories=/srv/../etc\n", "[Service] ImageDirectories"},
                {"[Service]\nExportDirectories=/srv//e\n", "[Service] ExportDirectories"},
                {"[Service]\nExportDirectories=/srv/./e\n", "[Service] ExportDirectories"},
                {"MaxJobs=1\n", ""},
                {"[Service]\nnonsense\n", "nonsense"},
        };

        for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
                g_autoptr(GError) error = NULL;

                ck_assert_msg(load(table[i].text, &error) == NULL, "%s", table[i].text);
                ck_assert_msg(strstr(error->message, path) != NULL, "%s", error->message);
                assert_error(error, CR_ERROR_INVALID_PARAMETER, table[i].named);
        }
}
END_TEST

START_TEST(what_is_no_file_is_an_error_though_not_required)
{
        g_autoptr(GError) error = NULL;

        ck_assert_int_eq(g_mkdir(path, 0700), 0);
        ck_assert_ptr_null(cr_config_load(path, FALSE, &error));
        g_rmdir(path);
        assert_error(error, CR_ERROR_INVALID_PARAMETER, path);
}
END_TEST

START_TEST(a_worker_goes_by_what_the_service_read)
{
        static const char text[] = "# not UTF-8: \xff\n[Service]\nImageDirectories=/a;/b;\nMaxJobs=9\n";
        g_autoptr(GError) error = NULL;
        g_autoptr(CrConfig) read = load(text, NULL), parsed = NULL, defaults = NULL;

        ck_assert(read != NULL);
        parsed = cr_config_parse(read->text, &error);
        ck_assert_msg(parsed != NULL, "%s", error ? error->message : "no error");
        check_list(parsed->image_directories, "/a;/b;/var/lib/collection-replication/replicas");
        ck_assert_uint_eq(parsed->max_jobs, 9);
        defaults = cr_config_parse("", NULL);
        ck_assert(defaults != NULL);
        check_defaults(defaults);
        ck_assert_ptr_null(cr_config_parse("[Service]\nMaxJobs=0\n", &error));
        assert_error(error, CR_ERROR_INVALID_PARAMETER, "MaxJobs");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {an_absent_file_is_the_defaults_unless_it_is_required,
                an_empty_file_is_the_defaults, a_worker_goes_by_what_the_service_read, every_key_is_read,
                the_replica_directory_is_an_image_directory_once, what_is_wrong_is_refused_by_name,
                what_is_no_file_is_an_error_though_not_required, NULL};
        g_autofree char *directory = g_dir_make_tmp("cr-config-XXXXXX", NULL);
        int status;

        path = g_build_filename(directory, "collection-replicationd.conf", NULL);
        status = run_tests("config-file", tests);
        g_rmdir(directory);
        g_free(path);
        return status;
}
