/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "worker/templates.h"

struct CrTemplates {
        GHashTable *users; /* path -> name of a collection */
};

void cr_templates_free(CrTemplates *templates)
{
        g_hash_table_unref(templates->users);
        g_free(templates);
}

void cr_templates_add(CrTemplates *templates, char *const *below, const char *collection)
{
        for (; below && *below; below++)
                g_hash_table_replace(templates->users, g_strdup(*below), g_strdup(collection));
}

const char *cr_templates_user(const CrTemplates *templates, const char *path)
{
        return g_hash_table_lookup(templates->users, path);
}

static void add_chain(CrTemplates *templates, CrWorker *worker, const CrEngine *engine, const char *path,
        const char *collection)
{
        g_autoptr(GError) error = NULL;
        g_auto(CrImageInfo) info = {0};

        if (engine->probe(worker->config, path, &info, &error))
                cr_templates_add(templates, info.below, collection);
        else
                g_info("the template %s of collection '%s': %s", path, collection, error->message);
}

CrTemplates *cr_templates_load(CrWorker *worker, const CrEngine *engine, GError **error)
{
        g_autoptr(CrTemplates) templates = g_new0(CrTemplates, 1);
        g_autoptr(GHashTable) direct = NULL;
        GHashTableIter iter;
        gpointer path, collection;

        templates->users = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        direct = cr_store_templates(worker->store, error);
        if (!direct)
                return NULL;
        g_hash_table_iter_init(&iter, direct);
        while (g_hash_table_iter_next(&iter, &path, &collection)) {
                g_hash_table_replace(templates->users, g_strdup(path), g_strdup(collection));
                add_chain(templates, worker, engine, path, collection);
        }
        return g_steal_pointer(&templates);
}
