/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One task from its start to its end; private to tasks.c and its siblings. */
#pragma once

#include "service/collections.h"
#include "service/jobs.h"
#include "service/methods.h"
#include "service/tasks.h"
#include "service/worker_process.h"

struct CrTask {
        CrService *service;
        const CrMethod *method;
        CrId collection;   /* none: it makes a new one */
        gboolean holds;    /* the collection */
        CrRoom room;       /* reserved until it ends */
        guint collections; /* likewise */
        GVariant *request; /* a{sv} */
        GPtrArray *calls;  /* CrCall, owned: those to answer */
        CrWorkerProcess *worker;
        CrJob *job; /* NULL: none */
        sd_event_source *deadline;

        gboolean ready, done; /* what the worker said */
        gboolean final;
        GVariant *reply, *result;
        GError *failure; /* that it told */

        gboolean saving;           /* the job's row is on its way to the store */
        gboolean shown;            /* the job is */
        gboolean has_slot, queued; /* of those that work at once */
        gboolean cancelled, timed_out;
        gboolean worker_ended;
        GError *error; /* how it ended; NULL: well */

        CrTask *successor;     /* that this makes room for: a failover, say, when this receives */
        CrDeparture *sender;   /* of a receive that is not sealed */
        GPtrArray *abandoners; /* CrCall, owned */
};

/* ---- tasks.c ---- */
/* Takes a slot, or queues for one; tells the worker to begin when it has it. */
void cr_tasks_admit(CrTasks *tasks, CrTask *task);
/* Gives back all that it holds; then the next may begin. */
void cr_tasks_release(CrTasks *tasks, CrTask *task);

/* ---- task.c ---- */
CrTask *cr_task_new(CrCall *call);
void cr_task_free(CrTask *task);
void cr_task_add_call(CrTask *task, CrCall *call);
/* Starts its worker; an error is answered and ends it. */
void cr_task_run(CrTask *task);
/* Says GO. */
void cr_task_go(CrTask *task);
/* Each is answered once and forgotten. */
void cr_task_fail_calls(CrTask *task, const GError *error);
void cr_task_answer_calls(CrTask *task);
/* Ends it for its successor, which is set. */
void cr_task_preempt(CrTask *task);

/* ---- task_end.c ---- */
/* Its worker has ended, or never started: task->error says how. Frees it some time later. */
void cr_task_settle(CrTask *task);
