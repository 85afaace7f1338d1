/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the running daemon shows is what introspection/ says, down to the names of arguments. */
#include "tests/bus/service/introspection.h"
#include "tests/bus/service/site.h"

#include <gio/gio.h>
#include <string.h>

static Site site;

/* A store with one of everything. */
static void set_up(void)
{
        char *arguments[] = {(char *)g_getenv("FILL_STORE"), NULL, "1", "2", "1", "0", NULL};
        g_autofree char *state = NULL;
        int status = -1;

        site_prepare(&site, 1, NULL);
        arguments[1] = state = g_build_filename(site.directory, "state", NULL);
        ck_assert(g_spawn_sync(NULL, arguments, NULL, 0, NULL, NULL, NULL, NULL, &status, NULL));
        ck_assert_int_eq(status, 0);
        site_run(&site);
}

static void tear_down(void)
{
        site_clear(&site);
}

static void compare(const char *path, const char *interface)
{
        g_autoptr(sd_bus_message) reply =
                call(site.bus, path, "org.freedesktop.DBus.Introspectable", "Introspect", NULL);
        g_autofree char *wanted = NULL, *shown = NULL;
        const char *xml;

        ck_assert_int_ge(sd_bus_message_read(reply, "s", &xml), 0);
        wanted = introspection_of_file(interface);
        shown = introspection_of_xml(xml, interface);
        ck_assert_str_eq(shown, wanted);
}

/* The path of the first object in the tree that has the interface. */
static char *find(const char *interface)
{
        g_autoptr(sd_bus_message) reply =
                call(site.bus, MANAGER, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL);
        const char *path, *name;
        char *found = NULL;

        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}"), 0);
        while (!found && sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}") > 0) {
                ck_assert_int_ge(sd_bus_message_read(reply, "o", &path), 0);
                ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "{sa{sv}}"), 0);
                ck_assert_int_ge(sd_bus_message_enter_container(reply, 'e', "sa{sv}"), 0);
                ck_assert_int_ge(sd_bus_message_read(reply, "s", &name), 0);
                if (g_str_equal(name, interface))
                        found = g_strdup(path);
                ck_assert_int_ge(sd_bus_message_skip(reply, "a{sv}"), 0);
                for (int i = 0; i < 3; i++)
                        ck_assert_int_ge(sd_bus_message_exit_container(reply), 0);
        }
        ck_assert_msg(found != NULL, "there is no object with %s", interface);
        return found;
}

START_TEST(the_manager)
{
        compare(MANAGER, CR_MANAGER_INTERFACE);
        compare(MANAGER, CR_PEER_INTERFACE);
}
END_TEST

START_TEST(objects_of_the_store)
{
        static const char *const interfaces[] = {
                CR_COLLECTION_INTERFACE, CR_POINT_INTERFACE, CR_DIVERGENCE_INTERFACE};

        for (gsize i = 0; i < G_N_ELEMENTS(interfaces); i++) {
                g_autofree char *path = find(interfaces[i]);

                compare(path, interfaces[i]);
        }
}
END_TEST

START_TEST(a_job)
{
        g_autofree char *shop = site_define(&site, "shop");
        g_autofree char *job = manager_path(site.bus, "DestroyCollection", "oa{sv}", shop, 0);

        compare(job, CR_JOB_INTERFACE);
}
END_TEST

/* As busctl tree walks it. */
START_TEST(the_tree_can_be_walked)
{
        g_autofree char *collection = find(CR_COLLECTION_INTERFACE);
        g_autoptr(sd_bus_message) reply =
                call(site.bus, collection, "org.freedesktop.DBus.Introspectable", "Introspect", NULL);
        const char *xml;

        ck_assert_int_ge(sd_bus_message_read(reply, "s", &xml), 0);
        g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(xml, NULL);
        guint n = 0;
        for (; node->nodes[n]; n++) {
                g_autofree char *child = g_strconcat(collection, "/", node->nodes[n]->path, NULL);
                ck_assert_msg(
                        exists(site.bus, child,
                                strstr(child, "/point/") ? CR_POINT_INTERFACE : CR_DIVERGENCE_INTERFACE),
                        "%s", child);
        }
        ck_assert_uint_eq(n, 3);
}
END_TEST

START_TEST(the_comparison_sees_differences)
{
        g_autofree char *a =
                introspection_of_xml("<node><interface name='a.b'><method name='M'><arg name='x' type='s' "
                                     "direction='in'/></method></interface></node>",
                        "a.b");
        g_autofree char *b =
                introspection_of_xml("<node><interface name='a.b'><method name='M'><arg name='y' type='s' "
                                     "direction='in'/></method></interface></node>",
                        "a.b");

        ck_assert_str_ne(a, b);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {the_manager, objects_of_the_store, a_job, the_tree_can_be_walked,
                the_comparison_sees_differences, NULL};

        return run_bus_tests("introspection", tests, set_up, tear_down);
}
