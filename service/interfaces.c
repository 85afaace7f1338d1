/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/interfaces.h"

#include <string.h>

#include "service/names.h"
#include "service/object_path.h"

static int find_object(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
        sd_bus_error *ret_error)
{
        CrObject *object = cr_objects_find(userdata, path);

        if (!object || strcmp(object->interface->name, interface) != 0)
                return 0;
        *ret_found = object;
        return 1;
}

/* The paths right below a folder, or of a collection's children. Others have none, and are not looked for
 * among 20,000. */
static gboolean is_listed_below(const CrObject *object, const char *path, gsize length)
{
        CrPathKind kind;

        if (strncmp(object->path, path, length) != 0 || object->path[length] != '/')
                return FALSE;
        kind = cr_object_path_kind(object->path);
        return cr_object_path_kind(path) == CR_PATH_COLLECTION
                       ? kind != CR_PATH_COLLECTION
                       : kind == CR_PATH_COLLECTION || kind == CR_PATH_JOB;
}

static gboolean has_children(const char *path)
{
        return strcmp(path, CR_COLLECTION_PREFIX) == 0 || strcmp(path, CR_JOB_PREFIX) == 0 ||
               cr_object_path_kind(path) == CR_PATH_COLLECTION;
}

static int list_objects(
        sd_bus *bus, const char *path, void *userdata, char ***ret_nodes, sd_bus_error *ret_error)
{
        g_autoptr(GPtrArray) nodes = g_ptr_array_new();
        GHashTableIter iter;
        gpointer object;

        cr_objects_iterate(userdata, &iter);
        while (has_children(path) && g_hash_table_iter_next(&iter, NULL, &object))
                if (is_listed_below(object, path, strlen(path)))
                        g_ptr_array_add(nodes, g_strdup(((CrObject *)object)->path));
        g_ptr_array_add(nodes, NULL);
        *ret_nodes = (char **)g_ptr_array_free(g_steal_pointer(&nodes), FALSE);
        return 0;
}

static int add_fallback(sd_bus *bus, const char *prefix, const CrInterface *interface, CrObjects *objects)
{
        return sd_bus_add_fallback_vtable(
                bus, NULL, prefix, interface->name, interface->vtable, find_object, objects);
}

int cr_interfaces_register(sd_bus *bus, CrObjects *objects, CrObject *manager, CrObject *peer)
{
        int r = sd_bus_add_object_vtable(
                bus, NULL, CR_MANAGER_PATH, manager->interface->name, manager->interface->vtable, manager);

        if (r >= 0)
                r = sd_bus_add_object_vtable(
                        bus, NULL, CR_MANAGER_PATH, peer->interface->name, peer->interface->vtable, peer);
        if (r >= 0)
                r = add_fallback(bus, CR_COLLECTION_PREFIX, &cr_collection_interface, objects);
        if (r >= 0)
                r = add_fallback(bus, CR_COLLECTION_PREFIX, &cr_point_interface, objects);
        if (r >= 0)
                r = add_fallback(bus, CR_COLLECTION_PREFIX, &cr_divergence_interface, objects);
        if (r >= 0)
                r = add_fallback(bus, CR_JOB_PREFIX, &cr_job_interface, objects);
        if (r >= 0)
                r = sd_bus_add_node_enumerator(bus, NULL, CR_COLLECTION_PREFIX, list_objects, objects);
        if (r >= 0)
                r = sd_bus_add_node_enumerator(bus, NULL, CR_JOB_PREFIX, list_objects, objects);
        return r;
}
