/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/call_objects.h"

#include <string.h>

#include "core/error.h"
#include "service/interfaces.h"
#include "service/methods.h"
#include "service/names.h"
#include "service/object_path.h"
#include "service/service.h"

/* An argument's path, or NULL when there is none of that number or it is no path. */
static const char *path_argument(const CrCall *call, gsize index)
{
        g_autoptr(GVariant) argument = NULL;

        if (index >= g_variant_n_children(call->arguments))
                return NULL;
        argument = g_variant_get_child_value(call->arguments, index);
        /* Within the tuple's memory. */
        return g_variant_is_of_type(argument, G_VARIANT_TYPE_OBJECT_PATH)
                       ? g_variant_get_string(argument, NULL)
                       : NULL;
}

static gboolean check_kind(const char *path, CrPathKind kind, const char *what, GError **error)
{
        if (cr_object_path_kind(path) == kind)
                return TRUE;
        g_set_error(
                error, CR_ERROR, CR_ERROR_INCORRECT_DATA_TYPE, "'%s' is not the path of a %s", path, what);
        return FALSE;
}

static gboolean check_exists(const CrCall *call, const char *path, const char *what, GError **error)
{
        if (cr_objects_find(call->service->objects, path))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND, "there is no %s '%s'", what, path);
        return FALSE;
}

/* (o collection, [o recovery point], ...) */
static gboolean resolve_collection(CrCall *call, GError **error)
{
        const char *path = path_argument(call, 0), *point = path_argument(call, 1);

        if (point && strcmp(point, CR_NULL_PATH) == 0)
                point = NULL;
        if (!check_kind(path, CR_PATH_COLLECTION, "collection", error) ||
                (point && !check_kind(point, CR_PATH_POINT, "recovery point", error)) ||
                !check_exists(call, path, "collection", error) ||
                (point && !check_exists(call, point, "recovery point", error)))
                return FALSE;
        call->collection = cr_collections_find_path(call->service->collections, path)->id;
        return TRUE;
}

static gboolean resolve_divergence(CrCall *call, GError **error)
{
        g_autofree char *collection = cr_object_path_parent(cr_call_path(call));

        if (!check_exists(call, cr_call_path(call), "divergence", error))
                return FALSE;
        call->collection = cr_collections_find_path(call->service->collections, collection)->id;
        return TRUE;
}

/* Whether there is a job's collection still, is not the question. */
static gboolean resolve_job(CrCall *call, GError **error)
{
        const CrJob *job = cr_jobs_find_path(call->service->jobs, cr_call_path(call));

        if (!job)
                return check_exists(call, cr_call_path(call), "job", error);
        call->collection = *cr_job_collection(job);
        return TRUE;
}

/* Only for the question to polkit: the dictionary is checked later. */
static gboolean resolve_caller(CrCall *call, GError **error)
{
        g_autoptr(GVariant) caller = g_variant_get_child_value(call->arguments, 0);
        const char *id;

        if (!g_variant_lookup(caller, "Collection", "&s", &id) || !cr_id_parse(id, &call->collection))
                call->collection = CR_ID_NONE;
        return TRUE;
}

gboolean cr_call_resolve_objects(CrCall *call, GError **error)
{
        switch (call->method->target) {
        case CR_TARGET_COLLECTION:
                return resolve_collection(call, error);
        case CR_TARGET_DIVERGENCE:
                return resolve_divergence(call, error);
        case CR_TARGET_JOB:
                return resolve_job(call, error);
        case CR_TARGET_PEER:
                return resolve_caller(call, error);
        case CR_TARGET_NONE:
                break;
        }
        return TRUE;
}

gboolean cr_call_is_by_owner(const CrCall *call)
{
        const CrJob *job = cr_jobs_find_path(call->service->jobs, cr_call_path(call));

        return job && cr_job_owner(job) == call->uid;
}

gboolean cr_call_get_point(CrCall *call, gsize index, CrId *ret, GError **error)
{
        const char *path = path_argument(call, index);
        g_autofree char *collection = NULL;

        *ret = CR_ID_NONE;
        if (strcmp(path, CR_NULL_PATH) == 0)
                return TRUE;
        collection = cr_object_path_parent(path);
        if (strcmp(collection, path_argument(call, 0)) == 0)
                return cr_id_parse(strrchr(path, '/') + 1, ret);
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "'%s' is a recovery point of another collection", path);
        return FALSE;
}
