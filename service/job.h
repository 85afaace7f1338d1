/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One job: what is known of it, how it is shown and kept. Plain data and pure functions; jobs.h runs them. */
#pragma once

#include "core/error.h"
#include "core/store.h"
#include "service/progress.h"
#include "service/types.h"

typedef enum CrJobState {
        CR_JOB_QUEUED,
        CR_JOB_RUNNING,
        CR_JOB_COMPLETED,
        CR_JOB_CANCELLED,
        CR_JOB_FAILED,
} CrJobState;

typedef struct CrJobData {
        guint64 id;
        char *operation;
        CrId collection;
        char *collection_path;
        guint32 owner;
        gboolean scheduled; /* the service started it by itself */
        CrJobState state;
        gint64 started, ended; /* microseconds since the epoch; 0: not ended */
        char *phase;
        CrProgress progress;
        gboolean final;                   /* the work can no longer be undone */
        guint32 value;                    /* 4096 until the end */
        char *error_name, *error_message; /* "" until it failed */
        GVariant *result;                 /* a{sv}, sunk */
} CrJobData;

void cr_job_data_init(CrJobData *job, guint64 id, const char *operation, const CrId *collection,
        const char *collection_path, guint32 owner, gint64 now);
void cr_job_data_clear(CrJobData *job);

gboolean cr_job_data_has_ended(const CrJobData *job);
/* Ends it: completed without @error, cancelled with CR_ERROR_CANCELLED, else failed. @result (NULL: none)
 * gets the duration added. */
void cr_job_data_end(CrJobData *job, const GError *error, GVariant *result, gint64 now);

/* The values of the Job interface's properties, in the vtable's order; floating. */
GVariant *cr_job_data_values(const CrJobData *job);

/* To and from the store. A row that makes no sense is a failed job. */
CrJobRecord *cr_job_data_to_record(const CrJobData *job);
void cr_job_data_from_record(CrJobData *job, const CrJobRecord *record);

/* How long an ended job stays: 15 min for the newest 64 of an owner, 60 s for others. Scheduled jobs are kept
 * apart: 15 min for the last of each collection. Source: the contract. */
#define CR_JOB_KEPT_USEC (15 * 60 * G_USEC_PER_SEC)
#define CR_JOB_KEPT_AT_LEAST_USEC (60 * G_USEC_PER_SEC)
#define CR_JOB_KEPT_PER_OWNER 64U

/* Until when the ended job stays, if @newer ones ended after it: of its owner, or scheduled ones of its
 * collection if it is scheduled. */
gint64 cr_job_data_expires(const CrJobData *job, guint newer);
