/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UpdateDiskSet, CancelUpdateDiskSet and IncludedDisks: what is refused, with which value, and that the set
 * is as before then. */
#include "tests/bus/contract/pair.h"

#include <signal.h>
#include <unistd.h>

#define SET "oa(ss)asa{sv}"

static char *in_images(const char *name)
{
        return g_strdup_printf("%s/images/%s.qcow2", pair_a.directory, name);
}

static char *new_image(const char *name)
{
        char *path = in_images(name);

        disk_make(path, "8M");
        return path;
}

/* The names of the disks that a site shows, in order. */
static char *disk_names(Site *site)
{
        sd_bus_message *reply = NULL;
        GString *names = g_string_new(NULL);
        const char *name;

        ck_assert_int_ge(sd_bus_get_property(site->bus, CR_BUS_NAME, SHOP, CR_COLLECTION_INTERFACE, "Disks",
                                 NULL, &reply, "a(sst)"),
                0);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "(sst)"), 0);
        while (sd_bus_message_read(reply, "(sst)", &name, NULL, NULL) > 0)
                g_string_append_printf(names, "%s ", name);
        sd_bus_message_unref(reply);
        return g_string_free(names, FALSE);
}

static void check_names(Site *site, const char *wanted)
{
        g_autofree char *found = disk_names(site);

        ck_assert_str_eq(found, wanted);
}

static void check_add_refused(const char *name, const char *path, guint value, const char *object)
{
        g_auto(Answer) answer = ask_manager(pair_a.bus, "UpdateDiskSet", SET, SHOP, 1, name, path, 0, 0);

        check_refused(pair_a.bus, &answer, value, object);
        check_names(&pair_a, "root data ");
}

static void check_remove_refused(Site *site, const char *name, guint value, const char *object)
{
        g_auto(Answer) answer = ask_manager(site->bus, "UpdateDiskSet", SET, SHOP, 0, 1, name, 0);

        check_refused(site->bus, &answer, value, object);
        check_names(site, "root data ");
}

START_TEST(names_and_paths)
{
        pair_live(STAGE_DEFINED, NULL);
        g_autofree char *image = new_image("extra"), *link = in_images("link"), *second = in_images("second");
        g_autofree char *missing = in_images("missing"), *root = pair_head(&pair_a, "root");
        g_autofree char *outside = g_strdup_printf("%s/outside.qcow2", pair_a.directory);
        g_autofree char *inside = new_image("snapshot");

        disk_make(outside, "8M");
        must_run("ln", "-s", image, link, NULL);
        must_run("qemu-img", "snapshot", "-c", "inside", inside, NULL);
        check_add_refused("root", image, 32773, "'root'");
        check_add_refused("a/b", image, 32773, "disk name");
        check_add_refused(".hidden", image, 32773, "disk name");
        check_add_refused("extra", "relative.qcow2", 32773, "relative.qcow2");
        check_add_refused("extra", outside, 32773, outside);
        check_add_refused("extra", link, 32773, link);
        check_add_refused("extra", root, 32773, root);
        check_add_refused("extra", missing, 32779, missing);
        check_add_refused("extra", inside, 32770, inside);
        must_run("ln", image, second, NULL);
        check_add_refused("extra", image, 32773, image);
}
END_TEST

START_TEST(what_is_taken_out)
{
        g_auto(Answer) both = {0}, twice = {0}, nothing = {0}, option = {0}, last = {0};

        pair_live(STAGE_DEFINED, NULL);
        check_remove_refused(&pair_a, "none", 32773, "'none'");
        both = ask_manager(pair_a.bus, "UpdateDiskSet", SET, SHOP, 0, 2, "root", "data", 0);
        check_refused(pair_a.bus, &both, 32773, "'shop'");
        twice = ask_manager(pair_a.bus, "UpdateDiskSet", SET, SHOP, 0, 2, "root", "root", 0);
        check_refused(pair_a.bus, &twice, 32773, "'root'");
        nothing = ask_manager(pair_a.bus, "UpdateDiskSet", SET, SHOP, 0, 0, 0);
        check_refused(pair_a.bus, &nothing, 32773, "'shop'");
        option = ask_manager(pair_a.bus, "UpdateDiskSet", SET, SHOP, 0, 1, "root", 1, "Colour", "s", "red");
        check_refused(pair_a.bus, &option, 32773, "'Colour'");
        check_names(&pair_a, "root data ");
        pair_step(&pair_a, "UpdateDiskSet", SET, SHOP, 0, 1, "root", 0);
        check_names(&pair_a, "data ");
        last = ask_manager(pair_a.bus, "UpdateDiskSet", SET, SHOP, 0, 1, "data", 0);
        check_refused(pair_a.bus, &last, 32773, "'shop'");
}
END_TEST

START_TEST(sixty_four_disks)
{
        g_auto(Answer) refused = {0};

        pair_live(STAGE_DEFINED, NULL);
        g_autofree char *image = new_image("disk64"), *more = new_image("disk65");
        for (guint i = 2; i < 63; i++) {
                g_autofree char *name = g_strdup_printf("disk%u", i), *path = new_image(name);

                pair_step(&pair_a, "UpdateDiskSet", SET, SHOP, 1, name, path, 0, 0);
        }
        refused = ask_manager(pair_a.bus, "UpdateDiskSet", SET, SHOP, 2, "x", image, "y", more, 0, 0);
        check_refused(pair_a.bus, &refused, 32773, "64");
        pair_step(&pair_a, "UpdateDiskSet", SET, SHOP, 1, "x", image, 0, 0);
}
END_TEST

START_TEST(paths_of_other_kinds)
{
        g_auto(Answer) root = {0}, none = {0}, cancelled = {0};

        pair_live(STAGE_DEFINED, NULL);
        root = ask_manager(pair_a.bus, "UpdateDiskSet", SET, "/", 0, 1, "root", 0);
        check_refused(pair_a.bus, &root, 32776, "/");
        none = ask_manager(pair_a.bus, "UpdateDiskSet", SET, MANAGER "/collection/none", 0, 1, "root", 0);
        check_refused(pair_a.bus, &none, 32779, "none");
        cancelled = ask_manager(pair_a.bus, "CancelUpdateDiskSet", "o", SHOP);
        check_refused(pair_a.bus, &cancelled, 32775, "'shop'");
}
END_TEST

START_TEST(of_a_replica_or_of_who_took_over)
{
        g_auto(Answer) added = {0};

        pair_live(STAGE_REPLICATING, NULL);
        g_autofree char *image = new_image("extra");
        check_remove_refused(&pair_b, "root", 32775, "'shop'");
        pair_step(&pair_b, "InitiateFailover", "ooa{sv}", SHOP, "/", 0);
        check_remove_refused(&pair_b, "root", 32775, "'root'");
        added = ask_manager(pair_a.bus, "UpdateDiskSet", SET, SHOP, 1, "extra", image, 0, 0);
        check_refused(pair_a.bus, &added, 32775, "took over");
        check_add_refused("extra", image, 32775, "critical");
        pair_step(&pair_a, "UpdateDiskSet", SET, SHOP, 0, 1, "data", 0);
        pair_step(&pair_a, "PrepareForReverseReplication", "o", SHOP);
        check_names(&pair_a, "root ");
}
END_TEST

START_TEST(open_images)
{
        Holder *holder;

        pair_live(STAGE_REPLICATING, NULL);
        g_autofree char *image = new_image("extra"), *data = pair_head(&pair_a, "data");
        holder = disk_hold("qemu-io", data);
        check_remove_refused(&pair_a, "data", 32774, data);
        holder_end(holder);
        holder = disk_hold("qemu-io", image);
        check_add_refused("extra", image, 32774, image);
        holder_end(holder);
        pair_step(&pair_a, "UpdateDiskSet", SET, SHOP, 1, "extra", image, 1, "data", 0);
        check_names(&pair_a, "root extra ");
        check_names(&pair_b, "root extra ");
}
END_TEST

START_TEST(a_peer_that_is_gone)
{
        pair_live(STAGE_REPLICATING, NULL);
        g_autofree char *image = new_image("extra");
        site_stop(&pair_b);
        check_add_refused("extra", image, 32777, "'shop'");
        check_remove_refused(&pair_a, "data", 32777, "'shop'");
}
END_TEST

START_TEST(disks_that_a_divergence_has)
{
        g_auto(Answer) divergent = {0};

        pair_live(STAGE_REPLICATING, NULL);
        pair_step(&pair_b, "InitiateFailover", "ooa{sv}", SHOP, "/", 0);
        pair_step(&pair_b, "RevertFailover", "o", SHOP);
        /* The set changes here; over there the divergence is in the way until it is discarded. */
        divergent = ask_manager(pair_a.bus, "UpdateDiskSet", SET, SHOP, 0, 1, "data", 0);
        check_fails(pair_a.bus, &divergent, 32775, "divergence");
        check_names(&pair_a, "root ");
        check_names(&pair_b, "root data ");
        g_autofree char *state = pair_state(&pair_a), *divergence = pair_only(&pair_b, "divergence");
        ck_assert_str_eq(state, "disk-update-critical");
        g_auto(Answer) discarded = ask(pair_b.bus, divergence, CR_DIVERGENCE_INTERFACE, "Discard", "");
        check_completes(pair_b.bus, &discarded);
        pair_step(&pair_a, "ReplicateNow", "o", SHOP);
        check_names(&pair_b, "root ");
}
END_TEST

static void check_included_refused(const char *member, const char *disk, guint value, const char *object)
{
        g_auto(Answer) answer =
                ask_manager(pair_a.bus, member, "oa{sv}", SHOP, 1, "IncludedDisks", "as", 1, disk);

        check_refused(pair_a.bus, &answer, value, object);
}

START_TEST(included_disks)
{
        pair_live(STAGE_DEFINED, NULL);
        check_included_refused("CreateReplicationRelationship", "none", 32773, "'none'");
        pair_relate();
        check_included_refused("ModifyReplicationSettings", "none", 32773, "'none'");
        check_included_refused("ModifyReplicationSettings", "root", 32775, "IncludedDisks");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {names_and_paths, what_is_taken_out, sixty_four_disks,
                paths_of_other_kinds, of_a_replica_or_of_who_took_over, open_images, a_peer_that_is_gone,
                disks_that_a_divergence_has, included_disks, NULL};

        return run_bus_tests("disk sets", tests, NULL, pair_end);
}
