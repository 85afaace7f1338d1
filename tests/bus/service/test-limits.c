/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everything that a caller can create has a limit, and at the limit the service still answers everybody. */
#include "tests/bus/service/site.h"

#include <string.h>

#define LIST_BYTES_MAX (16U * 1024U * 1024U)

static Site site;

static void tear_down(void)
{
        site_clear(&site);
}

static void fill(const char *collections, const char *points, const char *divergences, const char *jobs)
{
        g_autofree char *state = g_build_filename(site.directory, "state", NULL);
        char *arguments[] = {(char *)g_getenv("FILL_STORE"), state, (char *)collections, (char *)points,
                (char *)divergences, (char *)jobs, NULL};
        int status = -1;

        ck_assert(g_spawn_sync(NULL, arguments, NULL, 0, NULL, NULL, NULL, NULL, &status, NULL));
        ck_assert_int_eq(status, 0);
}

START_TEST(collections_are_limited)
{
        g_autofree char *image = NULL, *first = NULL, *job = NULL;

        site_start(&site, 1, "MaxCollections=1");
        image = site_image(&site, "second");
        first = site_define(&site, "first");
        manager_fails("OutOfMemory", "MaxCollections=", site.bus, "DefineCollection", "sa(ss)a{sv}", "second",
                1, "root", image, 0);
        job = manager_path(site.bus, "DestroyCollection", "oa{sv}", first, 0);
        ck_assert_uint_eq(wait_job(site.bus, job), 0);
        g_autofree char *second =
                manager_path(site.bus, "DefineCollection", "sa(ss)a{sv}", "second", 1, "root", image, 0);
}
END_TEST

/* A collection with a history of 16 takes 19 objects, one with the default of 4 takes 7. */
START_TEST(room_for_the_history_is_reserved)
{
        static const char *const names[] = {"first", "second", "third"};
        g_autofree char *image = NULL;

        site_prepare(&site, 1, "MaxObjects=100");
        fill("4", "1", "0", "0");
        site_run(&site);
        for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
                g_free(site_define(&site, names[i]));
        image = site_image(&site, "fourth");
        manager_fails("OutOfMemory", "MaxObjects=", site.bus, "DefineCollection", "sa(ss)a{sv}", "fourth", 1,
                "root", image, 0);
        manager_fails("OutOfMemory", "MaxObjects=", site.bus, "ModifyReplicationSettings", "oa{sv}",
                MANAGER "/collection/first", 1, "RecoveryHistory", "q", 8);
        manager_fails("InvalidState", "", site.bus, "ModifyReplicationSettings", "oa{sv}",
                MANAGER "/collection/first", 1, "RecoveryHistory", "q", 7);
}
END_TEST

/* How many objects the reply lists. */
static guint count_objects(sd_bus_message *reply)
{
        guint n = 0;

        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}"), 0);
        for (; sd_bus_message_skip(reply, "{oa{sa{sv}}}") > 0; n++)
                ;
        return n;
}

/* The most that the bus daemon had of the service's at one time: the whole list is one message. */
static guint64 bytes_received(sd_bus *bus)
{
        g_autoptr(sd_bus_message) reply = NULL;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        guint64 bytes = 0;
        const char *key, *contents;
        guint32 value;

        ck_assert_int_ge(sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                 "org.freedesktop.DBus.Debug.Stats", "GetConnectionStats", &error, &reply,
                                 "s", CR_BUS_NAME),
                0);
        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "{sv}"), 0);
        while (sd_bus_message_enter_container(reply, 'e', "sv") > 0) {
                ck_assert_int_ge(sd_bus_message_read(reply, "s", &key), 0);
                ck_assert_int_ge(sd_bus_message_peek_type(reply, NULL, &contents), 0);
                if (strcmp(key, "PeakIncomingBytes") == 0) {
                        ck_assert_int_ge(sd_bus_message_read(reply, "v", "u", &value), 0);
                        bytes = value;
                } else {
                        ck_assert_int_ge(sd_bus_message_skip(reply, "v"), 0);
                }
                ck_assert_int_ge(sd_bus_message_exit_container(reply), 0);
        }
        return bytes;
}

typedef struct Lists {
        sd_bus *bus;
        guint n_answered, n_refused;
} Lists;

static int on_list(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        Lists *lists = userdata;

        if (sd_bus_message_is_method_error(m, ERROR_NAME("OutOfMemory")))
                lists->n_refused++;
        else
                lists->n_answered += !sd_bus_message_is_method_error(m, NULL);
        return 0;
}

static gboolean are_all_answered(gpointer data)
{
        Lists *lists = data;

        while (sd_bus_process(lists->bus, NULL) > 0)
                ;
        return lists->n_answered + lists->n_refused == 40;
}

START_TEST(at_the_limit_everybody_gets_the_list_and_stays_on_the_bus)
{
        site_prepare(&site, 1, NULL);
        fill("1000", "18", "1", "0");
        site_run(&site);
        g_autoptr(sd_bus) nobody = site_connect(&site, "crtest-nobody");
        g_autofree char *service = NULL;
        g_autoptr(sd_bus_message) reply =
                call(nobody, MANAGER, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL);
        ck_assert_uint_eq(count_objects(reply), 20000);
        ck_assert_uint_gt(bytes_received(site.bus), 1024U * 1024U);
        ck_assert_uint_lt(bytes_received(site.bus), LIST_BYTES_MAX);

        /* Many at once, by one who reads none of them for a while. */
        Lists lists = {site_connect(&site, "crtest-nobody"), 0, 0};
        for (guint i = 0; i < 40; i++)
                ck_assert_int_ge(sd_bus_call_method_async(lists.bus, NULL, CR_BUS_NAME, MANAGER,
                                         "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", on_list,
                                         &lists, NULL),
                        0);
        ck_assert_int_ge(sd_bus_flush(lists.bus), 0);
        service = get_string(nobody, MANAGER, CR_MANAGER_INTERFACE, "Version");
        wait_until(are_all_answered, &lists, "all lists are answered");
        ck_assert_uint_gt(lists.n_answered, 0);
        ck_assert_uint_gt(lists.n_refused, 0);
        sd_bus_flush_close_unref(lists.bus);
}
END_TEST

/* All of them ended longer ago than any stays that is not among the newest 64. */
START_TEST(an_owner_keeps_64_finished_jobs)
{
        guint n = 0;

        site_prepare(&site, 1, NULL);
        fill("0", "0", "0", "70");
        site_run(&site);
        for (guint i = 1; i <= 70; i++) {
                g_autofree char *path = g_strdup_printf(MANAGER "/job/_%u", i);

                n += exists(site.bus, path, CR_JOB_INTERFACE);
        }
        ck_assert_uint_eq(n, 64);
        ck_assert(!exists(site.bus, MANAGER "/job/_1", CR_JOB_INTERFACE));
        ck_assert(exists(site.bus, MANAGER "/job/_70", CR_JOB_INTERFACE));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {collections_are_limited, room_for_the_history_is_reserved,
                an_owner_keeps_64_finished_jobs, at_the_limit_everybody_gets_the_list_and_stays_on_the_bus,
                NULL};

        return run_bus_tests("limits", tests, NULL, tear_down);
}
