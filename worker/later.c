/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "worker/later.h"

#include "core/failpoint.h"

static gboolean is_stored(const CrCollection *collection, CrOperation operation)
{
        return collection->scheduled_time != 0 &&
               g_strcmp0(collection->scheduled_operation, cr_operation_word(operation)) == 0;
}

void cr_later_forget(CrCollection *collection)
{
        collection->scheduled_time = 0;
        g_clear_pointer(&collection->scheduled_operation, g_free);
        g_clear_pointer(&collection->scheduled_request, g_free);
}

static char *print_keys(CrWorker *worker, const char *const *keys)
{
        g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
        g_autoptr(GVariant) printed = NULL;

        for (; *keys; keys++) {
                g_autoptr(GVariant) value = g_variant_dict_lookup_value(&worker->request, *keys, NULL);

                if (value)
                        g_variant_dict_insert_value(&dict, *keys, value);
        }
        printed = g_variant_ref_sink(g_variant_dict_end(&dict));
        return g_variant_print(printed, TRUE);
}

static gboolean save(CrWorker *worker, const CrCollection *collection, GError **error)
{
        CR_FAILPOINT("later.saving");
        if (!cr_store_save(worker->store, collection, error))
                return FALSE;
        CR_FAILPOINT("later.saved");
        cr_worker_changed();
        cr_worker_done(worker);
        return TRUE;
}

static gboolean store(CrWorker *worker, guint64 when, const char *const *keys, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);

        if (!collection)
                return FALSE;
        cr_later_forget(collection);
        collection->scheduled_time = (gint64)when;
        collection->scheduled_operation = g_strdup(cr_operation_word(worker->operation));
        collection->scheduled_request = print_keys(worker, keys);
        return save(worker, collection, error);
}

gboolean cr_later_store(CrWorker *worker, const char *const *keys, gboolean *ret_stored, GError **error)
{
        guint64 when = 0;

        g_variant_dict_lookup(&worker->request, "StartTime", "t", &when);
        *ret_stored = when > (guint64)g_get_real_time();
        if (!*ret_stored)
                return TRUE;
        if (when <= G_MAXINT64)
                return store(worker, when, keys, error);
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "the start time %" G_GUINT64_FORMAT
                " is no time: give microseconds since the epoch, or 0 for now",
                when);
        return FALSE;
}

void cr_later_begin(const CrWorker *worker, CrCollection *collection)
{
        if (is_stored(collection, worker->operation))
                cr_later_forget(collection);
}

gboolean cr_later_withdraw(CrWorker *worker, CrCollection *collection, CrOperation operation,
        gboolean *ret_withdrawn, GError **error)
{
        *ret_withdrawn = is_stored(collection, operation);
        if (!*ret_withdrawn)
                return TRUE;
        cr_later_forget(collection);
        return save(worker, collection, error);
}
