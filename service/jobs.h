/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All jobs that the bus shows: their rows in the store, their objects and signals, and who waits for them. */
#pragma once

#include "service/job.h"
#include "service/method_call.h"
#include "service/objects.h"

typedef struct CrJobs CrJobs;

/* Reserves ids and loads the rows; to be called before the store has its thread. Jobs that a former process
 * left running are failed, unless @intents (job ids as gint64 keys, of the operations that recovery will
 * carry out) has theirs. NULL on an error. */
CrJobs *cr_jobs_new(CrService *service, CrStore *store, GHashTable *intents, GError **error);
CrJobs *cr_jobs_free(CrJobs *jobs);
/* Forgets the jobs whose time has come, and arms the timer for the next; called once the store has its
 * thread. */
void cr_jobs_sweep(CrJobs *jobs);

/* A new job that nobody sees yet. NULL with OutOfMemory while no id is reserved. @task: who works on it. */
CrJob *cr_job_new(CrJobs *jobs, CrOperation operation, const CrId *collection, const char *collection_path,
        uid_t owner, CrTask *task, GError **error);
/* Before it was shown: it will never have been. */
void cr_job_withdraw(CrJob *job);

/* Saves its row and then calls @saved in the main loop, with an error or NULL. */
void cr_job_save(CrJob *job, void (*saved)(const GError *error, void *userdata), void *userdata);
/* InterfacesAdded and JobNew. */
void cr_job_show(CrJob *job);

/* Before it is saved: whether the service started it by itself. */
void cr_job_set_scheduled(CrJob *job, gboolean scheduled);
void cr_job_set_queued(CrJob *job, gboolean queued);
void cr_job_set_final(CrJob *job, gboolean final);
/* At most every 100 ms on the bus. @phase may be NULL: as before. */
void cr_job_set_phase(CrJob *job, const char *phase);
void cr_job_set_progress(CrJob *job, guint64 done, guint64 total);
/* Its task has ended, its work goes on: recovery carries it out. */
void cr_job_set_recovering(CrJob *job);

/* The row is saved first, then it is shown and signalled, and whoever waits is answered. */
void cr_job_end(CrJob *job, const GError *error, GVariant *result);

CrJob *cr_jobs_find(CrJobs *jobs, guint64 id);
/* The job of @collection that has not ended, or NULL. */
CrJob *cr_jobs_find_unended(CrJobs *jobs, const CrId *collection);
CrJob *cr_jobs_find_path(CrJobs *jobs, const char *path);
guint64 cr_job_id(const CrJob *job);
const char *cr_job_path(const CrJob *job);
const CrId *cr_job_collection(const CrJob *job);
uid_t cr_job_owner(const CrJob *job);
const CrJobData *cr_job_data(const CrJob *job);
CrTask *cr_job_task(const CrJob *job); /* NULL: none works on it */

/* Answers @call when the job has ended; OutOfMemory when the caller waits too often already. */
void cr_job_wait(CrJob *job, CrCall *call);
