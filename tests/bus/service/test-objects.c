/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which objects there are, what they show, and what a call that names the wrong one gets. */
#include "tests/bus/service/site.h"

#include <string.h>

#define NO_SUCH MANAGER "/collection/none"
#define PROPERTIES "org.freedesktop.DBus.Properties"

static Site site;
static char *shop;

static void set_up(void)
{
        site_start(&site, 1, NULL);
        shop = site_define(&site, "shop0");
}

static void tear_down(void)
{
        g_clear_pointer(&shop, g_free);
        site_clear(&site);
}

START_TEST(a_collection_shows_what_was_defined)
{
        g_autofree char *found = manager_path(site.bus, "GetCollection", "s", "shop0");
        g_autofree char *name = get_string(site.bus, shop, CR_COLLECTION_INTERFACE, "Name");
        g_autofree char *state = get_string(site.bus, shop, CR_COLLECTION_INTERFACE, "State");
        g_autofree char *engine = get_string(site.bus, shop, CR_COLLECTION_INTERFACE, "Engine");
        g_autofree char *id = get_string(site.bus, shop, CR_COLLECTION_INTERFACE, "Id");

        ck_assert_str_eq(shop, MANAGER "/collection/shop0");
        ck_assert_str_eq(found, shop);
        ck_assert_str_eq(name, "shop0");
        ck_assert_str_eq(state, "disabled");
        ck_assert_str_eq(engine, "qcow2");
        ck_assert_uint_eq(strlen(id), 32);
}
END_TEST

/* As the bus library finds them by itself, sho_700 is shop0. */
START_TEST(only_the_canonical_path_is_an_object)
{
        static const char *const paths[] = {MANAGER "/collection/sho_700", MANAGER "/collection/shop_30",
                MANAGER "/collection/_73hop0", MANAGER "/collection/Shop0",
                MANAGER "/collection/shop0/point/00000000000000000000000000000000", MANAGER "/job/_1",
                MANAGER "/job/1", MANAGER "/collection/_"};

        ck_assert(exists(site.bus, shop, CR_COLLECTION_INTERFACE));
        for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
                ck_assert_msg(!exists(site.bus, paths[i], CR_COLLECTION_INTERFACE), "%s", paths[i]);
                call_fails(SD_BUS_ERROR_UNKNOWN_OBJECT, "", site.bus, paths[i], CR_JOB_INTERFACE, "Cancel",
                        NULL);
                call_fails(SD_BUS_ERROR_UNKNOWN_OBJECT, "", site.bus, paths[i],
                        "org.freedesktop.DBus.Introspectable", "Introspect", NULL);
        }
        manager_fails("FileNotFound", "sho_700", site.bus, "ReplicateNow", "o", paths[0]);
}
END_TEST

START_TEST(a_path_of_another_kind_is_an_incorrect_data_type)
{
        static const char *const paths[] = {"/", MANAGER, MANAGER "/collection", MANAGER "/job/_1",
                MANAGER "/collection/shop0/point/00000000000000000000000000000000", "/org/freedesktop/DBus"};

        for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
                manager_fails("IncorrectDataType", "(32776 IncorrectDataType)", site.bus, "ReplicateNow", "o",
                        paths[i]);
                manager_fails("IncorrectDataType", paths[i], site.bus, "Verify", "oa{sv}", paths[i], 0);
        }
        manager_fails("IncorrectDataType", "recovery point", site.bus, "InitiateFailover", "ooa{sv}", shop,
                MANAGER "/job/_1", 0);
        manager_fails("IncorrectDataType", "recovery point", site.bus, "InitiateFailover", "ooa{sv}", NO_SUCH,
                shop, 0);
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
        manager_fails("FileNotFound", "none", site.bus, "ReplicateNow", "o", NO_SUCH);
        manager_fails("FileNotFound", "none", site.bus, "GetCollection", "s", "none");
        manager_fails("FileNotFound", "recovery point", site.bus, "InitiateFailover", "ooa{sv}", shop,
                MANAGER "/collection/shop0/point/00000000000000000000000000000000", 0);
}
END_TEST

START_TEST(a_malformed_signature_is_the_bus_librarys)
{
        call_fails(SD_BUS_ERROR_INVALID_ARGS, "", site.bus, MANAGER, CR_MANAGER_INTERFACE, "ReplicateNow",
                "s", shop);
        call_fails(SD_BUS_ERROR_UNKNOWN_METHOD, "", site.bus, MANAGER, CR_MANAGER_INTERFACE, "NoSuchMethod",
                NULL);
        call_fails(SD_BUS_ERROR_UNKNOWN_PROPERTY, "", site.bus, shop, PROPERTIES, "Get", "ss",
                CR_COLLECTION_INTERFACE, "Colour");
        call_fails(SD_BUS_ERROR_PROPERTY_READ_ONLY, "", site.bus, shop, PROPERTIES, "Set", "ssv",
                CR_COLLECTION_INTERFACE, "State", "s", "ready");
}
END_TEST

START_TEST(what_this_version_lacks_is_not_supported)
{
        manager_fails("NotSupported", "ReleaseFence", site.bus, "ReleaseFence", "o", shop);
        manager_fails("FileNotFound", "none", site.bus, "ReleaseFence", "o", NO_SUCH);
        manager_fails("NotSupported", "ApplicationConsistentSnapshotInterval", site.bus,
                "ModifyReplicationSettings", "oa{sv}", shop, 1, "ApplicationConsistentSnapshotInterval", "q",
                1);
        manager_fails("NotSupported", "CompressionEnabled", site.bus, "CreateReplicationRelationship",
                "oa{sv}", shop, 1, "CompressionEnabled", "b", 1);
        manager_fails("NotSupported", "BandwidthLimit", site.bus, "ModifyReplicationSettings", "oa{sv}", shop,
                1, "BandwidthLimit", "t", UINT64_C(1));
}
END_TEST

START_TEST(keys_and_values_are_checked_by_name)
{
        manager_fails("InvalidParameter", "'colour'", site.bus, "DestroyCollection", "oa{sv}", shop, 1,
                "colour", "s", "red");
        manager_fails("InvalidParameter", "Colour", site.bus, "ModifyReplicationSettings", "oa{sv}", shop, 1,
                "Colour", "s", "red");
        manager_fails("IncorrectDataType", "ReplicationInterval", site.bus, "ModifyReplicationSettings",
                "oa{sv}", shop, 1, "ReplicationInterval", "s", "often");
        manager_fails("InvalidParameter", "RecoveryHistory", site.bus, "ModifyReplicationSettings", "oa{sv}",
                shop, 1, "RecoveryHistory", "q", 17);
        manager_fails(
                "InvalidParameter", "type 9", site.bus, "StartReplication", "oqst", shop, 9, "", UINT64_C(0));
        manager_fails("InvalidParameter", "start time", site.bus, "StartReplication", "oqst", shop, 1, "",
                UINT64_MAX);
        manager_fails("InvalidParameter", "name", site.bus, "DefineCollection", "sa(ss)a{sv}", "", 0, 0);
        manager_fails("InvalidParameter", "'shop0'", site.bus, "DefineCollection", "sa(ss)a{sv}", "other", 1,
                "root", "/nowhere/of/'shop0'", 0);
}
END_TEST

/* ---- signals ---- */

typedef struct Seen {
        guint added, removed;
        char *path;
} Seen;

static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        Seen *seen = userdata;
        const char *path;

        ck_assert_int_ge(sd_bus_message_read(m, "o", &path), 0);
        if (strcmp(path, seen->path) == 0) {
                seen->added += strcmp(sd_bus_message_get_member(m), "InterfacesAdded") == 0;
                seen->removed += strcmp(sd_bus_message_get_member(m), "InterfacesRemoved") == 0;
        }
        return 0;
}

static gboolean is_removed(gpointer data)
{
        while (sd_bus_process(site.bus, NULL) > 0)
                ;
        return ((Seen *)data)->removed > 0;
}

START_TEST(coming_and_going_is_signalled_once)
{
        Seen seen = {.path = MANAGER "/collection/other"};
        g_autofree char *other = NULL, *job = NULL;

        ck_assert_int_ge(sd_bus_match_signal(site.bus, NULL, CR_BUS_NAME, MANAGER,
                                 "org.freedesktop.DBus.ObjectManager", NULL, on_signal, &seen),
                0);
        other = site_define(&site, "other");
        ck_assert_str_eq(other, seen.path);
        job = manager_path(site.bus, "DestroyCollection", "oa{sv}", other, 0);
        ck_assert_uint_eq(wait_job(site.bus, job), 0);
        wait_until(is_removed, &seen, "the collection is removed");
        ck_assert_uint_eq(seen.added, 1);
        ck_assert_uint_eq(seen.removed, 1);
        ck_assert(!exists(site.bus, other, CR_COLLECTION_INTERFACE));
}
END_TEST

START_TEST(everything_is_there_after_a_restart)
{
        g_autofree char *before = get_string(site.bus, shop, CR_COLLECTION_INTERFACE, "Id"), *after = NULL;
        g_autofree char *host = get_string(site.bus, MANAGER, CR_MANAGER_INTERFACE, "HostId"),
                        *host_after = NULL;

        site_stop(&site);
        site_run(&site);
        after = get_string(site.bus, shop, CR_COLLECTION_INTERFACE, "Id");
        host_after = get_string(site.bus, MANAGER, CR_MANAGER_INTERFACE, "HostId");
        ck_assert_str_eq(before, after);
        ck_assert_str_eq(host, host_after);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_collection_shows_what_was_defined,
                only_the_canonical_path_is_an_object, a_path_of_another_kind_is_an_incorrect_data_type,
                what_is_not_there_is_not_found, a_malformed_signature_is_the_bus_librarys,
                what_this_version_lacks_is_not_supported, keys_and_values_are_checked_by_name,
                coming_and_going_is_signalled_once, everything_is_there_after_a_restart, NULL};

        return run_bus_tests("objects", tests, set_up, tear_down);
}
