/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every member of every interface is documented, and every property says how it changes.
 */
#include <gio/gio.h>

#include "suites.h"

#define DOC_STRING "org.gtk.GDBus.DocString"

static const char *annotation(GDBusAnnotationInfo **annotations, const char *key)
{
        const char *value = g_dbus_annotation_info_lookup(annotations, key);
        return value == NULL ? "" : value;
}

static void assert_documented(const char *interface, const char *name, GDBusAnnotationInfo **annotations)
{
        g_autofree char *text = g_strstrip(g_strdup(annotation(annotations, DOC_STRING)));
        ck_assert_msg(strlen(text) > 10, "%s.%s", interface, name);
}

static void assert_arguments(const char *interface, const char *member, GDBusArgInfo **args)
{
        for (; args != NULL && *args != NULL; args++) {
                ck_assert_msg((*args)->name != NULL, "%s.%s", interface, member);
                assert_documented(interface, (*args)->name, (*args)->annotations);
        }
}

static void check_method(const char *interface, GDBusMethodInfo *method)
{
        assert_documented(interface, method->name, method->annotations);
        ck_assert_msg(strstr(annotation(method->annotations, DOC_STRING), "Errors:") != NULL, "%s.%s",
                interface, method->name);
        assert_arguments(interface, method->name, method->in_args);
        assert_arguments(interface, method->name, method->out_args);
}

static void check_property(const char *interface, GDBusPropertyInfo *property)
{
        static const char *const known[] = {"const", "true", "invalidates", "false", NULL};
        const char *emits =
                annotation(property->annotations, "org.freedesktop.DBus.Property.EmitsChangedSignal");
        assert_documented(interface, property->name, property->annotations);
        ck_assert_msg(g_strv_contains(known, emits), "%s.%s", interface, property->name);
}

static void check_interface(GDBusInterfaceInfo *interface)
{
        assert_documented(interface->name, "", interface->annotations);
        for (GDBusMethodInfo **method = interface->methods; method != NULL && *method != NULL; method++)
                check_method(interface->name, *method);
        for (GDBusSignalInfo **signal = interface->signals; signal != NULL && *signal != NULL; signal++) {
                assert_documented(interface->name, (*signal)->name, (*signal)->annotations);
                assert_arguments(interface->name, (*signal)->name, (*signal)->args);
        }
        for (GDBusPropertyInfo **property = interface->properties; property != NULL && *property != NULL;
                property++)
                check_property(interface->name, *property);
}

START_TEST(every_member_is_documented)
{
        static const char *const interfaces[] = {"", ".Collection", ".RecoveryPoint", ".Divergence", ".Job"};
        g_autofree char *path = g_strconcat(
                SOURCE_ROOT "/introspection/org.example.CollectionReplication", interfaces[_i], ".xml", NULL);
        g_autofree char *xml = NULL;
        g_autoptr(GError) error = NULL;
        ck_assert_msg(g_file_get_contents(path, &xml, NULL, NULL), "%s", path);
        g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(xml, &error);
        ck_assert_msg(node != NULL, "%s: %s", path, error == NULL ? "" : error->message);
        ck_assert_ptr_nonnull(node->interfaces[0]);
        ck_assert_ptr_null(node->interfaces[1]);
        g_autofree char *name = g_strconcat("org.example.CollectionReplication", interfaces[_i], NULL);
        ck_assert_str_eq(node->interfaces[0]->name, name);
        check_interface(node->interfaces[0]);
}
END_TEST

TCase *introspection_case(void)
{
        TCase *tcase = tcase_create("introspection");
        tcase_add_loop_test(tcase, every_member_is_documented, 0, 5);
        return tcase;
}
