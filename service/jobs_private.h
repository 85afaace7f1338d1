/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What jobs.c (all of them) and job_object.c (each of them) share. */
#pragma once

#include "service/job_ids.h"
#include "service/job_waits.h"
#include "service/jobs.h"

#include <systemd/sd-event.h>

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
        gboolean is_over; /* its end was told */
        sd_event_source *progress_timer;
        gint64 progress_shown; /* monotonic */
};

CrJob *cr_job_alloc(CrJobs *jobs);
void cr_job_free(CrJob *job);
/* Its object is there from now on. */
void cr_job_add_object(CrJob *job);
void cr_job_delete_row(CrJob *job);
