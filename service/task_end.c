/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/task.h"

#include "service/log.h"
#include "service/peer_methods.h"
#include "service/service.h"

/* What the store knows after a task's end. */
typedef struct Settlement {
        CrTask *task;
        CrId collection;
        gboolean failed;
        CrCollection *loaded, *test; /* the collection, and its test copy */
        GArray *unfinished;          /* CrId: what recovery has to look at */
        gboolean has_intent;         /* of this very job */
        guint64 job;
        GError *error;
} Settlement;

static void look_for_intent(CrStore *store, Settlement *settlement)
{
        g_autoptr(CrPlan) intent =
                cr_id_is_none(&settlement->collection)
                        ? NULL
                        : cr_store_intent(store, &settlement->collection, &settlement->error);

        settlement->has_intent = intent && settlement->job != 0 && intent->job == settlement->job;
        if (!settlement->error)
                settlement->unfinished = cr_store_unfinished(store, &settlement->error);
}

static void settle_work(CrStore *store, gpointer data)
{
        Settlement *settlement = data;

        if (!cr_id_is_none(&settlement->collection))
                settlement->loaded = cr_collections_load(store, &settlement->collection, &settlement->error);
        if (!settlement->error)
                settlement->test = cr_collections_load_test(store, settlement->loaded, &settlement->error);
        if (settlement->failed && !settlement->error)
                look_for_intent(store, settlement);
}

static void settlement_free(Settlement *settlement)
{
        g_clear_pointer(&settlement->loaded, cr_collection_free);
        g_clear_pointer(&settlement->test, cr_collection_free);
        g_clear_pointer(&settlement->unfinished, g_array_unref);
        g_clear_error(&settlement->error);
        g_free(settlement);
}

/* Returns whether the job's work goes on in a recovery. */
static gboolean hand_to_recovery(const Settlement *settlement)
{
        CrService *service = settlement->task->service;
        gboolean adopted = FALSE;

        for (guint i = 0; settlement->unfinished && i < settlement->unfinished->len; i++) {
                const CrId *id = &g_array_index(settlement->unfinished, CrId, i);

                if (!cr_id_equal(&settlement->collection, id))
                        continue;
                cr_recovery_add(service->recovery, id);
                adopted |= settlement->has_intent;
        }
        return adopted;
}

static void end_job(CrTask *task, gboolean adopted)
{
        if (!task->shown)
                return;
        if (adopted)
                cr_job_set_recovering(task->job);
        else if (!task->error || !task->service->stopping)
                cr_job_end(task->job, task->error, task->result);
        /* Else the next process finds the row as it is, and what became of the work. */
}

static void answer(CrTask *task)
{
        if (!task->error && task->job && !task->done)
                task->error = g_error_new(CR_ERROR, CR_ERROR_FAILED, "the worker of %s ended before it began",
                        task->method->member);
        if (task->error)
                cr_task_fail_calls(task, task->error);
        else
                cr_task_answer_calls(task);
}

static void answer_abandoners(CrTask *task)
{
        for (guint i = 0; i < task->abandoners->len; i++)
                cr_answer_abandoned(task->abandoners->pdata[i]);
        g_ptr_array_set_size(task->abandoners, 0);
}

static void settle_done(gpointer data)
{
        Settlement *settlement = data;
        CrTask *task = settlement->task, *successor = task->successor;
        CrService *service = task->service;
        gboolean adopted;

        cr_tasks_release(service->tasks, task);
        /* The successor abandons what a receive left behind. */
        adopted = !successor && !service->stopping && hand_to_recovery(settlement);
        /* Before the collection is shown: its health is told from what was counted. */
        if (task->shown && !adopted && !service->stopping)
                cr_counts_job(service->counts, cr_job_data(task->job), task->error, task->result);
        if (settlement->error)
                cr_log(G_LOG_LEVEL_WARNING, task->method->member, settlement->collection.text, 0,
                        "The store can't be read: %s", settlement->error->message);
        else if (!cr_id_is_none(&settlement->collection))
                cr_collections_show_both(
                        service->collections, &settlement->collection, settlement->loaded, settlement->test);
        if (task->calls->len > 0)
                answer(task);
        end_job(task, adopted);
        answer_abandoners(task);
        cr_schedule_released(service->schedule, &settlement->collection);
        settlement_free(settlement);
        cr_task_free(task);
        if (successor)
                cr_task_run(successor);
}

void cr_task_settle(CrTask *task)
{
        Settlement *settlement = g_new0(Settlement, 1);

        settlement->task = task;
        settlement->collection = task->collection;
        /* What only reads leaves nothing; what is unfinished then is at work. */
        settlement->failed = task->error && task->holds;
        settlement->job = task->job ? cr_job_id(task->job) : 0;
        cr_store_thread_submit(task->service->store, settle_work, settle_done, settlement);
}
