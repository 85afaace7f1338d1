/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service's objects, read as they are: path and properties (a{sv}).
 */
#pragma once

#include "client/client.h"

typedef struct {
        char *path;
        GVariant *properties;
} CrObject;

/* All objects with @interface, those below @under only if that is not NULL, ordered by path. Owner: the
 * caller; its elements are CrObject. */
GPtrArray *cr_objects_list(CrClient *client, const char *interface, const char *under, GError **error);

/* The recovery points of a collection: each behind its parent, and by time where that does not decide. */
GPtrArray *cr_objects_points(CrClient *client, const char *collection, GError **error);

/* One object's properties; unref them. */
GVariant *cr_objects_properties(CrClient *client, const char *path, const char *interface, GError **error);

/* The path of a collection's point or divergence (@kind: "point", "divergence") from its id, or from the
 * beginning of it, at least 4 digits, where that names one only. Errors: CR_CLIENT_ERROR. g_free() it. */
char *cr_objects_child(CrClient *client, const char *collection, const char *kind, const char *interface,
        const char *id, GError **error);

/* A collection's name from its path; "-" for the null path. Free with g_free(). */
char *cr_objects_collection_name(const char *path);

/* Puts points (CrObject) into the order of their lineage. */
void cr_objects_sort_points(GPtrArray *points);
CrObject *cr_object_new(const char *path, GVariant *properties);
void cr_object_free(CrObject *object);
