/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who means no good: strangers at the workers' socket, floods, garbage, and those who leave in the middle. */
#include "tests/bus/service/site.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static Site site;
static char *shop;

static void set_up(void)
{
        site_start(&site, 1, NULL);
        shop = site_define(&site, "shop");
}

static void tear_down(void)
{
        g_clear_pointer(&shop, g_free);
        site_clear(&site);
}

/* ---- the workers' socket ---- */

static void tell(const char *text)
{
        g_autofree char *path = g_strdup_printf("%s/run/notify", site.directory);
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        ck_assert_uint_lt(strlen(path), sizeof address.sun_path);
        strcpy(address.sun_path, path);
        ck_assert_int_ge(
                sendto(fd, text, strlen(text), 0, (const struct sockaddr *)&address, sizeof address), 0);
        close(fd);
}

/* A peer that takes the connection and says nothing. */
static int silent_peer(char **ret_address)
{
        g_autofree char *path = g_strdup_printf("%s/silent", site.directory);
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        strcpy(address.sun_path, path);
        ck_assert_int_ge(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
        ck_assert_int_ge(listen(fd, 10), 0);
        *ret_address = g_strdup_printf("unix:path=%s", path);
        return fd;
}

static gboolean has_worker(gpointer data)
{
        g_autoptr(GArray) workers = site_workers(&site);

        return workers->len > 0;
}

static gboolean has_no_worker(gpointer data)
{
        return !has_worker(data);
}

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        const sd_bus_error *error = sd_bus_message_get_error(m);

        *(char **)userdata = g_strdup(error ? error->name : "success");
        return 0;
}

static gboolean is_answered(gpointer data)
{
        while (sd_bus_process(site.bus, NULL) > 0)
                ;
        return *(char **)data != NULL;
}

START_TEST(strangers_are_not_taken_for_workers)
{
        g_autofree char *address = NULL, *answer = NULL;
        int fd = silent_peer(&address);

        ck_assert_int_ge(sd_bus_call_method_async(site.bus, NULL, CR_BUS_NAME, MANAGER, CR_MANAGER_INTERFACE,
                                 "CreateReplicationRelationship", on_reply, &answer, "oa{sv}", shop, 1,
                                 "RecoveryConnectionPoint", "s", address),
                0);
        ck_assert_int_ge(sd_bus_flush(site.bus), 0);
        wait_until(has_worker, NULL, "the worker is there");
        for (guint i = 0; i < 100; i++)
                tell("READY=1\nX_CR_FINAL=1\nX_CR_RESULT={}");
        wait_until(is_answered, &answer, "the worker's own answer");
        ck_assert_str_eq(answer, ERROR_NAME("Timeout"));
        close(fd);
}
END_TEST

START_TEST(a_caller_that_left_starts_no_job)
{
        g_autofree char *address = NULL;
        g_autoptr(GArray) workers = NULL;
        gint64 left;
        int fd = silent_peer(&address);
        sd_bus *caller = site_connect(&site, NULL);

        ck_assert_int_ge(sd_bus_call_method_async(caller, NULL, CR_BUS_NAME, MANAGER, CR_MANAGER_INTERFACE,
                                 "CreateReplicationRelationship", on_reply, &(char *){NULL}, "oa{sv}", shop,
                                 1, "RecoveryConnectionPoint", "s", address),
                0);
        ck_assert_int_ge(sd_bus_flush(caller), 0);
        wait_until(has_worker, NULL, "the worker is there");
        /* So that it does not end by itself. */
        workers = site_workers(&site);
        ck_assert_int_eq(kill(g_array_index(workers, pid_t, 0), SIGSTOP), 0);
        left = g_get_monotonic_time();
        sd_bus_close_unref(caller);
        wait_until(has_no_worker, NULL, "the worker is gone");
        /* Nor by the 15 s that a method has. */
        ck_assert_int_lt(g_get_monotonic_time() - left, 12 * G_USEC_PER_SEC);
        ck_assert(!exists(site.bus, MANAGER "/job/_1", CR_JOB_INTERFACE));
        g_autofree char *current = get_string(site.bus, shop, CR_COLLECTION_INTERFACE, "CurrentJob");
        ck_assert_str_eq(current, "/");
        close(fd);
}
END_TEST

/* ---- floods ---- */

static void flood(sd_bus *bus, guint n)
{
        static const char *const paths[] = {MANAGER, MANAGER "/collection/shop", MANAGER "/job/_1", "/"};
        static const char *const members[] = {"ReplicateNow", "DestroyCollection", "GetCollection",
                "Describe", "Wait", "Cancel", "Get", "GetManagedObjects", "Introspect", "DefineCollection",
                "PreviewReverseReplication", "NoSuch"};
        static const char *const interfaces[] = {CR_MANAGER_INTERFACE, CR_PEER_INTERFACE, CR_JOB_INTERFACE,
                "org.freedesktop.DBus.Properties", "org.freedesktop.DBus.ObjectManager",
                "org.freedesktop.DBus.Introspectable"};
        g_autoptr(GRand) random = g_rand_new_with_seed(n);

        for (guint i = 0; i < n; i++) {
                g_autoptr(sd_bus_message) m = NULL;

                ck_assert_int_ge(sd_bus_message_new_method_call(bus, &m, CR_BUS_NAME,
                                         paths[g_rand_int(random) % G_N_ELEMENTS(paths)],
                                         interfaces[g_rand_int(random) % G_N_ELEMENTS(interfaces)],
                                         members[g_rand_int(random) % G_N_ELEMENTS(members)]),
                        0);
                if (i % 2)
                        ck_assert_int_ge(sd_bus_message_append(
                                                 m, "o", paths[g_rand_int(random) % G_N_ELEMENTS(paths)]),
                                0);
                if (i % 4 == 3)
                        ck_assert_int_ge(
                                sd_bus_message_append(m, "a{sv}", 1, "\xf0\x9f\x92\xa5", "s", "x"), 0);
                /* No reply wanted: the bus daemon then does not count it. */
                ck_assert_int_ge(sd_bus_message_set_expect_reply(m, i % 3 == 0), 0);
                ck_assert_int_ge(sd_bus_send(bus, m, NULL), 0);
        }
}

START_TEST(a_flood_of_garbage_is_survived)
{
        g_autoptr(sd_bus) nobody = site_connect(&site, "crtest-nobody");

        flood(nobody, 2000);
        ck_assert_int_ge(sd_bus_flush(nobody), 0);
        g_autofree char *state = get_string(site.bus, shop, CR_COLLECTION_INTERFACE, "State");
        ck_assert_str_eq(state, "disabled");
}
END_TEST

START_TEST(a_flood_by_one_who_leaves_is_survived)
{
        for (guint i = 0; i < 10; i++) {
                sd_bus *caller = site_connect(&site, i % 2 ? "crtest-nobody" : NULL);

                flood(caller, 100 + i);
                (void)sd_bus_flush(caller);
                sd_bus_close_unref(caller);
        }
        wait_until(has_no_worker, NULL, "no worker is left");
        g_autofree char *version = get_string(site.bus, MANAGER, CR_MANAGER_INTERFACE, "Version");
        ck_assert_str_ne(version, "");
}
END_TEST

/* Definitions of one name and one image at once: one of them is it. */
static int count_success(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        guint *n = userdata;

        n[0] += !sd_bus_message_is_method_error(m, NULL);
        n[1]++;
        return 0;
}

static gboolean are_twenty(gpointer data)
{
        while (sd_bus_process(site.bus, NULL) > 0)
                ;
        return ((guint *)data)[1] == 20;
}

START_TEST(one_of_many_definitions_wins)
{
        g_autofree char *image = site_image(&site, "wanted");
        guint n[2] = {0, 0};

        for (guint i = 0; i < 20; i++) {
                g_autofree char *name = g_strdup_printf("wanted-%u", i % 2 ? 0 : i);

                ck_assert_int_ge(sd_bus_call_method_async(site.bus, NULL, CR_BUS_NAME, MANAGER,
                                         CR_MANAGER_INTERFACE, "DefineCollection", count_success, n,
                                         "sa(ss)a{sv}", name, 1, "root", image, 0),
                        0);
        }
        wait_until(are_twenty, n, "all definitions are answered");
        ck_assert_uint_eq(n[0], 1);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {strangers_are_not_taken_for_workers, a_caller_that_left_starts_no_job,
                a_flood_of_garbage_is_survived, a_flood_by_one_who_leaves_is_survived,
                one_of_many_definitions_wins, NULL};

        return run_bus_tests("hostile", tests, set_up, tear_down);
}
