/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/counts.h"

#include "service/log.h"
#include "service/names.h"
#include "service/service.h"

struct CrCounts {
        CrService *service;
        GHashTable *by_id; /* id -> CrStatistics, owned */
};

static void add(CrCounts *counts, CrStatistics *statistics)
{
        g_hash_table_insert(counts->by_id, &statistics->collection, statistics);
}

CrCounts *cr_counts_new(CrService *service, CrStore *store, GError **error)
{
        g_autoptr(GPtrArray) all = cr_store_statistics(store, error);
        CrCounts *counts;

        if (!all)
                return NULL;
        counts = g_new0(CrCounts, 1);
        counts->service = service;
        counts->by_id =
                g_hash_table_new_full(cr_id_hash, cr_id_hash_equal, NULL, (GDestroyNotify)cr_statistics_free);
        for (guint i = 0; i < all->len; i++)
                add(counts, cr_statistics_copy(g_ptr_array_index(all, i)));
        return counts;
}

CrCounts *cr_counts_free(CrCounts *counts)
{
        if (counts)
                g_hash_table_unref(counts->by_id);
        g_free(counts);
        return NULL;
}

const CrStatistics *cr_counts_find(CrCounts *counts, const CrId *collection)
{
        return g_hash_table_lookup(counts->by_id, collection);
}

void cr_counts_forget(CrCounts *counts, const CrId *collection)
{
        g_hash_table_remove(counts->by_id, collection);
}

static CrStatistics *get(CrCounts *counts, const CrId *collection)
{
        CrStatistics *statistics = g_hash_table_lookup(counts->by_id, collection);

        if (!statistics) {
                statistics = cr_statistics_new(collection, g_get_real_time());
                add(counts, statistics);
        }
        return statistics;
}

/* ---- saving ---- */

typedef struct Save {
        CrStatistics *statistics;
        CrCall *call; /* to answer then, or NULL */
        GError *error;
} Save;

static void save_work(CrStore *store, gpointer data)
{
        Save *save = data;

        cr_store_save_statistics(store, save->statistics, &save->error);
}

static void save_done(gpointer data)
{
        Save *save = data;

        if (save->error)
                cr_log(G_LOG_LEVEL_WARNING, NULL, save->statistics->collection.text, 0,
                        "The statistics can't be saved: %s", save->error->message);
        if (save->call && save->error)
                cr_call_fail(save->call, save->error);
        else if (save->call)
                cr_call_reply(save->call, g_variant_new("(o)", CR_NULL_PATH));
        g_clear_error(&save->error);
        cr_statistics_free(save->statistics);
        g_free(save);
}

static void save(CrCounts *counts, const CrStatistics *statistics, CrCall *call)
{
        Save *request = g_new0(Save, 1);

        request->statistics = cr_statistics_copy(statistics);
        request->call = call;
        cr_store_thread_submit(counts->service->store, save_work, save_done, request);
}

/* ---- counting ---- */

/* On either side. */
static gboolean is_replication(CrOperation operation)
{
        return operation == CR_OP_START || operation == CR_OP_REPLICATE || operation == CR_OP_RESYNCHRONIZE ||
               operation == CR_OP_REVERSE || operation == CR_OP_RECEIVE;
}

static CrReplicationEnd end_of(const CrJobData *job, const GError *error, GVariant *result)
{
        gint64 duration = MAX(g_get_real_time() - job->started, 0);
        const CrProgress *progress = &job->progress;
        CrReplicationEnd end = {.error = error, .duration = (guint64)duration};

        if (result) {
                g_variant_lookup(result, "BytesSent", "t", &end.bytes);
                g_variant_lookup(result, "ApplicationConsistencyFailed", "b", &end.is_application_failure);
        }
        if (error && progress->total > progress->done)
                end.pending = progress->total - progress->done;
        return end;
}

void cr_counts_job(CrCounts *counts, const CrJobData *job, const GError *error, GVariant *result)
{
        CrStatistics *statistics;
        CrReplicationEnd end;
        CrOperation operation;

        if (!cr_operation_from_word(job->operation, &operation))
                return;
        if (operation == CR_OP_TEST_FAILOVER && !error) {
                statistics = get(counts, &job->collection);
                statistics->last_test = g_get_real_time();
                save(counts, statistics, NULL);
        } else if (is_replication(operation)) {
                statistics = get(counts, &job->collection);
                end = end_of(job, error, result);
                cr_statistics_count(statistics, &end);
                save(counts, statistics, NULL);
        }
}

void cr_counts_refused(CrCounts *counts, const CrId *collection, const GError *error)
{
        CrStatistics *statistics = get(counts, collection);
        CrReplicationEnd end = {.error = error, .pending = statistics->pending};

        cr_statistics_count(statistics, &end);
        save(counts, statistics, NULL);
}

void cr_counts_missed(CrCounts *counts, const CrId *collection)
{
        CrStatistics *statistics = get(counts, collection);

        cr_statistics_count_missed(statistics);
        save(counts, statistics, NULL);
}

/* ---- methods ---- */

static guint32 seconds_of(guint64 usec)
{
        return (guint32)MIN((usec + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC, G_MAXUINT32);
}

static GVariant *to_variant(const CrStatistics *statistics, guint16 health)
{
        g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);

        g_variant_dict_insert(&dict, "StartStatisticTime", "t", (guint64)statistics->since);
        g_variant_dict_insert(&dict, "EndStatisticTime", "t", (guint64)g_get_real_time());
        g_variant_dict_insert(&dict, "LastTestFailoverTime", "t", (guint64)statistics->last_test);
        g_variant_dict_insert(&dict, "ReplicationSuccessCount", "u", statistics->successes);
        g_variant_dict_insert(&dict, "ReplicationMissCount", "u", statistics->missed);
        g_variant_dict_insert(&dict, "NetworkFailureCount", "u", statistics->network_failures);
        g_variant_dict_insert(&dict, "ReplicationFailureCount", "u", statistics->failures);
        g_variant_dict_insert(
                &dict, "ApplicationConsistentSnapshotFailureCount", "u", statistics->application_failures);
        g_variant_dict_insert(&dict, "ReplicationHealth", "q", health);
        g_variant_dict_insert(&dict, "MaxReplicationLatency", "u", seconds_of(statistics->max_latency));
        g_variant_dict_insert(&dict, "ReplicationSize", "t", statistics->bytes);
        g_variant_dict_insert(&dict, "MaxReplicationSize", "t", statistics->max_bytes);
        g_variant_dict_insert(&dict, "PendingReplicationSize", "t", statistics->pending);
        return g_variant_ref_sink(g_variant_dict_end(&dict));
}

/* "id: words" of each. */
static GVariant *issues_of(GVariant *issues)
{
        GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_STRING_ARRAY);
        GVariantIter iter;
        const char *id, *words;

        g_variant_iter_init(&iter, issues);
        while (g_variant_iter_next(&iter, "(&s&s)", &id, &words)) {
                g_autofree char *line = g_strdup_printf("%s: %s", id, words);

                g_variant_builder_add(&builder, "s", line);
        }
        return g_variant_builder_end(&builder);
}

void cr_direct_get_statistics(CrCall *call)
{
        CrService *service = call->service;
        const CrShown *shown = cr_collections_find(service->collections, &call->collection);
        gboolean is_new = !cr_counts_find(service->counts, &call->collection);
        g_autoptr(GVariant) health = cr_object_get(shown->object, "ReplicationHealth");
        g_autoptr(GVariant) issues = cr_object_get(shown->object, "HealthIssues");
        g_autoptr(GVariant) statistics =
                to_variant(get(service->counts, &call->collection), g_variant_get_uint16(health));

        /* When the counting began is kept, too. */
        if (is_new)
                save(service->counts, get(service->counts, &call->collection), NULL);
        cr_call_reply(call, g_variant_new("(@a{sv}@as)", statistics, issues_of(issues)));
}

void cr_direct_reset_statistics(CrCall *call)
{
        CrCounts *counts = call->service->counts;
        CrStatistics *statistics = get(counts, &call->collection);

        cr_statistics_reset(statistics, g_get_real_time());
        save(counts, statistics, call);
}
