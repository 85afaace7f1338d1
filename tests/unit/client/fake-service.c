/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-service.h"

#include <signal.h>
#include <unistd.h>

#include <check.h>

#include "client/client.h"

struct FakeService {
        GSubprocess *daemon;
        char *address;
        GThread *thread;
        GMainContext *context;
        GMainLoop *loop;
        GDBusConnection *bus;
        GVariant *objects;
        GAsyncQueue *ready; /* one message from the thread: the service is there */
        const char *job;
        FakeJob how;
        const char *error_name;
        char *last_call;
        gboolean last_interactive;
};

static const char object_manager_xml[] =
        "<node><interface name='org.freedesktop.DBus.ObjectManager'><method name='GetManagedObjects'>"
        "<arg type='a{oa{sa{sv}}}' direction='out'/></method></interface></node>";

static GVariant *objects_reply(FakeService *service)
{
        return g_variant_new("(@a{oa{sa{sv}}})", service->objects);
}

/* An argument list for a method whose arguments a test does not look at. */
static GVariant *default_reply(FakeService *service, const char *method)
{
        if (g_str_equal(method, "GetReplicationStatistics"))
                return g_variant_new_parsed(
                        "({'ReplicationSize': <uint64 2048>, 'LastTestFailoverTime': <uint64 0>,"
                        " 'MaxReplicationLatency': <uint32 7>}, ['disk is slow'])");
        if (g_str_equal(method, "PreviewReverseReplication"))
                return g_variant_new_parsed(
                        "({'DivergentBytes': <uint64 1048576>, 'BytesToReceive': <uint64 2048>, "
                        "'EstimatedDuration':"
                        " <uint64 3000000>, 'Disks': <[('root', uint64 1048576, uint64 2048)]>, 'Blockers':"
                        " <[(uint32 32774, \"disk 'root' is open (32774 InUse)\")]>},)");
        if (g_str_equal(method, "TestReplicaCollection"))
                return g_variant_new("(oo)", CR_BUS_PATH "/collection/shop_2dtest", service->job);
        if (g_str_equal(method, "DefineCollection"))
                return g_variant_new("(o)", CR_BUS_PATH "/collection/shop");
        if (g_str_equal(method, "Cancel"))
                return NULL;
        return g_variant_new("(o)", service->job);
}

static void answer_get_collection(GVariant *arguments, GDBusMethodInvocation *invocation)
{
        const char *name;
        g_variant_get(arguments, "(&s)", &name);
        if (g_str_equal(name, "shop"))
                g_dbus_method_invocation_return_value(
                        invocation, g_variant_new("(o)", CR_BUS_PATH "/collection/shop"));
        else
                g_dbus_method_invocation_return_dbus_error(invocation, CR_BUS_NAME ".Error.FileNotFound",
                        "there is no such collection (32779 FileNotFound)");
}

static void emit_progress(FakeService *service, const char *path, const char *changes)
{
        GVariant *changed = g_variant_new_parsed(changes);
        const char *const none[] = {NULL};
        g_dbus_connection_emit_signal(service->bus, NULL, path, "org.freedesktop.DBus.Properties",
                "PropertiesChanged", g_variant_new("(s@a{sv}^as)", CR_BUS_JOB_INTERFACE, changed, none),
                NULL);
}

static void emit_of_manager(FakeService *service, const char *member, const char *arguments)
{
        g_dbus_connection_emit_signal(
                service->bus, NULL, CR_BUS_PATH, CR_BUS_NAME, member, g_variant_new_parsed(arguments), NULL);
}

void fake_service_emit(FakeService *service)
{
        emit_of_manager(service, "JobNew",
                "(uint64 7, objectpath '" CR_BUS_PATH "/job/_7', 'Verify\033',"
                " objectpath '" CR_BUS_PATH "/collection/shop')");
        emit_progress(service, CR_BUS_PATH "/job/_7", "{'Phase': <'comparing\033'>}");
        emit_of_manager(service, "JobEnded",
                "(uint64 7, objectpath '" CR_BUS_PATH "/job/_7', 'Verify',"
                " objectpath '" CR_BUS_PATH "/collection/shop', uint32 32772, '" CR_BUS_NAME
                ".Error.Timeout', 'late')");
}

static void answer_wait(FakeService *service, const char *path, GDBusMethodInvocation *invocation)
{
        emit_progress(service, path,
                "{'Phase': <'sending root'>, 'PercentComplete': <uint16 50>, 'BytesDone': <uint64 1024>,"
                " 'BytesTotal': <uint64 2048>, 'Rate': <uint64 1024>}");
        emit_progress(service, path, "{'PercentComplete': <uint16 51>, 'BytesDone': <uint64 1025>}");
        switch (service->how) {
        case FAKE_JOB_COMPLETES:
                g_dbus_method_invocation_return_value(invocation, g_variant_new("(uss)", 0, "", ""));
                break;
        case FAKE_JOB_FAILS:
                g_dbus_method_invocation_return_value(
                        invocation, g_variant_new("(uss)", 32774, CR_BUS_NAME ".Error.InUse",
                                            "disk 'root' is open (32774 InUse)"));
                break;
        case FAKE_JOB_INTERRUPTS:
                g_object_unref(invocation);
                kill(getpid(), SIGINT);
                break;
        case FAKE_JOB_LEAVES:
                g_object_unref(invocation);
                g_dbus_connection_close_sync(service->bus, NULL, NULL);
                break;
        }
}

static void remember(
        FakeService *service, const char *method, GVariant *arguments, GDBusMethodInvocation *invocation)
{
        g_autofree char *printed = g_variant_print(arguments, TRUE);
        GDBusMessage *message = g_dbus_method_invocation_get_message(invocation);
        g_free(service->last_call);
        service->last_call = g_strdup_printf("%s %s", method, printed);
        service->last_interactive = (g_dbus_message_get_flags(message) &
                                            G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;
}

static void on_call(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
        const char *method, GVariant *arguments, GDBusMethodInvocation *invocation, gpointer data)
{
        FakeService *service = data;
        if (g_str_equal(method, "GetManagedObjects")) {
                g_dbus_method_invocation_return_value(invocation, objects_reply(service));
        } else if (g_str_equal(method, "GetCollection")) {
                answer_get_collection(arguments, invocation);
        } else if (g_str_equal(method, "Wait")) {
                answer_wait(service, path, invocation);
        } else if (service->error_name != NULL) {
                g_dbus_method_invocation_return_dbus_error(invocation, service->error_name, "refused");
        } else {
                remember(service, method, arguments, invocation);
                g_dbus_method_invocation_return_value(invocation, default_reply(service, method));
        }
}

static GVariant *on_get(GDBusConnection *bus, const char *sender, const char *path, const char *interface,
        const char *property, GError **error, gpointer data)
{
        FakeService *service = data;
        g_autoptr(GVariant) interfaces = g_variant_lookup_value(service->objects, path, NULL);
        g_autoptr(GVariant) properties =
                interfaces == NULL ? NULL : g_variant_lookup_value(interfaces, interface, NULL);
        return properties == NULL ? NULL : g_variant_lookup_value(properties, property, NULL);
}

static const GDBusInterfaceVTable vtable = {.method_call = on_call, .get_property = on_get};

static void register_interface(FakeService *service, const char *path, GDBusInterfaceInfo *info)
{
        g_autoptr(GError) error = NULL;
        g_dbus_connection_register_object(service->bus, path, info, &vtable, service, NULL, &error);
        g_assert_no_error(error);
}

static GDBusInterfaceInfo *interface_of(const char *name)
{
        if (g_str_equal(name, CR_BUS_COLLECTION_INTERFACE))
                return cr_bus_collection_interface_info();
        if (g_str_equal(name, CR_BUS_POINT_INTERFACE))
                return cr_bus_recovery_point_interface_info();
        if (g_str_equal(name, CR_BUS_DIVERGENCE_INTERFACE))
                return cr_bus_divergence_interface_info();
        return cr_bus_job_interface_info();
}

static void register_objects(FakeService *service)
{
        g_autoptr(GDBusNodeInfo) manager = g_dbus_node_info_new_for_xml(object_manager_xml, NULL);
        register_interface(service, CR_BUS_PATH, manager->interfaces[0]);
        register_interface(service, CR_BUS_PATH, cr_bus_manager_interface_info());

        GVariantIter iter;
        const char *path;
        GVariant *interfaces;
        g_variant_iter_init(&iter, service->objects);
        while (g_variant_iter_loop(&iter, "{&o@a{sa{sv}}}", &path, &interfaces)) {
                const char *name;
                g_variant_get_child(interfaces, 0, "{&s@a{sv}}", &name, NULL);
                register_interface(service, path, interface_of(name));
        }
}

/* The loop runs: from now on it can be told to quit. */
static gboolean on_running(gpointer data)
{
        FakeService *service = data;
        g_async_queue_push(service->ready, service);
        return G_SOURCE_REMOVE;
}

static gpointer run(gpointer data)
{
        FakeService *service = data;
        g_autoptr(GError) error = NULL;
        g_main_context_push_thread_default(service->context);
        service->bus = g_dbus_connection_new_for_address_sync(service->address,
                G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                        G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                NULL, NULL, &error);
        g_assert_no_error(error);
        register_objects(service);
        g_autoptr(GVariant) owned = g_dbus_connection_call_sync(service->bus, "org.freedesktop.DBus",
                "/org/freedesktop/DBus", "org.freedesktop.DBus", "RequestName",
                g_variant_new("(su)", CR_BUS_NAME, 4), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
        g_assert_no_error(error);
        g_autoptr(GSource) running = g_idle_source_new();
        g_source_set_callback(running, on_running, service, NULL);
        g_source_attach(running, service->context);
        g_main_loop_run(service->loop);
        g_main_context_pop_thread_default(service->context);
        return NULL;
}

/* Not GTestDBus, whose guard now and then "cleans up" a process id that is somebody else's by then. */
static void start_bus(FakeService *service)
{
        g_autoptr(GError) error = NULL;
        service->daemon = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, "dbus-daemon", "--session",
                "--nofork", "--nopidfile", "--print-address", NULL);
        g_assert_no_error(error);
        g_autoptr(GDataInputStream) lines =
                g_data_input_stream_new(g_subprocess_get_stdout_pipe(service->daemon));
        service->address = g_data_input_stream_read_line(lines, NULL, NULL, &error);
        g_assert_no_error(error);
}

FakeService *fake_service_new(const char *objects)
{
        g_autoptr(GError) error = NULL;
        FakeService *service = g_new0(FakeService, 1);
        service->job = "/";
        service->objects = g_variant_parse(G_VARIANT_TYPE("a{oa{sa{sv}}}"), objects, NULL, NULL, &error);
        g_assert_no_error(error);
        start_bus(service);
        service->context = g_main_context_new();
        service->loop = g_main_loop_new(service->context, FALSE);
        service->ready = g_async_queue_new();
        service->thread = g_thread_new("fake-service", run, service);
        g_async_queue_pop(service->ready);
        return service;
}

void fake_service_free(FakeService *service)
{
        g_main_loop_quit(service->loop);
        g_thread_join(service->thread);
        if (!g_dbus_connection_is_closed(service->bus))
                g_dbus_connection_close_sync(service->bus, NULL, NULL);
        g_object_unref(service->bus);
        g_subprocess_send_signal(service->daemon, SIGTERM); /* so that it removes its socket */
        g_subprocess_wait(service->daemon, NULL, NULL);
        g_object_unref(service->daemon);
        g_free(service->address);
        g_main_loop_unref(service->loop);
        g_main_context_unref(service->context);
        g_async_queue_unref(service->ready);
        g_variant_unref(service->objects);
        g_free(service->last_call);
        g_free(service);
}

const char *fake_service_address(FakeService *service)
{
        return service->address;
}

void fake_service_script(FakeService *service, const char *job, FakeJob how, const char *error_name)
{
        service->job = job;
        service->how = how;
        service->error_name = error_name;
}

const char *fake_service_last_call(FakeService *service)
{
        return service->last_call == NULL ? "" : service->last_call;
}

gboolean fake_service_last_was_interactive(FakeService *service)
{
        return service->last_interactive;
}
