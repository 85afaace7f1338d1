/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GetManagedObjects of all that the service shows: how many objects, how long it takes, how long others wait
 * meanwhile, and how large the answer is:
 *
 *   bench-objects ADDRESS
 */
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define ROUNDS 5
#define PAUSE_US 500

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

static unsigned count_objects(sd_bus_message *reply)
{
        unsigned n = 0;
        int r;

        bench_check(sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}"), OBJECT_MANAGER);
        while ((r = sd_bus_message_skip(reply, "{oa{sa{sv}}}")) > 0 && sd_bus_message_at_end(reply, 0) == 0)
                n++;
        bench_check(r, OBJECT_MANAGER);
        return n + 1;
}

/* Of the answer's bytes as they cross the bus; sd-bus does not tell. */
static gsize size_of_answer(const char *address)
{
        GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                     G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
        g_autoptr(GError) error = NULL;
        g_autoptr(GDBusConnection) bus =
                g_dbus_connection_new_for_address_sync(address, flags, NULL, NULL, &error);
        g_autoptr(GDBusMessage) call =
                g_dbus_message_new_method_call(BENCH_NAME, BENCH_PATH, OBJECT_MANAGER, "GetManagedObjects");
        g_autoptr(GDBusMessage) reply = NULL;
        g_autofree guchar *blob = NULL;
        gsize size = 0;

        if (bus)
                reply = g_dbus_connection_send_message_with_reply_sync(
                        bus, call, G_DBUS_SEND_MESSAGE_FLAGS_NONE, G_MAXINT, NULL, NULL, &error);
        if (reply)
                blob = g_dbus_message_to_blob(reply, &size, G_DBUS_CAPABILITY_FLAGS_NONE, &error);
        if (!blob)
                g_error("%s", error->message);
        return size;
}

static gboolean stop_pinging;

/* In a thread: the longest Ping on a connection of its own. */
static gpointer ping_until_stopped(gpointer address)
{
        sd_bus *bus = bench_open(address);
        uint64_t longest = 0;

        while (!g_atomic_int_get(&stop_pinging)) {
                uint64_t start = bench_now();

                sd_bus_message_unref(
                        bench_answer(bus, bench_call(bus, BENCH_PATH, "org.freedesktop.DBus.Peer", "Ping")));
                longest = MAX(longest, bench_now() - start);
                g_usleep(PAUSE_US);
        }
        sd_bus_flush_close_unref(bus);
        return GSIZE_TO_POINTER(longest);
}

static uint64_t list(sd_bus *bus, unsigned *ret_n)
{
        uint64_t start = bench_now(), taken;
        sd_bus_message *reply =
                bench_answer(bus, bench_call(bus, BENCH_PATH, OBJECT_MANAGER, "GetManagedObjects"));

        taken = bench_now() - start;
        *ret_n = count_objects(reply);
        sd_bus_message_unref(reply);
        return taken;
}

int main(int argc, char **argv)
{
        uint64_t times[ROUNDS];
        GThread *pinger;
        gsize longest;
        unsigned n;
        sd_bus *bus;

        if (argc != 2) {
                fprintf(stderr, "usage: bench-objects ADDRESS\n");
                return 2;
        }
        bus = bench_open(argv[1]);
        pinger = g_thread_new("ping", ping_until_stopped, argv[1]);
        for (unsigned i = 0; i < ROUNDS; i++)
                times[i] = list(bus, &n);
        g_atomic_int_set(&stop_pinging, TRUE);
        longest = GPOINTER_TO_SIZE(g_thread_join(pinger));
        sd_bus_flush_close_unref(bus);
        printf("GetManagedObjects: %u objects, %.0f ms, %.1f MiB (limit: 16); longest Ping of others "
               "meanwhile "
               "%.0f ms\n",
                n, (double)bench_percentile(times, ROUNDS, 0.5) / 1000,
                (double)size_of_answer(argv[1]) / (1 << 20), (double)longest / 1000);
        return EXIT_SUCCESS;
}
