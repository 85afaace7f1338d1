/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls of Wait() that are not answered yet. */
#pragma once

#include "service/job.h"
#include "service/method_call.h"

#define CR_JOB_WAITS_PER_CALLER 64U /* source: the contract */

typedef struct CrJobWaits CrJobWaits;

CrJobWaits *cr_job_waits_new(void);
CrJobWaits *cr_job_waits_free(CrJobWaits *waits); /* the calls are dropped */

/* Takes @call over until the job ends or the caller leaves. */
void cr_job_waits_add(CrJobWaits *waits, CrCall *call, guint64 job);
/* The job has ended: answers all that wait for it. */
void cr_job_waits_answer(CrJobWaits *waits, const CrJobData *job);
/* Answers one at once. */
void cr_job_waits_reply(CrCall *call, const CrJobData *job);
