/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/jobs.h"

#include <string.h>

#include "service/interfaces.h"
#include "service/job_ids.h"
#include "service/job_waits.h"
#include "service/log.h"
#include "service/names.h"
#include "service/object_path.h"
#include "service/service.h"

#define PROGRESS_USEC 100000 /* between two signals of one job; source: the contract */

struct CrJobs {
        CrService *service;
        CrJobIds ids;
        GHashTable *by_id; /* &data.id -> CrJob, owned; shown ones only */
        CrJobWaits *waits;
        sd_event_source *expiry;
};

struct CrJob {
        CrJobs *jobs;
        CrJobData data;
        char *path;
        CrObject *object; /* NULL: not shown yet */
        CrTask *task;
        gboolean has_row; /* in the store, or on its way there */
        sd_event_source *progress_timer;
        gint64 progress_shown; /* monotonic */
};

static void job_free(CrJob *job)
{
        sd_event_source_disable_unref(job->progress_timer);
        cr_job_data_clear(&job->data);
        g_free(job->path);
        g_free(job);
}

static CrJob *job_alloc(CrJobs *jobs)
{
        CrJob *job = g_new0(CrJob, 1);

        job->jobs = jobs;
        return job;
}

static void add_object(CrJob *job)
{
        job->object = cr_objects_add(
                job->jobs->service->objects, job->path, &cr_job_interface, cr_job_data_values(&job->data));
        g_hash_table_insert(job->jobs->by_id, &job->data.id, job);
}

/* ---- the store ---- */

typedef struct Save {
        CrJob *job;
        CrJobRecord *record;
        GError *error;
        void (*saved)(const GError *error, void *userdata);
        void *userdata;
} Save;

static void save_work(CrStore *store, gpointer data)
{
        Save *save = data;

        cr_store_save_job(store, save->record, &save->error);
}

static void save_done(gpointer data)
{
        Save *save = data;

        if (save->error)
                cr_log(G_LOG_LEVEL_WARNING, save->record->operation, save->record->collection_path,
                        save->record->id, "The job can't be saved: %s", save->error->message);
        save->saved(save->error, save->userdata);
        g_clear_error(&save->error);
        cr_job_record_free(save->record);
        g_free(save);
}

void cr_job_save(CrJob *job, void (*saved)(const GError *error, void *userdata), void *userdata)
{
        Save *save = g_new0(Save, 1);

        job->has_row = TRUE;
        *save = (Save){job, cr_job_data_to_record(&job->data), NULL, saved, userdata};
        cr_store_thread_submit(job->jobs->service->store, save_work, save_done, save);
}

typedef struct Deletion {
        guint64 id;
        GError *error;
} Deletion;

static void delete_work(CrStore *store, gpointer data)
{
        Deletion *deletion = data;

        cr_store_delete_job(store, deletion->id, &deletion->error);
}

static void delete_done(gpointer data)
{
        Deletion *deletion = data;

        if (deletion->error)
                cr_log(G_LOG_LEVEL_WARNING, NULL, NULL, deletion->id, "The job can't be deleted: %s",
                        deletion->error->message);
        g_clear_error(&deletion->error);
        g_free(deletion);
}

static void delete_row(CrJob *job)
{
        Deletion *deletion = g_new0(Deletion, 1);

        deletion->id = job->data.id;
        cr_store_thread_submit(job->jobs->service->store, delete_work, delete_done, deletion);
}

/* ---- how long they stay ---- */

static gint compare_newest_first(gconstpointer a, gconstpointer b)
{
        const CrJobData *x = &(*(CrJob *const *)a)->data, *y = &(*(CrJob *const *)b)->data;

        return x->ended != y->ended ? (x->ended < y->ended ? 1 : -1) : (x->id < y->id ? 1 : -1);
}

static GPtrArray *list_ended(CrJobs *jobs)
{
        GPtrArray *ended = g_ptr_array_new();
        GHashTableIter iter;
        gpointer value;

        g_hash_table_iter_init(&iter, jobs->by_id);
        while (g_hash_table_iter_next(&iter, NULL, &value))
                if (cr_job_data_has_ended(&((CrJob *)value)->data))
                        g_ptr_array_add(ended, value);
        g_ptr_array_sort(ended, compare_newest_first);
        return ended;
}

static void forget(CrJob *job)
{
        delete_row(job);
        cr_objects_remove(job->jobs->service->objects, job->object);
        g_hash_table_remove(job->jobs->by_id, &job->data.id);
}

/* Forgets what is due; returns when the next will be, or G_MAXINT64. */
static gint64 sweep(CrJobs *jobs, gint64 now)
{
        g_autoptr(GPtrArray) ended = list_ended(jobs);
        g_autoptr(GHashTable) newer = g_hash_table_new(NULL, NULL); /* of each owner */
        gint64 next = G_MAXINT64;

        for (guint i = 0; i < ended->len; i++) {
                CrJob *job = ended->pdata[i];
                gpointer owner = GUINT_TO_POINTER(job->data.owner);
                guint n = GPOINTER_TO_UINT(g_hash_table_lookup(newer, owner));
                gint64 expires = cr_job_data_expires(&job->data, n);

                g_hash_table_insert(newer, owner, GUINT_TO_POINTER(n + 1));
                if (expires <= now)
                        forget(job);
                else
                        next = MIN(next, expires);
        }
        return next;
}

static void sweep_and_arm(CrJobs *jobs)
{
        gint64 now = g_get_real_time(), next;

        if (jobs->service->stopping)
                return;
        next = sweep(jobs, now);
        if (next == G_MAXINT64) {
                (void)sd_event_source_set_enabled(jobs->expiry, SD_EVENT_OFF);
                return;
        }
        /* Relative, and never longer than a job is kept: the clock may be set. */
        (void)sd_event_source_set_time_relative(jobs->expiry, (uint64_t)MIN(next - now, CR_JOB_KEPT_USEC));
        (void)sd_event_source_set_enabled(jobs->expiry, SD_EVENT_ONESHOT);
}

static int on_expiry(sd_event_source *source, uint64_t usec, void *userdata)
{
        sweep_and_arm(userdata);
        return 0;
}

/* ---- at start ---- */

/* What a former process left running, and no recovery will finish. */
static gboolean fail_left_over(CrJobData *data, CrStore *store, GError **error)
{
        g_autoptr(GError) stopped =
                g_error_new(CR_ERROR, CR_ERROR_FAILED, "the service was stopped while the job was running");
        g_autoptr(CrJobRecord) record = NULL;

        cr_job_data_end(data, stopped, NULL, g_get_real_time());
        record = cr_job_data_to_record(data);
        return cr_store_save_job(store, record, error);
}

static gboolean load_one(
        CrJobs *jobs, CrStore *store, GHashTable *intents, const CrJobRecord *record, GError **error)
{
        CrJob *job = job_alloc(jobs);
        gint64 id;

        cr_job_data_from_record(&job->data, record);
        job->path = cr_object_path_job(record->id);
        add_object(job);
        id = (gint64)job->data.id;
        if (cr_job_data_has_ended(&job->data))
                return TRUE;
        if (g_hash_table_contains(intents, &id))
                cr_job_set_recovering(job);
        else if (!fail_left_over(&job->data, store, error))
                return FALSE;
        cr_object_update(job->object, cr_job_data_values(&job->data));
        return TRUE;
}

static gboolean load(CrJobs *jobs, CrStore *store, GHashTable *intents, GError **error)
{
        g_autoptr(GPtrArray) records = cr_store_jobs(store, error);

        if (!records || !cr_job_ids_init(&jobs->ids, jobs->service, store, error))
                return FALSE;
        for (guint i = 0; i < records->len; i++)
                if (!load_one(jobs, store, intents, records->pdata[i], error))
                        return FALSE;
        return TRUE;
}

CrJobs *cr_jobs_new(CrService *service, CrStore *store, GHashTable *intents, GError **error)
{
        CrJobs *jobs = g_new0(CrJobs, 1);
        int r;

        jobs->service = service;
        jobs->by_id = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)job_free);
        jobs->waits = cr_job_waits_new();
        r = sd_event_add_time_relative(
                service->event, &jobs->expiry, CLOCK_MONOTONIC, 0, G_USEC_PER_SEC, on_expiry, jobs);
        if (r < 0)
                cr_error_set_errno(error, -r, "sd_event_add_time");
        return r >= 0 && load(jobs, store, intents, error) ? jobs : cr_jobs_free(jobs);
}

CrJobs *cr_jobs_free(CrJobs *jobs)
{
        if (!jobs)
                return NULL;
        sd_event_source_disable_unref(jobs->expiry);
        cr_job_waits_free(jobs->waits);
        g_hash_table_unref(jobs->by_id);
        g_free(jobs);
        return NULL;
}

/* ---- one job ---- */

CrJob *cr_job_new(CrJobs *jobs, CrOperation operation, const CrId *collection, const char *collection_path,
        uid_t owner, CrTask *task, GError **error)
{
        guint64 id = cr_job_ids_next(&jobs->ids, error);
        CrJob *job;

        if (id == 0)
                return NULL;
        job = job_alloc(jobs);
        job->task = task;
        job->path = cr_object_path_job(id);
        cr_job_data_init(&job->data, id, cr_operation_word(operation), collection, collection_path, owner,
                g_get_real_time());
        return job;
}

void cr_job_withdraw(CrJob *job)
{
        if (job->has_row)
                delete_row(job);
        job_free(job);
}

void cr_job_show(CrJob *job)
{
        const CrJobData *data = &job->data;
        int r;

        add_object(job);
        r = sd_bus_emit_signal(job->jobs->service->bus, CR_MANAGER_PATH, CR_MANAGER_INTERFACE, "JobNew",
                "toso", data->id, job->path, data->operation, data->collection_path);
        if (r < 0)
                CR_LOG_WARNING("JobNew can't be sent: %s", g_strerror(-r));
        cr_log(G_LOG_LEVEL_MESSAGE, data->operation, data->collection_path, data->id,
                "%s of %s started by uid %u", data->operation, data->collection_path, data->owner);
}

static void show_change(CrJob *job)
{
        if (!job->object)
                return;
        sd_event_source_disable_unref(job->progress_timer);
        job->progress_timer = NULL;
        job->progress_shown = g_get_monotonic_time();
        cr_object_update(job->object, cr_job_data_values(&job->data));
}

static int on_progress_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        show_change(userdata);
        return 0;
}

static void show_progress(CrJob *job)
{
        gint64 wait = job->progress_shown + PROGRESS_USEC - g_get_monotonic_time();

        if (job->progress_timer || !job->object)
                return;
        if (wait <= 0 || sd_event_add_time_relative(job->jobs->service->event, &job->progress_timer,
                                 CLOCK_MONOTONIC, (uint64_t)wait, 0, on_progress_timer, job) < 0)
                show_change(job);
}

void cr_job_set_queued(CrJob *job, gboolean queued)
{
        job->data.state = queued ? CR_JOB_QUEUED : CR_JOB_RUNNING;
        show_change(job);
}

void cr_job_set_final(CrJob *job, gboolean final)
{
        job->data.final = final;
        show_change(job);
}

void cr_job_set_phase(CrJob *job, const char *phase)
{
        g_free(job->data.phase);
        job->data.phase = g_strdup(phase);
        show_progress(job);
}

void cr_job_set_progress(CrJob *job, guint64 done, guint64 total)
{
        cr_progress_update(&job->data.progress, done, total, g_get_monotonic_time());
        show_progress(job);
}

void cr_job_set_recovering(CrJob *job)
{
        job->task = NULL;
        job->data.state = CR_JOB_RUNNING;
        job->data.final = TRUE;
        g_free(job->data.phase);
        job->data.phase = g_strdup("recovering");
        show_change(job);
}

static void on_end_saved(const GError *error, void *userdata)
{
        CrJob *job = userdata;
        CrJobs *jobs = job->jobs;
        const CrJobData *data = &job->data;
        int r;

        show_change(job);
        r = sd_bus_emit_signal(jobs->service->bus, CR_MANAGER_PATH, CR_MANAGER_INTERFACE, "JobEnded",
                "tosouss", data->id, job->path, data->operation, data->collection_path, data->value,
                data->error_name, data->error_message);
        if (r < 0)
                CR_LOG_WARNING("JobEnded can't be sent: %s", g_strerror(-r));
        cr_job_waits_answer(jobs->waits, data);
        sweep_and_arm(jobs);
}

void cr_job_end(CrJob *job, const GError *error, GVariant *result)
{
        CrJobData *data = &job->data;

        job->task = NULL;
        cr_job_data_end(data, error, result, g_get_real_time());
        cr_log(G_LOG_LEVEL_MESSAGE, data->operation, data->collection_path, data->id, "%s of %s: %s",
                data->operation, data->collection_path, error ? data->error_message : "completed");
        cr_job_save(job, on_end_saved, job);
}

CrJob *cr_jobs_find(CrJobs *jobs, guint64 id)
{
        gint64 key = (gint64)id;

        return g_hash_table_lookup(jobs->by_id, &key);
}

CrJob *cr_jobs_find_path(CrJobs *jobs, const char *path)
{
        CrObject *object = cr_objects_find(jobs->service->objects, path);
        g_autoptr(GVariant) id = NULL;

        if (!object || object->interface != &cr_job_interface)
                return NULL;
        id = cr_object_get(object, "Id");
        return cr_jobs_find(jobs, g_variant_get_uint64(id));
}

guint64 cr_job_id(const CrJob *job)
{
        return job->data.id;
}

const char *cr_job_path(const CrJob *job)
{
        return job->path;
}

const CrId *cr_job_collection(const CrJob *job)
{
        return &job->data.collection;
}

uid_t cr_job_owner(const CrJob *job)
{
        return job->data.owner;
}

const CrJobData *cr_job_data(const CrJob *job)
{
        return &job->data;
}

CrTask *cr_job_task(const CrJob *job)
{
        return job->task;
}

void cr_job_wait(CrJob *job, CrCall *call)
{
        /* Between the end and its saving the job has not ended for anybody yet. */
        g_autoptr(GVariant) ended = cr_object_get(job->object, "EndTime");

        if (g_variant_get_uint64(ended) != 0)
                cr_job_waits_reply(call, &job->data);
        else
                cr_job_waits_add(job->jobs->waits, call, job->data.id);
}
