/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/monitor.h"

#include <signal.h>

#include <glib-unix.h>

#include "client/error.h"
#include "client/format.h"
#include "client/json.h"
#include "client/objects.h"
#include "client/text.h"

typedef struct {
        CrClient *client;
        GMainLoop *loop;
        gboolean lost;
} Monitor;

static void print_event(const char *text)
{
        g_autofree char *now = cr_format_time((guint64)g_get_real_time());
        g_autofree char *printable = cr_text_printable(text);
        g_print("%s %s\n", now, printable);
}

/* Path, interface, member and arguments of a signal, as they came. */
static void print_event_json(const char *path, const char *interface, const char *member, GVariant *arguments)
{
        JsonNode *node = cr_json_string_member("Path", path);
        JsonObject *object = json_node_get_object(node);
        json_object_set_string_member(object, "Interface", interface);
        json_object_set_string_member(object, "Member", member);
        json_object_set_member(object, "Arguments", cr_json_value(arguments));
        cr_json_print_line(node);
}

static char *job_event(const char *member, GVariant *arguments)
{
        guint64 id;
        const char *operation, *collection, *error_name, *message;
        guint32 value;
        if (g_str_equal(member, "JobNew") && g_variant_is_of_type(arguments, G_VARIANT_TYPE("(toso)"))) {
                g_variant_get(arguments, "(t&o&s&o)", &id, NULL, &operation, &collection);
                g_autofree char *name = cr_objects_collection_name(collection);
                return g_strdup_printf("job %" G_GUINT64_FORMAT " new: %s of %s", id, operation, name);
        }
        if (!g_str_equal(member, "JobEnded") || !g_variant_is_of_type(arguments, G_VARIANT_TYPE("(tosouss)")))
                return NULL;
        g_variant_get(arguments, "(t&o&s&ou&s&s)", &id, NULL, &operation, &collection, &value, &error_name,
                &message);
        g_autofree char *name = cr_objects_collection_name(collection);
        if (value == 0)
                return g_strdup_printf(
                        "job %" G_GUINT64_FORMAT " ended: %s of %s: completed", id, operation, name);
        g_autoptr(GError) failure = cr_error_new(error_name, message);
        g_autofree char *text = cr_error_text(failure);
        return g_strdup_printf("job %" G_GUINT64_FORMAT " ended: %s of %s: %s", id, operation, name, text);
}

static char *change_event(const char *path, GVariant *arguments)
{
        if (!g_variant_is_of_type(arguments, G_VARIANT_TYPE("(sa{sv}as)")))
                return NULL;
        g_autoptr(GVariant) changed = g_variant_get_child_value(arguments, 1);
        GString *text = g_string_new(g_str_has_prefix(path, CR_BUS_PATH) ? path + strlen(CR_BUS_PATH) : path);
        GVariantIter iter;
        const char *key;
        GVariant *value;
        g_variant_iter_init(&iter, changed);
        while (g_variant_iter_loop(&iter, "{&sv}", &key, &value)) {
                g_autofree char *printed = g_variant_print(value, FALSE);
                g_string_append_printf(text, " %s=%s", key, printed);
        }
        return g_string_free(text, FALSE);
}

static void on_signal(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
        const char *member, GVariant *arguments, gpointer data)
{
        Monitor *monitor = data;
        gboolean of_manager = g_str_equal(interface, CR_BUS_NAME);
        if (!of_manager && !g_str_equal(interface, "org.freedesktop.DBus.Properties"))
                return;
        if (monitor->client->json) {
                print_event_json(path, interface, member, arguments);
                return;
        }
        g_autofree char *text = of_manager ? job_event(member, arguments) : change_event(path, arguments);
        if (text != NULL)
                print_event(text);
}

static void on_appeared(GDBusConnection *bus, const char *name, const char *owner, gpointer data)
{
        Monitor *monitor = data;
        if (!monitor->client->json)
                print_event("the service is there");
}

static void on_vanished(GDBusConnection *bus, const char *name, gpointer data)
{
        Monitor *monitor = data;
        if (!monitor->client->json)
                print_event("the service is not there");
}

static void on_closed(GDBusConnection *bus, gboolean remote_peer_vanished, GError *error, gpointer data)
{
        Monitor *monitor = data;
        monitor->lost = TRUE;
        g_main_loop_quit(monitor->loop);
}

static gboolean on_interrupt(gpointer data)
{
        Monitor *monitor = data;
        g_main_loop_quit(monitor->loop);
        return G_SOURCE_CONTINUE;
}

gboolean cr_monitor(CrClient *client, GError **error)
{
        g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
        Monitor monitor = {.client = client, .loop = loop};
        guint sigint = g_unix_signal_add(SIGINT, on_interrupt, &monitor);
        guint sigterm = g_unix_signal_add(SIGTERM, on_interrupt, &monitor);
        guint signals = g_dbus_connection_signal_subscribe(client->bus, CR_BUS_NAME, NULL, NULL, NULL, NULL,
                G_DBUS_SIGNAL_FLAGS_NONE, on_signal, &monitor, NULL);
        guint watch = g_bus_watch_name_on_connection(client->bus, CR_BUS_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
                on_appeared, on_vanished, &monitor, NULL);
        g_signal_connect(client->bus, "closed", G_CALLBACK(on_closed), &monitor);
        g_main_loop_run(loop);
        g_signal_handlers_disconnect_by_data(client->bus, &monitor);
        g_bus_unwatch_name(watch);
        g_dbus_connection_signal_unsubscribe(client->bus, signals);
        g_source_remove(sigint);
        g_source_remove(sigterm);
        if (monitor.lost)
                g_set_error(
                        error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_FAILED, "the connection to the bus was lost");
        return !monitor.lost;
}
