/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A worker's surroundings: its request, the site's store and configuration, the collection's lock, and its
 * talk with the daemon (core/worker_protocol.h). An operation is one plain function from top to bottom.
 */
#pragma once

#include "core/config_file.h"
#include "core/engine.h"
#include "core/error.h"
#include "core/store.h"
#include "core/worker_protocol.h"

typedef struct CrWorker {
        GVariantDict request;
        CrOperation operation;
        guint64 job;
        guint32 owner;
        CrConfig *config;
        CrStore *store;
        char *runtime_directory; /* where sockets are made */
        int lock;                /* the collection's; -1: this operation needs none */
        gint64 deadline;         /* monotonic microseconds: when the checks before READY=1 must be over */
        gboolean is_ready;       /* READY=1 was said: failures are the job's, no longer the method's */
} CrWorker;

/* The operation's function: TRUE, or an error of CR_ERROR for the caller. */
typedef gboolean (*CrWorkerFunc)(CrWorker *worker, GError **error);

/* Takes the collection's lock, to be held until the worker's end. InUse when another worker has it. */
gboolean cr_worker_lock(CrWorker *worker, const CrId *collection, GError **error);

/* Loads the request's collection, lock in hand, and checks that the operation is allowed in its state. */
CrCollection *cr_worker_load(CrWorker *worker, GError **error);
/* The engine of a collection. */
const CrEngine *cr_worker_engine(const CrCollection *collection, GError **error);

/* Request arguments; InvalidParameter or IncorrectDataType when missing or malformed. */
gboolean cr_worker_get_id(CrWorker *worker, const char *key, gboolean may_be_none, CrId *ret, GError **error);
GVariant *cr_worker_get(
        CrWorker *worker, const char *key, const char *type, GError **error); /* new reference */
/* InvalidParameter, naming it, for any key of the request's Options. */
gboolean cr_worker_refuse_options(CrWorker *worker, GError **error);

/* The folder of the sockets that the job's owner may open: below the runtime directory, made when it is
 * missing. */
char *cr_worker_transfer_directory(CrWorker *worker, GError **error);
/* Lets the job's owner, an account of the other site perhaps, and root open the socket @path, and nobody
 * else. */
gboolean cr_worker_give_to_owner(CrWorker *worker, const char *path, GError **error);

/* Milliseconds left until the deadline of the checks, or a fixed 30 s once ready. Never 0. */
guint cr_worker_time_left(const CrWorker *worker);

/* Says READY=1 (@reply: floating a{sv} or NULL) and waits for GO. The caller has its job's path from then on.
 * An error: the daemon wants no job. */
gboolean cr_worker_ready(CrWorker *worker, GVariant *reply, GError **error);
/* Says that there is nothing to do: the method answers the null path. */
void cr_worker_done(CrWorker *worker);
/* Waits for the next message of the daemon, any length of time. NULL: the daemon is gone. A dictionary with
 * CR_MESSAGE. */
GVariant *cr_worker_receive(GError **error);

void cr_worker_phase(const char *phase);
void cr_worker_progress(guint64 done, guint64 total);
/* TRUE: from here on the work can't be undone, SIGTERM is left to wait; FALSE: cancellable again. */
void cr_worker_final(gboolean final);
/* The collection was saved: the daemon shows it again. */
void cr_worker_changed(void);
void cr_worker_result(GVariant *result); /* floating a{sv} */

/* Runs @plan through the redo log with the job's ids in it, as the final part of the work; then the daemon
 * shows the result. */
gboolean cr_worker_run_plan(CrWorker *worker, const CrEngine *engine, CrPlan *plan, GError **error);
/* The same for a plan after which the job is not done: when a recovery has to carry it out, the job has
 * failed all the same. */
gboolean cr_worker_run_part(CrWorker *worker, const CrEngine *engine, CrPlan *plan, GError **error);
