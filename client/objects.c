/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/objects.h"

#include "client/error.h"
#include "client/properties.h"
#include "client/text.h"

#define ID_DIGITS 32
#define ID_PREFIX_DIGITS 4

CrObject *cr_object_new(const char *path, GVariant *properties)
{
        CrObject *object = g_new0(CrObject, 1);
        object->path = g_strdup(path);
        object->properties = g_variant_ref(properties);
        return object;
}

void cr_object_free(CrObject *object)
{
        g_free(object->path);
        g_variant_unref(object->properties);
        g_free(object);
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
        const CrObject *const *left = a;
        const CrObject *const *right = b;
        return strcmp((*left)->path, (*right)->path);
}

static gboolean is_under(const char *path, const char *under)
{
        return under == NULL || (g_str_has_prefix(path, under) && path[strlen(under)] == '/');
}

static GVariant *managed_objects(CrClient *client, GError **error)
{
        g_autoptr(GVariant) reply = g_dbus_connection_call_sync(client->bus, CR_BUS_NAME, CR_BUS_PATH,
                "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL,
                G_VARIANT_TYPE("(a{oa{sa{sv}}})"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
        return reply == NULL ? NULL : g_variant_get_child_value(reply, 0);
}

GPtrArray *cr_objects_list(CrClient *client, const char *interface, const char *under, GError **error)
{
        g_autoptr(GVariant) all = managed_objects(client, error);
        if (all == NULL)
                return NULL;

        GPtrArray *objects = g_ptr_array_new_with_free_func((GDestroyNotify)cr_object_free);
        GVariantIter iter;
        const char *path;
        GVariant *interfaces;
        g_variant_iter_init(&iter, all);
        while (g_variant_iter_loop(&iter, "{&o@a{sa{sv}}}", &path, &interfaces)) {
                g_autoptr(GVariant) properties =
                        g_variant_lookup_value(interfaces, interface, G_VARIANT_TYPE_VARDICT);
                if (properties != NULL && is_under(path, under))
                        g_ptr_array_add(objects, cr_object_new(path, properties));
        }
        g_ptr_array_sort(objects, compare_paths);
        return objects;
}

static int compare_times(gconstpointer a, gconstpointer b)
{
        guint64 left = cr_properties_number((*(CrObject *const *)a)->properties, "CreationTime");
        guint64 right = cr_properties_number((*(CrObject *const *)b)->properties, "CreationTime");
        return left < right ? -1 : left > right;
}

/* Index of the first point from @from on whose parent is not among those from @from on. */
static guint next_in_lineage(GPtrArray *points, guint from)
{
        for (guint i = from; i < points->len; i++) {
                const CrObject *point = points->pdata[i];
                const char *parent = cr_properties_string(point->properties, "Parent");
                gboolean waits = FALSE;
                for (guint j = from; j < points->len && !waits; j++) {
                        const CrObject *other = points->pdata[j];
                        waits = j != i && g_str_equal(parent, cr_properties_string(other->properties, "Id"));
                }
                if (!waits)
                        return i;
        }
        return from; /* a circle: no lineage, any order is as good */
}

void cr_objects_sort_points(GPtrArray *points)
{
        g_ptr_array_sort(points, compare_times);
        for (guint i = 0; i < points->len; i++) {
                guint next = next_in_lineage(points, i);
                gpointer point = g_ptr_array_steal_index(points, next);
                g_ptr_array_insert(points, (gint)i, point);
        }
}

GPtrArray *cr_objects_points(CrClient *client, const char *collection, GError **error)
{
        GPtrArray *points = cr_objects_list(client, CR_BUS_POINT_INTERFACE, collection, error);
        if (points != NULL)
                cr_objects_sort_points(points);
        return points;
}

GVariant *cr_objects_properties(CrClient *client, const char *path, const char *interface, GError **error)
{
        g_autoptr(GVariant) reply = g_dbus_connection_call_sync(client->bus, CR_BUS_NAME, path,
                "org.freedesktop.DBus.Properties", "GetAll", g_variant_new("(s)", interface),
                G_VARIANT_TYPE("(a{sv})"), G_DBUS_CALL_FLAGS_NONE, -1, NULL, error);
        return reply == NULL ? NULL : g_variant_get_child_value(reply, 0);
}

static gboolean is_hexadecimal(const char *id)
{
        return *id != '\0' && strspn(id, "0123456789abcdef") == strlen(id);
}

/* The one child that @prefix names; NULL when none or several are named. */
static const CrObject *match_child(GPtrArray *children, const char *prefix, GError **error)
{
        const CrObject *found = NULL;
        for (guint i = 0; i < children->len; i++) {
                const CrObject *child = children->pdata[i];
                if (!g_str_has_prefix(strrchr(child->path, '/') + 1, prefix))
                        continue;
                if (found != NULL) {
                        g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_FAILED,
                                "more than one id begins with '%s'", prefix);
                        return NULL;
                }
                found = child;
        }
        if (found == NULL)
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_FAILED, "no id begins with '%s'", prefix);
        return found;
}

char *cr_objects_child(CrClient *client, const char *collection, const char *kind, const char *interface,
        const char *id, GError **error)
{
        gsize digits = strlen(id);
        if (!is_hexadecimal(id) || digits < ID_PREFIX_DIGITS || digits > ID_DIGITS) {
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE,
                        "'%s' is no id of a %s: %d to %d hexadecimal digits", id, kind, ID_PREFIX_DIGITS,
                        ID_DIGITS);
                return NULL;
        }
        if (digits == ID_DIGITS)
                return g_strdup_printf("%s/%s/%s", collection, kind, id);

        g_autoptr(GPtrArray) children = cr_objects_list(client, interface, collection, error);
        const CrObject *child = children == NULL ? NULL : match_child(children, id, error);
        return child == NULL ? NULL : g_strdup(child->path);
}

/* GLib's encoding is that of sd_bus_path_encode() but for a leading digit, which only the latter escapes.
 * NULL when the label is not one. */
static char *decode_label(const char *label)
{
        if (label[0] != '_' || label[1] != '3' || !g_ascii_isdigit(label[2]))
                return (char *)g_dbus_unescape_object_path(label);
        g_autofree char *rest = (char *)g_dbus_unescape_object_path(label + 3);
        return rest == NULL ? NULL : g_strdup_printf("%c%s", label[2], rest);
}

char *cr_objects_collection_name(const char *path)
{
        const char *const prefix = CR_BUS_PATH "/collection/";
        g_autofree char *name = g_str_has_prefix(path, prefix) ? decode_label(path + strlen(prefix)) : NULL;
        return name == NULL ? g_strdup("-") : cr_text_printable(name);
}
