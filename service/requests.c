/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/requests.h"

#include <string.h>

#include "service/call_objects.h"
#include "service/object_path.h"
#include "service/service.h"

GVariant *cr_call_argument(const CrCall *call, gsize index)
{
        return g_variant_get_child_value(call->arguments, index);
}

void cr_request_take(GVariantDict *request, const char *key, GVariant *value)
{
        g_autoptr(GVariant) owned = value;

        if (owned)
                g_variant_dict_insert_value(request, key, owned);
}

static gboolean refuse_option(const CrCall *call, const char *key, GError **error)
{
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "%s has no option '%s'",
                cr_call_member(call), key);
        return FALSE;
}

/* No option is defined in this version. */
static gboolean take_options(CrCall *call, gsize index, GVariantDict *request, GError **error)
{
        g_autoptr(GVariant) options = cr_call_argument(call, index);
        GVariantIter iter;
        const char *key;

        g_variant_iter_init(&iter, options);
        if (g_variant_iter_next(&iter, "{&sv}", &key, NULL))
                return refuse_option(call, key, error);
        g_variant_dict_insert_value(request, "Options", options);
        return TRUE;
}

gboolean cr_request_options(CrCall *call, GVariantDict *request, GError **error)
{
        return take_options(call, 1, request, error);
}

/* The one option of what says which disks there are is Machines. */
static gboolean take_disk_options(CrCall *call, gsize index, GVariantDict *request, GError **error)
{
        g_autoptr(GVariant) options = cr_call_argument(call, index);
        GVariantIter iter;
        const char *key;
        GVariant *value;

        g_variant_iter_init(&iter, options);
        while (g_variant_iter_next(&iter, "{&sv}", &key, &value)) {
                g_autoptr(GVariant) owned = value;

                if (strcmp(key, "Machines") != 0)
                        return refuse_option(call, key, error);
                if (g_variant_is_of_type(owned, G_VARIANT_TYPE_STRING_ARRAY))
                        continue;
                g_set_error(error, CR_ERROR, CR_ERROR_INCORRECT_DATA_TYPE,
                        "the option 'Machines' is of type as, not %s", g_variant_get_type_string(owned));
                return FALSE;
        }
        g_variant_dict_insert_value(request, "Options", options);
        return TRUE;
}

gboolean cr_request_define(CrCall *call, GVariantDict *request, GError **error)
{
        g_autoptr(GVariant) name = cr_call_argument(call, 0);

        if (!cr_name_check("collection", g_variant_get_string(name, NULL), error))
                return FALSE;
        g_variant_dict_insert_value(request, "Name", name);
        cr_request_take(request, "Disks", cr_call_argument(call, 1));
        return take_disk_options(call, 2, request, error);
}

/* What this version can't keep is not promised. */
static gboolean refuse_unsupported(const CrSettings *settings, GError **error)
{
        const char *name = settings->application_consistent_interval != 0
                                   ? "ApplicationConsistentSnapshotInterval"
                           : settings->compression          ? "CompressionEnabled"
                           : settings->bandwidth_limit != 0 ? "BandwidthLimit"
                                                            : NULL;

        if (!name)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                "the setting %s is not supported by this version; leave it at its default", name);
        return FALSE;
}

gboolean cr_request_settings(CrCall *call, GVariantDict *request, GError **error)
{
        g_autoptr(GVariant) settings = cr_call_argument(call, 1);
        g_autoptr(CrSettings) probe = cr_settings_new();

        g_variant_dict_insert_value(request, "Settings", settings);
        return cr_settings_apply(probe, settings, error) && refuse_unsupported(probe, error);
}

gboolean cr_request_update_disks(CrCall *call, GVariantDict *request, GError **error)
{
        cr_request_take(request, "Add", cr_call_argument(call, 1));
        cr_request_take(request, "Remove", cr_call_argument(call, 2));
        return take_disk_options(call, 3, request, error);
}

/* An export begins at once, as the class has it: its start time is ignored. */
static gboolean check_start(guint16 type, const char *location, GError **error)
{
        gboolean exports = type == CR_INITIAL_BY_EXPORT;

        if (type < CR_INITIAL_OVER_NETWORK || type > CR_INITIAL_SEEDED)
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "there is no initial replication of type %u; it is 1 to 3", type);
        else if (exports && *location == '\0')
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "an initial replication by export (type 2) needs a folder to write to: give the "
                        "export location");
        else if (!exports && *location != '\0')
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "an export location goes with type 2 only; leave it empty");
        else
                return TRUE;
        return FALSE;
}

gboolean cr_request_start(CrCall *call, GVariantDict *request, GError **error)
{
        const char *location;
        guint64 start_time;
        guint16 type;

        g_variant_get(call->arguments, "(&oq&st)", NULL, &type, &location, &start_time);
        if (!check_start(type, location, error))
                return FALSE;
        g_variant_dict_insert(request, "Type", "q", type);
        g_variant_dict_insert(request, "Location", "s", location);
        if (type != CR_INITIAL_BY_EXPORT)
                g_variant_dict_insert(request, "StartTime", "t", start_time);
        return TRUE;
}

gboolean cr_request_resynchronize(CrCall *call, GVariantDict *request, GError **error)
{
        cr_request_take(request, "StartTime", cr_call_argument(call, 1));
        cr_request_take(request, "IncludeSuspended", cr_call_argument(call, 2));
        return TRUE;
}

gboolean cr_request_import(CrCall *call, GVariantDict *request, GError **error)
{
        cr_request_take(request, "Directory", cr_call_argument(call, 1));
        return take_options(call, 2, request, error);
}

gboolean cr_request_failover(CrCall *call, GVariantDict *request, GError **error)
{
        CrId point;

        if (!cr_call_get_point(call, 1, &point, error))
                return FALSE;
        g_variant_dict_insert(request, "Point", "s", point.text);
        return take_options(call, 2, request, error);
}

gboolean cr_request_test(CrCall *call, GVariantDict *request, GError **error)
{
        CrId point;

        if (!cr_call_get_point(call, 1, &point, error))
                return FALSE;
        g_variant_dict_insert(request, "Point", "s", point.text);
        return TRUE;
}

static void take_divergence(CrCall *call, GVariantDict *request)
{
        g_variant_dict_insert(request, "Divergence", "s", strrchr(cr_call_path(call), '/') + 1);
}

gboolean cr_request_export(CrCall *call, GVariantDict *request, GError **error)
{
        take_divergence(call, request);
        cr_request_take(request, "Directory", cr_call_argument(call, 0));
        return take_options(call, 1, request, error);
}

gboolean cr_request_discard(CrCall *call, GVariantDict *request, GError **error)
{
        take_divergence(call, request);
        return TRUE;
}

CrRoom cr_room_define(const CrCall *call, guint *ret_collections)
{
        g_autoptr(GVariant) name = cr_call_argument(call, 0), disks = cr_call_argument(call, 1);
        g_autoptr(CrSettings) defaults = cr_settings_new();

        *ret_collections = 1;
        return cr_collections_room(
                g_variant_get_string(name, NULL), g_variant_get_size(disks), defaults->recovery_history, 0);
}

CrRoom cr_room_settings(const CrCall *call, guint *ret_collections)
{
        const CrShown *shown = cr_collections_find(call->service->collections, &call->collection);
        g_autoptr(GVariant) settings = cr_call_argument(call, 1);
        guint16 history;
        CrRoom now, then;

        if (!g_variant_lookup(settings, "RecoveryHistory", "q", &history))
                history = 0;
        now = cr_collections_room(shown->name, 0, shown->history, 0);
        then = cr_collections_room(
                shown->name, g_variant_get_size(settings), MAX(history, shown->history), 0);
        return (CrRoom){then.objects - now.objects, then.bytes - now.bytes};
}

CrRoom cr_room_more_disks(const CrCall *call, gsize disks)
{
        const CrShown *shown = cr_collections_find(call->service->collections, &call->collection);
        CrRoom without, with;

        if (!shown)
                return (CrRoom){0, 0};
        without = cr_collections_room(shown->name, 0, shown->history, 0);
        with = cr_collections_room(shown->name, disks, shown->history, 0);
        return (CrRoom){with.objects - without.objects, with.bytes - without.bytes};
}

CrRoom cr_room_update_disks(const CrCall *call, guint *ret_collections)
{
        g_autoptr(GVariant) added = cr_call_argument(call, 1);

        return cr_room_more_disks(call, g_variant_n_children(added) ? g_variant_get_size(added) : 0);
}

CrRoom cr_room_divergence(const CrCall *call, guint *ret_collections)
{
        const CrShown *shown = cr_collections_find(call->service->collections, &call->collection);
        g_autoptr(GVariant) disks = shown ? cr_object_get(shown->object, "Disks") : NULL;
        g_autoptr(GVariant) role = shown ? cr_object_get(shown->object, "ReplicationMode") : NULL;
        CrRoom without, with;

        /* Destroyed while a preview of it was made; or prepared already: what is set aside has its room. */
        if (!shown || g_variant_get_uint16(role) == CR_ROLE_REPLICA)
                return (CrRoom){0, 0};
        without = cr_collections_room(shown->name, g_variant_get_size(disks), 0, 0);
        with = cr_collections_room(shown->name, g_variant_get_size(disks), 0, 1);
        return (CrRoom){with.objects - without.objects, with.bytes - without.bytes};
}

/* It has the replica's disks, in a folder whose name is a little longer, and no points. */
CrRoom cr_room_test(const CrCall *call, guint *ret_collections)
{
        const CrShown *shown = cr_collections_find(call->service->collections, &call->collection);
        g_autoptr(GVariant) disks = cr_object_get(shown->object, "Disks");
        g_autofree char *name = g_strconcat(shown->name, "-test", NULL);
        gsize variable = g_variant_get_size(disks) + g_variant_n_children(disks) * strlen("-test");

        *ret_collections = 1;
        return cr_collections_room(name, variable, 0, 0);
}
