/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/recovery.h"

#include "core/worker_protocol.h"
#include "service/log.h"
#include "service/service.h"

#define RETRY_USEC (UINT64_C(60) * G_USEC_PER_SEC) /* source: the design */
#define ASKED_USEC G_USEC_PER_SEC                  /* between two tries, however often somebody asks */

struct CrRecovery {
        CrService *service;
        GHashTable *items; /* id -> Item, owned */
        GQueue waiting;    /* Item: its turn has not come */
        guint running;
        gboolean started;
};

typedef struct Item {
        CrRecovery *recovery;
        CrId collection;
        char *waiting_for;
        CrWorkerProcess *worker;
        sd_event_source *retry;
        gboolean queued;
        gint64 tried; /* monotonic; 0: never */
        GVariant *result;
        char *failure;
} Item;

static void item_free(Item *item)
{
        sd_event_source_disable_unref(item->retry);
        g_clear_pointer(&item->result, g_variant_unref);
        g_free(item->failure);
        g_free(item->waiting_for);
        g_free(item);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Item, item_free)

CrRecovery *cr_recovery_new(CrService *service)
{
        CrRecovery *recovery = g_new0(CrRecovery, 1);

        recovery->service = service;
        recovery->items =
                g_hash_table_new_full(cr_id_hash, cr_id_hash_equal, NULL, (GDestroyNotify)item_free);
        return recovery;
}

CrRecovery *cr_recovery_free(CrRecovery *recovery)
{
        if (!recovery)
                return NULL;
        g_queue_clear(&recovery->waiting);
        g_hash_table_unref(recovery->items);
        g_free(recovery);
        return NULL;
}

const char *cr_recovery_waiting_for(CrRecovery *recovery, const CrId *collection)
{
        const Item *item = g_hash_table_lookup(recovery->items, collection);

        return item ? item->waiting_for : NULL;
}

static void try_next(CrRecovery *recovery);

static void enqueue(Item *item)
{
        if (item->queued || item->worker)
                return;
        item->queued = TRUE;
        sd_event_source_disable_unref(item->retry);
        item->retry = NULL;
        g_queue_push_tail(&item->recovery->waiting, item);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
        Item *item = userdata;

        enqueue(item);
        try_next(item->recovery);
        return 0;
}

static void retry_in(Item *item, uint64_t usec)
{
        sd_event_source_disable_unref(item->retry);
        item->retry = NULL;
        if (sd_event_add_time_relative(item->recovery->service->event, &item->retry, CLOCK_MONOTONIC, usec, 0,
                    on_retry, item) < 0)
                enqueue(item);
}

/* ---- the end of a try ---- */

/* How the job @id, whose work was carried out, ended. NULL: well. */
static GError *error_of(Item *item, guint64 id)
{
        gboolean completed = FALSE;
        guint64 told = 0;

        if (item->result) {
                g_variant_lookup(item->result, "Job", "t", &told);
                g_variant_lookup(item->result, "Completed", "b", &completed);
        }
        /* A worker that recovered, and died before it could say of which job, left nothing to tell. */
        if (told != id)
                return g_error_new(CR_ERROR, CR_ERROR_FAILED,
                        "the operation was interrupted, and so was its recovery; what it had begun was "
                        "carried "
                        "out: look at the collection");
        if (!completed)
                return g_error_new(CR_ERROR, CR_ERROR_FAILED,
                        "the operation was interrupted; what it had begun was carried out, but its point is "
                        "no longer one instant and was dropped");
        return NULL;
}

/* The job that waits for its work to be carried out, if any, ends now. Until now nothing else could begin. */
static void end_job(Item *item)
{
        CrJob *job = cr_jobs_find_unended(item->recovery->service->jobs, &item->collection);
        g_autoptr(GError) error = NULL;

        if (!job)
                return;
        error = error_of(item, cr_job_data(job)->id);
        cr_job_end(job, error, NULL);
}

typedef struct Ending {
        CrRecovery *recovery;
        CrId collection;
        gboolean recovered;
        CrCollection *loaded, *test; /* the collection, and its test copy */
        GError *error;
} Ending;

static void ending_work(CrStore *store, gpointer data)
{
        Ending *ending = data;

        ending->loaded = cr_collections_load(store, &ending->collection, &ending->error);
        if (!ending->error)
                ending->test = cr_collections_load_test(store, ending->loaded, &ending->error);
}

static void ending_done(gpointer data)
{
        Ending *ending = data;
        CrRecovery *recovery = ending->recovery;
        Item *item = g_hash_table_lookup(recovery->items, &ending->collection);
        g_autoptr(Item) done = NULL;

        if (ending->recovered && item) {
                g_hash_table_steal(recovery->items, &ending->collection);
                done = item;
        }
        if (ending->error)
                cr_log(G_LOG_LEVEL_WARNING, "Recover", ending->collection.text, 0,
                        "The collection can't be loaded: %s", ending->error->message);
        else
                cr_collections_show_both(
                        recovery->service->collections, &ending->collection, ending->loaded, ending->test);
        if (done)
                end_job(done);
        g_clear_pointer(&ending->loaded, cr_collection_free);
        g_clear_pointer(&ending->test, cr_collection_free);
        g_clear_error(&ending->error);
        g_free(ending);
}

/* Shows the collection as it is now; after a success as the store has it, with the recovery over. */
static void show_ending(Item *item, gboolean recovered)
{
        Ending *ending = g_new0(Ending, 1);

        ending->recovery = item->recovery;
        ending->collection = item->collection;
        ending->recovered = recovered;
        cr_store_thread_submit(item->recovery->service->store, ending_work, ending_done, ending);
}

static void fail(Item *item, const char *message)
{
        cr_log(G_LOG_LEVEL_WARNING, "Recover", item->collection.text, 0,
                "An interrupted operation can't be completed yet: %s", message);
        g_free(item->waiting_for);
        item->waiting_for = g_strdup(message);
        show_ending(item, FALSE);
        retry_in(item, RETRY_USEC);
}

static void on_notified(const CrNotification *notification, void *userdata)
{
        Item *item = userdata;

        if (notification->status) {
                g_free(item->failure);
                item->failure = g_strdup(notification->status);
        }
        if (notification->result) {
                g_clear_pointer(&item->result, g_variant_unref);
                item->result = g_variant_ref(notification->result);
        }
}

static void on_ended(int code, int status, void *userdata)
{
        Item *item = userdata;
        CrRecovery *recovery = item->recovery;
        g_autofree char *killed = NULL;

        item->worker = NULL;
        recovery->running--;
        if (code == CLD_EXITED && status == 0) {
                show_ending(item, TRUE);
        } else if (!recovery->service->stopping) {
                if (code != CLD_EXITED)
                        killed = g_strdup_printf(
                                "the worker that carries it out was killed by signal %d", status);
                fail(item, killed          ? killed
                           : item->failure ? item->failure
                                           : "the worker that carries it out failed without saying why");
        }
        try_next(recovery);
}

/* ---- a try ---- */

static const CrWorkerEvents worker_events = {on_notified, on_ended};

static GVariant *request_of(const Item *item)
{
        const CrServiceOptions *options = item->recovery->service->options;
        g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);

        g_variant_dict_insert(&dict, CR_REQUEST_OPERATION, "s", cr_operation_word(CR_OP_RECOVER));
        g_variant_dict_insert(&dict, CR_REQUEST_COLLECTION, "s", item->collection.text);
        g_variant_dict_insert(&dict, CR_REQUEST_JOB, "t", (guint64)0);
        g_variant_dict_insert(&dict, CR_REQUEST_OWNER, "u", 0U);
        g_variant_dict_insert(&dict, CR_REQUEST_CONFIG, "s", item->recovery->service->config->text);
        g_variant_dict_insert(&dict, CR_REQUEST_STATE_DIRECTORY, "s", options->state_directory);
        g_variant_dict_insert(&dict, CR_REQUEST_RUNTIME_DIRECTORY, "s", options->runtime_directory);
        return g_variant_dict_end(&dict);
}

static void try_one(Item *item)
{
        CrRecovery *recovery = item->recovery;
        g_autoptr(GError) error = NULL;

        item->queued = FALSE;
        item->tried = g_get_monotonic_time();
        g_clear_pointer(&item->result, g_variant_unref);
        g_clear_pointer(&item->failure, g_free);
        item->worker = cr_worker_process_start(
                recovery->service->workers, request_of(item), &worker_events, item, &error);
        if (!item->worker) {
                fail(item, error->message);
                return;
        }
        recovery->running++;
        if (!cr_worker_process_send(item->worker, CR_MESSAGE_GO, NULL, &error))
                cr_worker_process_kill(item->worker);
}

static void try_next(CrRecovery *recovery)
{
        Item *item;

        while (recovery->started && !recovery->service->stopping &&
                recovery->running < recovery->service->config->max_jobs &&
                (item = g_queue_pop_head(&recovery->waiting)))
                try_one(item);
}

void cr_recovery_add(CrRecovery *recovery, const CrId *collection)
{
        Item *item = g_hash_table_lookup(recovery->items, collection);

        if (item)
                return;
        item = g_new0(Item, 1);
        item->recovery = recovery;
        item->collection = *collection;
        item->waiting_for = g_strdup("an interrupted operation is being completed");
        g_hash_table_insert(recovery->items, &item->collection, item);
        enqueue(item);
        try_next(recovery);
}

void cr_recovery_retry(CrRecovery *recovery, const CrId *collection)
{
        Item *item = g_hash_table_lookup(recovery->items, collection);

        if (!item || item->queued || item->worker)
                return;
        if (g_get_monotonic_time() - item->tried >= ASKED_USEC)
                enqueue(item);
        else
                retry_in(item, ASKED_USEC);
        try_next(recovery);
}

void cr_recovery_start(CrRecovery *recovery)
{
        recovery->started = TRUE;
        try_next(recovery);
}

static void for_each_worker(CrRecovery *recovery, void (*function)(CrWorkerProcess *))
{
        GHashTableIter iter;
        gpointer value;

        g_hash_table_iter_init(&iter, recovery->items);
        while (g_hash_table_iter_next(&iter, NULL, &value))
                if (((Item *)value)->worker)
                        function(((Item *)value)->worker);
}

void cr_recovery_stop(CrRecovery *recovery)
{
        for_each_worker(recovery, cr_worker_process_cancel);
}

void cr_recovery_kill(CrRecovery *recovery)
{
        for_each_worker(recovery, cr_worker_process_kill);
}
