/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bus/service/introspection.h"

#include <check.h>
#include <gio/gio.h>
#include <string.h>

/* The specification's default is "true"; what only restates a default is no difference. */
static const char *emits_of(const GDBusPropertyInfo *property)
{
        const char *emits = g_dbus_annotation_info_lookup(
                property->annotations, "org.freedesktop.DBus.Property.EmitsChangedSignal");

        return emits ? emits : "true";
}

static void add_args(GString *text, const char *direction, GDBusArgInfo **args)
{
        for (; args && *args; args++)
                g_string_append_printf(text, " %s %s:%s", direction, (*args)->name ? (*args)->name : "?",
                        (*args)->signature);
}

static void add_annotations(GString *text, GDBusAnnotationInfo **annotations)
{
        for (; annotations && *annotations; annotations++)
                if (!g_str_has_prefix((*annotations)->key, "org.gtk.GDBus.DocString") &&
                        !g_str_has_suffix((*annotations)->key, "EmitsChangedSignal"))
                        g_string_append_printf(text, " [%s=%s]", (*annotations)->key, (*annotations)->value);
}

static void add(GPtrArray *lines, GString *text)
{
        g_ptr_array_add(lines, g_string_free(text, FALSE));
}

static gint compare(gconstpointer a, gconstpointer b)
{
        return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static char *describe(const GDBusInterfaceInfo *interface)
{
        g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);

        for (GDBusMethodInfo **m = interface->methods; m && *m; m++) {
                GString *text = g_string_new(NULL);

                g_string_printf(text, "method %s", (*m)->name);
                add_args(text, "in", (*m)->in_args);
                add_args(text, "out", (*m)->out_args);
                add_annotations(text, (*m)->annotations);
                add(lines, text);
        }
        for (GDBusSignalInfo **s = interface->signals; s && *s; s++) {
                GString *text = g_string_new(NULL);

                g_string_printf(text, "signal %s", (*s)->name);
                add_args(text, "arg", (*s)->args);
                add(lines, text);
        }
        for (GDBusPropertyInfo **p = interface->properties; p && *p; p++)
                g_ptr_array_add(lines, g_strdup_printf("property %s:%s flags %d emits %s", (*p)->name,
                                               (*p)->signature, (int)(*p)->flags, emits_of(*p)));
        g_ptr_array_sort(lines, compare);
        g_ptr_array_add(lines, NULL);
        return g_strjoinv("\n", (char **)lines->pdata);
}

char *introspection_of_xml(const char *xml, const char *name)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(xml, &error);
        const GDBusInterfaceInfo *interface;

        ck_assert_msg(node != NULL, "%s", error ? error->message : "");
        interface = g_dbus_node_info_lookup_interface(node, name);
        ck_assert_msg(interface != NULL, "%s is not shown", name);
        return describe(interface);
}

char *introspection_of_file(const char *name)
{
        g_autofree char *path = g_strdup_printf("%s/introspection/%s.xml", g_getenv("SOURCE_ROOT"), name);
        g_autoptr(GError) error = NULL;
        g_autofree char *text = NULL;

        ck_assert_msg(g_file_get_contents(path, &text, NULL, &error), "%s", error ? error->message : "");
        return introspection_of_xml(text, name);
}
