/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/object_path.h"

#include <string.h>
#include <systemd/sd-bus.h>

#include "service/names.h"

#define COLLECTION_COMPONENT 5U /* "", org, example, CollectionReplication, collection, <name>, ... */
#define CHILD_COMPONENT 6U

char *cr_object_path_collection(const char *name)
{
        char *path = NULL;

        if (sd_bus_path_encode(CR_COLLECTION_PREFIX, name, &path) < 0)
                g_error("out of memory");
        return path;
}

char *cr_object_path_point(const char *collection_path, const CrId *id)
{
        return g_strconcat(collection_path, "/point/", id->text, NULL);
}

char *cr_object_path_divergence(const char *collection_path, const CrId *id)
{
        return g_strconcat(collection_path, "/divergence/", id->text, NULL);
}

char *cr_object_path_job(guint64 id)
{
        return g_strdup_printf(CR_JOB_PREFIX "/_%" G_GUINT64_FORMAT, id);
}

static CrPathKind kind_of_child(const char *word)
{
        if (strcmp(word, "point") == 0)
                return CR_PATH_POINT;
        return strcmp(word, "divergence") == 0 ? CR_PATH_DIVERGENCE : CR_PATH_OTHER;
}

CrPathKind cr_object_path_kind(const char *path)
{
        g_auto(GStrv) parts = g_strsplit(path, "/", -1);
        guint n = g_strv_length(parts);

        if (g_str_has_prefix(path, CR_JOB_PREFIX "/"))
                return n == COLLECTION_COMPONENT + 1 ? CR_PATH_JOB : CR_PATH_OTHER;
        if (!g_str_has_prefix(path, CR_COLLECTION_PREFIX "/"))
                return CR_PATH_OTHER;
        if (n == COLLECTION_COMPONENT + 1)
                return CR_PATH_COLLECTION;
        return n == CHILD_COMPONENT + 2 ? kind_of_child(parts[CHILD_COMPONENT]) : CR_PATH_OTHER;
}

char *cr_object_path_parent(const char *path)
{
        const char *id = strrchr(path, '/');
        const char *kind = g_strrstr_len(path, id - path, "/");

        return g_strndup(path, (gsize)(kind - path));
}
