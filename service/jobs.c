/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/jobs.h"

#include "service/interfaces.h"
#include "service/jobs_private.h"
#include "service/object_path.h"
#include "service/service.h"

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
                if (((CrJob *)value)->is_over)
                        g_ptr_array_add(ended, value);
        g_ptr_array_sort(ended, compare_newest_first);
        return ended;
}

static void forget(CrJob *job)
{
        cr_job_delete_row(job);
        cr_objects_remove(job->jobs->service->objects, job->object);
        g_hash_table_remove(job->jobs->by_id, &job->data.id);
}

/* One more of @key, which belongs to the table's keys; returns how many there were. */
static guint count_one(GHashTable *table, gconstpointer key)
{
        guint n = GPOINTER_TO_UINT(g_hash_table_lookup(table, key));

        g_hash_table_insert(table, (gpointer)key, GUINT_TO_POINTER(n + 1));
        return n;
}

/* Forgets what is due; returns when the next will be, or G_MAXINT64. */
static gint64 sweep(CrJobs *jobs, gint64 now)
{
        g_autoptr(GPtrArray) ended = list_ended(jobs);
        g_autoptr(GHashTable) of_owner = g_hash_table_new(NULL, NULL);
        g_autoptr(GHashTable) of_collection =
                g_hash_table_new_full(cr_id_hash, cr_id_hash_equal, g_free, NULL);
        gint64 next = G_MAXINT64;

        for (guint i = 0; i < ended->len; i++) {
                CrJob *job = ended->pdata[i];
                guint newer = job->data.scheduled ? count_one(of_collection,
                                                            g_memdup2(&job->data.collection, sizeof(CrId)))
                                                  : count_one(of_owner, GUINT_TO_POINTER(job->data.owner));
                gint64 expires = cr_job_data_expires(&job->data, newer);

                if (expires <= now)
                        forget(job);
                else
                        next = MIN(next, expires);
        }
        return next;
}

void cr_jobs_sweep(CrJobs *jobs)
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
        cr_jobs_sweep(userdata);
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
        CrJob *job = cr_job_alloc(jobs);
        gint64 id;

        cr_job_data_from_record(&job->data, record);
        job->path = cr_object_path_job(record->id);
        cr_job_add_object(job);
        id = (gint64)job->data.id;
        job->is_over = TRUE;
        if (cr_job_data_has_ended(&job->data))
                return TRUE;
        job->is_over = !g_hash_table_contains(intents, &id);
        if (!job->is_over)
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
        jobs->by_id = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)cr_job_free);
        jobs->waits = cr_job_waits_new();
        r = sd_event_add_time_relative(
                service->event, &jobs->expiry, CLOCK_MONOTONIC, 0, G_USEC_PER_SEC, on_expiry, jobs);
        if (r >= 0)
                r = sd_event_source_set_enabled(jobs->expiry, SD_EVENT_OFF);
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

CrJob *cr_jobs_find(CrJobs *jobs, guint64 id)
{
        gint64 key = (gint64)id;

        return g_hash_table_lookup(jobs->by_id, &key);
}

CrJob *cr_jobs_find_unended(CrJobs *jobs, const CrId *collection)
{
        GHashTableIter iter;
        gpointer value;

        g_hash_table_iter_init(&iter, jobs->by_id);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                CrJob *job = value;

                if (!cr_job_data_has_ended(&job->data) && cr_id_equal(&job->data.collection, collection))
                        return job;
        }
        return NULL;
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
