/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The objects that the bus shows: their paths and the values of their properties, in memory. Everything that
 * D-Bus tells (Get, GetAll, GetManagedObjects, PropertiesChanged, InterfacesAdded and -Removed) comes from
 * here, so it can't contradict itself; who knows better replaces the values.
 */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

typedef struct CrObjects CrObjects;

typedef struct CrInterface {
        const char *name;
        const sd_bus_vtable *vtable; /* the properties' names and types are taken from it */
} CrInterface;

typedef struct CrObject {
        CrObjects *objects;
        const CrInterface *interface;
        GVariant *values; /* a tuple: the properties in the vtable's order. Serialised: 20,000 points are in
                             memory */
        char *path;
} CrObject;

/* @userdata is for cr_objects_userdata(). Signals are sent only after cr_objects_announce(). */
CrObjects *cr_objects_new(sd_bus *bus, void *userdata);
CrObjects *cr_objects_free(CrObjects *objects);
void *cr_objects_userdata(CrObjects *objects);
sd_bus *cr_objects_bus(CrObjects *objects);
void cr_objects_announce(CrObjects *objects);

/* NULL when there is none of this very path. */
CrObject *cr_objects_find(CrObjects *objects, const char *path);
guint cr_objects_count(CrObjects *objects);
/* All of them, in no order: CrObject, borrowed. */
void cr_objects_iterate(CrObjects *objects, GHashTableIter *iter);

/* Shows a new object; @values (floating or not) are its properties in the vtable's order. The path must not
 * be taken. Borrowed. */
CrObject *cr_objects_add(
        CrObjects *objects, const char *path, const CrInterface *interface, GVariant *values);
/* An object that is not in the tree: the manager, where ObjectManager itself is. Freed with cr_object_free().
 */
CrObject *cr_object_new(CrObjects *objects, const char *path, const CrInterface *interface, GVariant *values);
void cr_object_free(CrObject *object);
void cr_objects_remove(CrObjects *objects, CrObject *object);

/* Replaces all values, or one; tells the bus which are different, if any. */
void cr_object_update(CrObject *object, GVariant *values);
void cr_object_set(CrObject *object, const char *property, GVariant *value);
/* A new reference. */
GVariant *cr_object_get(const CrObject *object, const char *property);

/* For vtables: gets any property of the CrObject that is @userdata. */
int cr_object_get_property(sd_bus *bus, const char *path, const char *interface, const char *property,
        sd_bus_message *reply, void *userdata, sd_bus_error *ret_error);

/* Appends a{sv} of all properties. */
int cr_object_append_properties(const CrObject *object, sd_bus_message *message);
