/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/objects.h"

#include <errno.h>
#include <string.h>

#include "service/log.h"
#include "service/names.h"
#include "service/sd_cleanup.h"
#include "service/variant.h"

struct CrObjects {
        sd_bus *bus;
        void *userdata;
        gboolean announced;
        GHashTable *by_path; /* the object's own path -> CrObject, owned */
};

/* The next property at or after @entry, or NULL. */
static const sd_bus_vtable *next_property(const sd_bus_vtable *entry)
{
        while (entry->type != _SD_BUS_VTABLE_PROPERTY && entry->type != _SD_BUS_VTABLE_END)
                entry++;
        return entry->type == _SD_BUS_VTABLE_PROPERTY ? entry : NULL;
}

static gboolean find_property(const CrInterface *interface, const char *name, gsize *ret_index)
{
        const sd_bus_vtable *entry = next_property(interface->vtable + 1);

        for (*ret_index = 0; entry; entry = next_property(entry + 1), ++*ret_index)
                if (strcmp(entry->x.property.member, name) == 0)
                        return TRUE;
        return FALSE;
}

CrObjects *cr_objects_new(sd_bus *bus, void *userdata)
{
        CrObjects *objects = g_new0(CrObjects, 1);

        objects->bus = bus;
        objects->userdata = userdata;
        objects->by_path =
                g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)cr_object_free);
        return objects;
}

CrObjects *cr_objects_free(CrObjects *objects)
{
        if (objects)
                g_hash_table_unref(objects->by_path);
        g_free(objects);
        return NULL;
}

void *cr_objects_userdata(CrObjects *objects)
{
        return objects->userdata;
}

sd_bus *cr_objects_bus(CrObjects *objects)
{
        return objects->bus;
}

void cr_objects_announce(CrObjects *objects)
{
        objects->announced = TRUE;
}

CrObject *cr_objects_find(CrObjects *objects, const char *path)
{
        return g_hash_table_lookup(objects->by_path, path);
}

guint cr_objects_count(CrObjects *objects)
{
        return g_hash_table_size(objects->by_path);
}

void cr_objects_iterate(CrObjects *objects, GHashTableIter *iter)
{
        g_hash_table_iter_init(iter, objects->by_path);
}

/* Takes it into one block of memory. */
static GVariant *serialise(GVariant *values)
{
        g_variant_ref_sink(values);
        (void)g_variant_get_data(values);
        return values;
}

CrObject *cr_object_new(CrObjects *objects, const char *path, const CrInterface *interface, GVariant *values)
{
        CrObject *object = g_new(CrObject, 1);

        *object = (CrObject){objects, interface, serialise(values), g_strdup(path)};
        return object;
}

void cr_object_free(CrObject *object)
{
        g_variant_unref(object->values);
        g_free(object->path);
        g_free(object);
}

static int append_property(sd_bus_message *m, const char *name, GVariant *value)
{
        int r = sd_bus_message_open_container(m, SD_BUS_TYPE_DICT_ENTRY, "sv");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, name);
        if (r >= 0)
                r = sd_bus_message_open_container(m, SD_BUS_TYPE_VARIANT, g_variant_get_type_string(value));
        if (r >= 0)
                r = cr_variant_append(m, value);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Those of @values that differ from @old (NULL: all). *@ret_n: how many. */
static int append_properties(
        sd_bus_message *m, const CrInterface *interface, GVariant *values, GVariant *old, guint *ret_n)
{
        const sd_bus_vtable *entry = next_property(interface->vtable + 1);
        int r = sd_bus_message_open_container(m, SD_BUS_TYPE_ARRAY, "{sv}");

        *ret_n = 0;
        for (gsize i = 0; entry && r >= 0; entry = next_property(entry + 1), i++) {
                g_autoptr(GVariant) value = g_variant_get_child_value(values, i);
                g_autoptr(GVariant) before = old ? g_variant_get_child_value(old, i) : NULL;

                if (before && g_variant_equal(before, value))
                        continue;
                r = append_property(m, entry->x.property.member, value);
                ++*ret_n;
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int cr_object_append_properties(const CrObject *object, sd_bus_message *message)
{
        guint n;

        return append_properties(message, object->interface, object->values, NULL, &n);
}

static void send(CrObject *object, sd_bus_message *m, int r, const char *signal)
{
        if (r >= 0)
                r = sd_bus_send(object->objects->bus, m, NULL);
        if (r < 0)
                CR_LOG_WARNING("%s of %s could not be sent: %s", signal, object->path, g_strerror(-r));
}

static void send_added(CrObject *object)
{
        g_autoptr(sd_bus_message) m = NULL;
        int r = sd_bus_message_new_signal(object->objects->bus, &m, CR_MANAGER_PATH,
                "org.freedesktop.DBus.ObjectManager", "InterfacesAdded");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, SD_BUS_TYPE_OBJECT_PATH, object->path);
        if (r >= 0)
                r = sd_bus_message_open_container(m, SD_BUS_TYPE_ARRAY, "{sa{sv}}");
        if (r >= 0)
                r = sd_bus_message_open_container(m, SD_BUS_TYPE_DICT_ENTRY, "sa{sv}");
        if (r >= 0)
                r = sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, object->interface->name);
        if (r >= 0)
                r = cr_object_append_properties(object, m);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        send(object, m, r, "InterfacesAdded");
}

static void send_removed(CrObject *object)
{
        g_autoptr(sd_bus_message) m = NULL;
        int r = sd_bus_message_new_signal(object->objects->bus, &m, CR_MANAGER_PATH,
                "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved");

        if (r >= 0)
                r = sd_bus_message_append(m, "oas", object->path, 1, object->interface->name);
        send(object, m, r, "InterfacesRemoved");
}

/* @values took the place of @old. */
static void send_changed(CrObject *object, GVariant *old)
{
        g_autoptr(sd_bus_message) m = NULL;
        guint n = 0;
        int r = sd_bus_message_new_signal(object->objects->bus, &m, object->path,
                "org.freedesktop.DBus.Properties", "PropertiesChanged");

        if (r >= 0)
                r = sd_bus_message_append_basic(m, SD_BUS_TYPE_STRING, object->interface->name);
        if (r >= 0)
                r = append_properties(m, object->interface, object->values, old, &n);
        if (r >= 0)
                r = sd_bus_message_append(m, "as", 0);
        if (r < 0 || n > 0)
                send(object, m, r, "PropertiesChanged");
}

CrObject *cr_objects_add(CrObjects *objects, const char *path, const CrInterface *interface, GVariant *values)
{
        CrObject *object = cr_object_new(objects, path, interface, values);

        g_hash_table_insert(objects->by_path, object->path, object);
        if (objects->announced)
                send_added(object);
        return object;
}

void cr_objects_remove(CrObjects *objects, CrObject *object)
{
        if (objects->announced)
                send_removed(object);
        g_hash_table_remove(objects->by_path, object->path);
}

void cr_object_update(CrObject *object, GVariant *values)
{
        g_autoptr(GVariant) old = object->values;

        object->values = serialise(values);
        if (object->objects->announced)
                send_changed(object, old);
}

void cr_object_set(CrObject *object, const char *property, GVariant *value)
{
        gsize n = g_variant_n_children(object->values), index = n;
        g_autofree GVariant **children = g_new(GVariant *, n);

        g_variant_ref_sink(value);
        find_property(object->interface, property, &index);
        for (gsize i = 0; i < n; i++)
                children[i] =
                        i == index ? g_variant_ref(value) : g_variant_get_child_value(object->values, i);
        cr_object_update(object, g_variant_new_tuple(children, n));
        for (gsize i = 0; i < n; i++)
                g_variant_unref(children[i]);
        g_variant_unref(value);
}

GVariant *cr_object_get(const CrObject *object, const char *property)
{
        gsize index;

        return find_property(object->interface, property, &index)
                       ? g_variant_get_child_value(object->values, index)
                       : NULL;
}

int cr_object_get_property(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        g_autoptr(GVariant) value = cr_object_get(userdata, property);
        int r = value ? cr_variant_append(reply, value) : -ENOENT;

        /* What the library would make of an errno has a name of its own. */
        return r < 0 ? sd_bus_error_setf(ret_error, CR_BUS_NAME ".Error.Failed",
                               "%s can't be told (32768 Failed)", property)
                     : r;
}
