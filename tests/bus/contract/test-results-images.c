/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PrepareForReverseReplication: what the images themselves say. 32773 InvalidParameter, 32774
 * InUse, 32779 FileNotFound. */
#include "tests/bus/contract/pair.h"

#include <glib/gstdio.h>
#include <signal.h>

static void set_up(void)
{
        pair_live(STAGE_TAKEN_OVER, NULL);
}

/* In the end nothing of what was in the way has left a trace. */
static void check_prepares(void)
{
        pair_step(&pair_a, "PrepareForReverseReplication", "o", SHOP);
}

START_TEST(an_image_that_a_program_of_qemus_has_open_is_in_use)
{
        static const char *const programs[] = {"qemu-nbd", "qemu-io", "qemu-system-x86_64"};
        g_autofree char *root = pair_head(&pair_a, "root"), *data = pair_head(&pair_a, "data");

        for (gsize i = 0; i < G_N_ELEMENTS(programs); i++) {
                const char *head = i % 2 == 0 ? data : root;
                Holder *holder = disk_hold(programs[i], head);

                check_prepare_blocked(32774, head);
                holder_end(holder);
        }
        check_prepares();
}
END_TEST

static void check_without(const char *path)
{
        g_autofree char *away = g_strdup_printf("%s.away", path);

        ck_assert_int_eq(g_rename(path, away), 0);
        check_prepare_blocked(32779, path);
        ck_assert_int_eq(g_rename(away, path), 0);
}

/* A frozen layer of the disk on site A: there is but one. */
static char *layer_of(const char *disk)
{
        g_autofree char *id = get_string(pair_a.bus, SHOP, CR_COLLECTION_INTERFACE, "Id");
        g_autofree char *folder =
                g_strdup_printf("%s/images/.collection-replication/%s", pair_a.directory, id);
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        const char *name;

        ck_assert_ptr_nonnull(dir);
        while ((name = g_dir_read_name(dir)))
                if (g_str_has_prefix(name, disk))
                        return g_build_filename(folder, name, NULL);
        ck_abort_msg("disk %s has no layer", disk);
}

START_TEST(a_missing_image_or_layer_is_not_found)
{
        g_autofree char *head = pair_head(&pair_a, "root"), *layer = layer_of("data");

        check_without(head);
        check_without(layer);
        check_prepares();
}
END_TEST

START_TEST(a_missing_folder_of_layers_is_not_found)
{
        g_autofree char *layer = layer_of("data"), *folder = g_path_get_dirname(layer);

        check_without(folder);
        check_prepares();
}
END_TEST

START_TEST(another_file_at_an_images_path_is_not_the_image)
{
        g_autofree char *head = pair_head(&pair_a, "root"), *original = g_strdup_printf("%s.original", head);

        ck_assert_int_eq(g_rename(head, original), 0);
        must_run("cp", original, head, NULL);
        check_prepare_blocked(32779, head);
        ck_assert_int_eq(g_rename(original, head), 0);
        check_prepares();
}
END_TEST

/* The machine's owner replaced the image by a link to somewhere else. */
START_TEST(an_image_that_became_a_link_is_refused)
{
        g_autofree char *head = pair_head(&pair_a, "root"), *original = g_strdup_printf("%s.original", head);

        ck_assert_int_eq(g_rename(head, original), 0);
        must_run("ln", "-s", original, head, NULL);
        check_prepare_blocked(32773, head);
        ck_assert_int_eq(g_rename(original, head), 0);
        check_prepares();
}
END_TEST

START_TEST(an_image_outside_of_the_directories_as_they_are_configured_now_is_refused)
{
        g_autofree char *head = pair_head(&pair_a, "root");
        g_autofree char *conf = g_build_filename(pair_a.directory, "conf", NULL), *text = NULL;
        g_autofree char *narrow =
                g_strdup_printf("[Service]\nImageDirectories=%s/exports\nReplicaDirectory=%s/replicas\n",
                        pair_a.directory, pair_a.directory);

        ck_assert(g_file_get_contents(conf, &text, NULL, NULL));
        site_stop(&pair_a);
        ck_assert(g_file_set_contents(conf, narrow, -1, NULL));
        site_run(&pair_a);
        check_prepare_blocked(32773, head);
        site_stop(&pair_a);
        ck_assert(g_file_set_contents(conf, text, -1, NULL));
        site_run(&pair_a);
        check_prepares();
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {an_image_that_a_program_of_qemus_has_open_is_in_use,
                a_missing_image_or_layer_is_not_found, a_missing_folder_of_layers_is_not_found,
                another_file_at_an_images_path_is_not_the_image, an_image_that_became_a_link_is_refused,
                an_image_outside_of_the_directories_as_they_are_configured_now_is_refused, NULL};

        return run_bus_tests("results: images", tests, set_up, pair_end);
}
