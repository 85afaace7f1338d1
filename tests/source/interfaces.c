/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "interfaces.h"

#include <check.h>

#include "tree.h"

static void add_file(GPtrArray *interfaces, const char *path)
{
        g_autofree char *text = tree_read(path);
        g_autoptr(GError) error = NULL;
        g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(text, &error);

        ck_assert_msg(node != NULL, "%s: %s", path, error ? error->message : "");
        ck_assert_msg(node->interfaces[0] && !node->interfaces[1], "%s holds not one interface", path);
        g_ptr_array_add(interfaces, g_dbus_interface_info_ref(node->interfaces[0]));
}

GPtrArray *interfaces_load(void)
{
        static const char *const suffixes[] = {".xml", NULL};
        g_autoptr(GPtrArray) paths = tree_list_folder("introspection", suffixes);
        GPtrArray *interfaces = g_ptr_array_new_with_free_func((GDestroyNotify)g_dbus_interface_info_unref);

        ck_assert_uint_gt(paths->len, 0);
        for (guint i = 0; i < paths->len; i++)
                add_file(interfaces, paths->pdata[i]);
        return interfaces;
}
