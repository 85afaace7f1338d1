/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One job: its row in the store, its object on the bus, its signals. */
#include "service/interfaces.h"
#include "service/jobs_private.h"
#include "service/log.h"
#include "service/names.h"
#include "service/object_path.h"
#include "service/service.h"

#define PROGRESS_USEC 100000 /* between two signals of one job; source: the contract */

void cr_job_free(CrJob *job)
{
        sd_event_source_disable_unref(job->progress_timer);
        cr_job_data_clear(&job->data);
        g_free(job->path);
        g_free(job);
}

CrJob *cr_job_alloc(CrJobs *jobs)
{
        CrJob *job = g_new0(CrJob, 1);

        job->jobs = jobs;
        return job;
}

void cr_job_add_object(CrJob *job)
{
        job->object = cr_objects_add(
                job->jobs->service->objects, job->path, &cr_job_interface, cr_job_data_values(&job->data));
        g_hash_table_insert(job->jobs->by_id, &job->data.id, job);
}

/* ---- its row ---- */

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

void cr_job_delete_row(CrJob *job)
{
        Deletion *deletion = g_new0(Deletion, 1);

        deletion->id = job->data.id;
        cr_store_thread_submit(job->jobs->service->store, delete_work, delete_done, deletion);
}

/* ---- its life ---- */

CrJob *cr_job_new(CrJobs *jobs, CrOperation operation, const CrId *collection, const char *collection_path,
        uid_t owner, CrTask *task, GError **error)
{
        guint64 id = cr_job_ids_next(&jobs->ids, error);
        CrJob *job;

        if (id == 0)
                return NULL;
        job = cr_job_alloc(jobs);
        job->task = task;
        job->path = cr_object_path_job(id);
        cr_job_data_init(&job->data, id, cr_operation_word(operation), collection, collection_path, owner,
                g_get_real_time());
        return job;
}

void cr_job_withdraw(CrJob *job)
{
        if (job->has_row)
                cr_job_delete_row(job);
        cr_job_free(job);
}

void cr_job_show(CrJob *job)
{
        const CrJobData *data = &job->data;
        int r;

        cr_job_add_object(job);
        r = sd_bus_emit_signal(job->jobs->service->bus, CR_MANAGER_PATH, CR_MANAGER_INTERFACE, "JobNew",
                "toso", data->id, job->path, data->operation, data->collection_path);
        if (r < 0)
                CR_LOG_WARNING("JobNew can't be sent: %s", g_strerror(-r));
        cr_log(G_LOG_LEVEL_MESSAGE, data->operation, data->collection_path, data->id,
                data->scheduled ? "%s of %s started by the schedule" : "%s of %s started by uid %u",
                data->operation, data->collection_path, data->owner);
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

void cr_job_set_scheduled(CrJob *job, gboolean scheduled)
{
        job->data.scheduled = scheduled;
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

        job->is_over = TRUE;
        show_change(job);
        r = sd_bus_emit_signal(jobs->service->bus, CR_MANAGER_PATH, CR_MANAGER_INTERFACE, "JobEnded",
                "tosouss", data->id, job->path, data->operation, data->collection_path, data->value,
                data->error_name, data->error_message);
        if (r < 0)
                CR_LOG_WARNING("JobEnded can't be sent: %s", g_strerror(-r));
        cr_job_waits_answer(jobs->waits, data);
        cr_jobs_sweep(jobs);
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
        if (job->is_over)
                cr_job_waits_reply(call, &job->data);
        else
                cr_job_waits_add(job->jobs->waits, call, job->data.id);
}
