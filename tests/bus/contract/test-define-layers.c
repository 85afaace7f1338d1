/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DefineCollection: what belongs to one collection, in whatever way, is no disk of another. */
#include "tests/bus/contract/definition.h"
#include "tests/bus/contract/pair.h"

static void set_up(void)
{
        pair_live(STAGE_PREPARED, NULL);
}

/* Refused by the name of who has it. */
static void check_taken(Site *site, const char *path)
{
        const NamedDisk disk = {"root", path};

        check_define_refused(site, "mall", &disk, 1, 32773, path);
        check_define_refused(site, "mall", &disk, 1, 32773, "'shop'");
}

/* Every image that the service keeps below @folder; how many there are. */
static guint check_kept(Site *site, const char *folder)
{
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
        const char *name;
        guint n = 0;

        ck_assert_msg(dir != NULL, "there is no %s", folder);
        while ((name = g_dir_read_name(dir))) {
                g_autofree char *path = g_build_filename(folder, name, NULL);

                if (g_file_test(path, G_FILE_TEST_IS_DIR))
                        n += check_kept(site, path);
                else if (++n)
                        check_taken(site, path);
        }
        return n;
}

START_TEST(layers_and_what_was_set_aside)
{
        g_autofree char *images = g_strdup_printf("%s/images/.collection-replication", pair_a.directory);

        ck_assert_uint_eq(check_kept(&pair_a, images), 4); /* a point's and a divergence's, of two disks */
}
END_TEST

START_TEST(what_a_replica_is_made_of)
{
        g_autofree char *replicas = g_strdup_printf("%s/replicas", pair_b.directory);

        ck_assert_uint_eq(check_kept(&pair_b, replicas), 4); /* a point's and a head, of two disks */
}
END_TEST

/* The side that is prepared has no head; its place is kept. */
START_TEST(the_place_of_a_head_that_is_absent)
{
        g_autofree char *head = pair_head(&pair_a, "root");

        disk_make(head, DISK_SIZE);
        check_taken(&pair_a, head);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {layers_and_what_was_set_aside, what_a_replica_is_made_of,
                the_place_of_a_head_that_is_absent, NULL};

        return run_bus_tests("define: layers", tests, set_up, pair_end);
}
