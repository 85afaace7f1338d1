/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which worker works for which calls: who holds which collection, whose turn it is, what is answered when.
 * One task that changes a collection at a time; tasks that only read run beside it.
 */
#pragma once

#include "core/state.h"
#include "service/method_call.h"

typedef struct CrTasks CrTasks;

CrTasks *cr_tasks_new(CrService *service);
CrTasks *cr_tasks_free(CrTasks *tasks);
/* Tells all workers to end. */
void cr_tasks_stop(CrTasks *tasks);
void cr_tasks_kill(CrTasks *tasks);

/* Takes the call over: its objects are there and its caller is authorized. */
void cr_tasks_start(CrCall *call);

/* What would have @method, on the collection that @call is about, refused before it gets a worker: GErrors.
 */
GPtrArray *cr_tasks_obstacles(CrTasks *tasks, const CrCall *call, const CrMethod *method);

/* Path of the job that holds the collection, or NULL. */
const char *cr_tasks_current_job(CrTasks *tasks, const CrId *collection);
/* The operation that holds the collection. FALSE: none does. */
gboolean cr_tasks_holder(CrTasks *tasks, const CrId *collection, CrOperation *ret);

/* The other site has taken over: ends what sends to it. FALSE: nothing does. */
gboolean cr_tasks_end_send(CrTasks *tasks, const CrId *collection);

/* The running receive of this transfer, or NULL. */
CrTask *cr_tasks_find_receive(CrTasks *tasks, const CrId *collection, const char *transfer);
/* Hands it the digests; the sender may leave from now on. */
gboolean cr_task_seal(CrTask *task, GVariant *digests, guint64 bytes, GError **error);
/* Cancels it, and answers @call with nothing when it has ended. */
void cr_task_abandon(CrTask *task, CrCall *call);

/* FALSE when the work can no longer be undone. Idempotent. */
gboolean cr_task_cancel(CrTask *task);
