/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/answers.h"

#include "service/names.h"
#include "service/object_path.h"
#include "service/service.h"

GVariant *cr_answer_job(CrCall *call, const CrOutcome *outcome, GError **error)
{
        return g_variant_new("(o)", outcome->job);
}

GVariant *cr_answer_done(CrCall *call, const CrOutcome *outcome, GError **error)
{
        return g_variant_new("(o)", CR_NULL_PATH);
}

GVariant *cr_answer_lookup(GVariant *dictionary, const char *key, const char *type, GError **error)
{
        GVariant *value = dictionary ? g_variant_lookup_value(dictionary, key, G_VARIANT_TYPE(type)) : NULL;

        if (!value)
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "the worker's answer lacks '%s'", key);
        return value;
}

GVariant *cr_answer_define(CrCall *call, const CrOutcome *outcome, GError **error)
{
        g_autoptr(GVariant) name = g_variant_get_child_value(call->arguments, 0);
        const CrShown *shown =
                cr_collections_find_name(call->service->collections, g_variant_get_string(name, NULL));

        if (shown)
                return g_variant_new("(o)", shown->object->path);
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "the new collection can't be shown");
        return NULL;
}

/* The copy is there when the job has ended. */
GVariant *cr_answer_test(CrCall *call, const CrOutcome *outcome, GError **error)
{
        g_autoptr(GVariant) name = cr_answer_lookup(outcome->reply, "Collection", "s", error);
        g_autofree char *path = name ? cr_object_path_collection(g_variant_get_string(name, NULL)) : NULL;

        return path ? g_variant_new("(oo)", path, outcome->job) : NULL;
}

/* What the worker can't know of belongs to the blockers as well. */
static GVariant *add_blockers(GVariant *preview, GPtrArray *obstacles)
{
        g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(preview);
        g_autoptr(GVariant) known = g_variant_dict_lookup_value(&dict, "Blockers", G_VARIANT_TYPE("a(us)"));
        GVariantBuilder blockers = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(us)"));

        for (gsize i = 0; known && i < g_variant_n_children(known); i++) {
                g_autoptr(GVariant) blocker = g_variant_get_child_value(known, i);

                g_variant_builder_add_value(&blockers, blocker);
        }
        for (guint i = 0; i < obstacles->len; i++) {
                const GError *obstacle = obstacles->pdata[i];

                g_variant_builder_add(
                        &blockers, "(us)", cr_error_value(cr_error_code(obstacle)), obstacle->message);
        }
        g_variant_dict_insert_value(&dict, "Blockers", g_variant_builder_end(&blockers));
        return g_variant_dict_end(&dict);
}

GVariant *cr_answer_preview(CrCall *call, const CrOutcome *outcome, GError **error)
{
        const CrMethod *prepare = cr_method_find(CR_MANAGER_INTERFACE, "PrepareForReverseReplication");
        g_autoptr(GPtrArray) obstacles = cr_tasks_obstacles(call->service->tasks, call, prepare);

        if (outcome->result)
                return g_variant_new("(@a{sv})", add_blockers(outcome->result, obstacles));
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "the worker gave no preview");
        return NULL;
}

void cr_direct_get_collection(CrCall *call)
{
        g_autoptr(GVariant) name = g_variant_get_child_value(call->arguments, 0);
        const CrShown *shown =
                cr_collections_find_name(call->service->collections, g_variant_get_string(name, NULL));
        g_autofree char *message =
                g_strdup_printf("there is no collection '%s'", g_variant_get_string(name, NULL));

        if (shown)
                cr_call_reply(call, g_variant_new("(o)", shown->object->path));
        else
                cr_call_fail_literal(call, CR_ERROR_FILE_NOT_FOUND, message);
}
