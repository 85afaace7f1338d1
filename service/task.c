/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/task.h"

#include "core/worker_protocol.h"
#include "service/log.h"
#include "service/service.h"

/* Every method answers within this, dialogs apart; the worker's own deadlines are shorter. Source: the
 * contract. */
#define ANSWER_USEC (UINT64_C(15) * G_USEC_PER_SEC)

CrTask *cr_task_new(CrCall *call)
{
        CrTask *task = g_new0(CrTask, 1);

        task->service = call->service;
        task->method = call->method;
        task->calls = g_ptr_array_new();
        task->abandoners = g_ptr_array_new();
        return task;
}

static void drop_calls(GPtrArray *calls)
{
        for (guint i = 0; i < calls->len; i++)
                cr_call_drop(calls->pdata[i]);
        g_ptr_array_unref(calls);
}

void cr_task_free(CrTask *task)
{
        if (task->job && !task->shown)
                cr_job_withdraw(task->job);
        sd_event_source_disable_unref(task->deadline);
        cr_departure_free(task->sender);
        drop_calls(task->calls);
        drop_calls(task->abandoners);
        g_clear_pointer(&task->request, g_variant_unref);
        g_clear_pointer(&task->reply, g_variant_unref);
        g_clear_pointer(&task->result, g_variant_unref);
        g_clear_error(&task->failure);
        g_clear_error(&task->error);
        g_free(task);
}

void cr_task_fail_calls(CrTask *task, const GError *error)
{
        for (guint i = 0; i < task->calls->len; i++)
                cr_call_fail(task->calls->pdata[i], error);
        g_ptr_array_set_size(task->calls, 0);
}

/* Nobody wants the answer any more: what only checks, or only reads, is ended; what changes something is
 * carried out. */
static void on_caller_left(void *userdata)
{
        CrCall *call = userdata;
        CrTask *task = call->task;

        g_ptr_array_remove(task->calls, call);
        cr_call_drop(call);
        if (task->calls->len == 0 && task->method->mode != CR_MODE_CALL && task->worker)
                cr_worker_process_kill(task->worker);
}

void cr_task_add_call(CrTask *task, CrCall *call)
{
        call->task = task;
        if (!cr_call_is_own(call))
                call->departure = cr_departure_watch(task->service->departures,
                        sd_bus_message_get_sender(call->message), on_caller_left, call);
        g_ptr_array_add(task->calls, call);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
        CrTask *task = userdata;
        g_autoptr(GError) error =
                g_error_new(CR_ERROR, CR_ERROR_TIMEOUT, "%s had no answer within 15 s", task->method->member);

        task->timed_out = TRUE;
        cr_task_fail_calls(task, error);
        if (task->worker)
                cr_worker_process_kill(task->worker);
        return 0;
}

static GVariant *whole_request(const CrTask *task)
{
        const CrServiceOptions *options = task->service->options;
        const CrCall *call = task->calls->len > 0 ? task->calls->pdata[0] : NULL;
        g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(task->request);

        g_variant_dict_insert(&dict, CR_REQUEST_OPERATION, "s", cr_operation_word(task->method->operation));
        g_variant_dict_insert(&dict, CR_REQUEST_COLLECTION, "s", task->collection.text);
        g_variant_dict_insert(&dict, CR_REQUEST_JOB, "t", task->job ? cr_job_id(task->job) : (guint64)0);
        g_variant_dict_insert(&dict, CR_REQUEST_OWNER, "u", call ? (guint32)call->uid : 0U);
        g_variant_dict_insert(&dict, CR_REQUEST_CONFIG, "s", task->service->config->text);
        g_variant_dict_insert(&dict, CR_REQUEST_STATE_DIRECTORY, "s", options->state_directory);
        g_variant_dict_insert(&dict, CR_REQUEST_RUNTIME_DIRECTORY, "s", options->runtime_directory);
        return g_variant_dict_end(&dict);
}

static void answer_one(CrTask *task, CrCall *call)
{
        const CrOutcome outcome = {
                task->shown ? cr_job_path(task->job) : "/",
                task->reply,
                task->result,
        };
        g_autoptr(GError) error = NULL;
        GVariant *body = task->method->answer(call, &outcome, &error);

        if (body)
                cr_call_reply(call, body);
        else
                cr_call_fail(call, error);
}

void cr_task_answer_calls(CrTask *task)
{
        for (guint i = 0; i < task->calls->len; i++)
                answer_one(task, task->calls->pdata[i]);
        g_ptr_array_set_size(task->calls, 0);
}

/* ---- the job ---- */

void cr_task_go(CrTask *task)
{
        g_autoptr(GError) error = NULL;

        /* A worker that is gone meanwhile tells so by its end. */
        if (task->worker && !cr_worker_process_send(task->worker, CR_MESSAGE_GO, NULL, &error))
                cr_worker_process_kill(task->worker);
}

static void on_sender_left(void *userdata)
{
        cr_task_cancel(userdata);
}

static void show_job(CrTask *task)
{
        CrCall *call = task->calls->pdata[0];

        task->shown = TRUE;
        cr_job_show(task->job);
        if (task->method->operation == CR_OP_RECEIVE || task->method->operation == CR_OP_SEED)
                task->sender = cr_departure_watch(task->service->departures,
                        sd_bus_message_get_sender(call->message), on_sender_left, task);
        cr_task_answer_calls(task);
        cr_collections_show_job(task->service->collections, &task->collection);
}

static void on_job_saved(const GError *error, void *userdata)
{
        CrTask *task = userdata;

        task->saving = FALSE;
        task->deadline = sd_event_source_disable_unref(task->deadline);
        if (error)
                cr_task_fail_calls(task, error);
        if (task->calls->len > 0 && !task->service->stopping)
                show_job(task);
        else if (task->worker)
                cr_worker_process_kill(task->worker);
        if (task->worker_ended)
                cr_task_settle(task);
        else if (task->shown)
                cr_tasks_admit(task->service->tasks, task);
}

/* ---- the worker ---- */

static void take_texts(CrTask *task, const CrNotification *notification)
{
        if (notification->bus_error || notification->status) {
                g_clear_error(&task->failure);
                task->failure = g_error_new_literal(CR_ERROR,
                        notification->bus_error ? (gint)cr_error_from_bus_name(notification->bus_error)
                                                : CR_ERROR_FAILED,
                        notification->status ? notification->status : "the worker did not say why");
        }
        if (notification->result) {
                g_clear_pointer(&task->result, g_variant_unref);
                task->result = g_variant_ref(notification->result);
        }
}

static void on_ready(CrTask *task, const CrNotification *notification)
{
        task->ready = TRUE;
        task->done = notification->done;
        if (notification->reply)
                task->reply = g_variant_ref(notification->reply);
        /* What is done already makes no job; a call was told to go at once. */
        if (task->done || !task->job)
                return;
        task->saving = TRUE;
        cr_job_save(task->job, on_job_saved, task);
}

static void take_progress(CrTask *task, const CrNotification *notification)
{
        if (notification->phase)
                cr_job_set_phase(task->job, notification->phase);
        if (notification->has_progress)
                cr_job_set_progress(task->job, notification->bytes_done, notification->bytes_total);
        if (notification->has_final)
                cr_job_set_final(task->job, notification->final);
}

static void on_notified(const CrNotification *notification, void *userdata)
{
        CrTask *task = userdata;

        take_texts(task, notification);
        if (notification->has_final)
                task->final = notification->final;
        if (task->job)
                take_progress(task, notification);
        if (notification->changed && !cr_id_is_none(&task->collection))
                cr_collections_refresh(task->service->collections, &task->collection);
        if (notification->ready && !task->ready)
                on_ready(task, notification);
}

/* NULL: well. */
static GError *error_of_end(const CrTask *task, int code, int status)
{
        if (code == CLD_EXITED && status == 0)
                return NULL;
        if (task->successor)
                return g_error_new(CR_ERROR, CR_ERROR_CANCELLED, "%s was ended by %s", task->method->member,
                        task->successor->method->member);
        if (task->timed_out)
                return g_error_new(
                        CR_ERROR, CR_ERROR_TIMEOUT, "%s had no answer within 15 s", task->method->member);
        if (task->cancelled)
                return g_error_new(CR_ERROR, CR_ERROR_CANCELLED, "%s was cancelled", task->method->member);
        if (code == CLD_EXITED && task->failure)
                return g_error_copy(task->failure);
        if (code == CLD_EXITED)
                return g_error_new(CR_ERROR, CR_ERROR_FAILED, "the worker of %s ended with status %d",
                        task->method->member, status);
        return g_error_new(CR_ERROR, CR_ERROR_FAILED, "the worker of %s was killed by signal %d (%s)",
                task->method->member, status, g_strsignal(status));
}

static void on_ended(int code, int status, void *userdata)
{
        CrTask *task = userdata;

        task->worker = NULL;
        task->worker_ended = TRUE;
        task->error = error_of_end(task, code, status);
        /* The end of a job comes after its beginning. */
        if (!task->saving)
                cr_task_settle(task);
}

static const CrWorkerEvents worker_events = {on_notified, on_ended};

static gboolean make_job(CrTask *task, GError **error)
{
        const CrCall *call = task->calls->pdata[0];
        const CrShown *shown = cr_collections_find(task->service->collections, &task->collection);

        if (task->method->mode != CR_MODE_JOB)
                return TRUE;
        task->job = cr_job_new(task->service->jobs, task->method->operation, &task->collection,
                shown ? shown->object->path : "/", call->uid, task, error);
        if (task->job)
                cr_job_set_scheduled(task->job, cr_call_is_own(call));
        return task->job != NULL;
}

static gboolean start(CrTask *task, GError **error)
{
        int r;

        if (!make_job(task, error))
                return FALSE;
        r = sd_event_add_time_relative(
                task->service->event, &task->deadline, CLOCK_MONOTONIC, ANSWER_USEC, 0, on_deadline, task);
        if (r < 0)
                return cr_error_set_errno(error, -r, "sd_event_add_time");
        task->worker = cr_worker_process_start(
                task->service->workers, whole_request(task), &worker_events, task, error);
        if (!task->worker)
                return FALSE;
        if (!task->job)
                cr_task_go(task);
        return TRUE;
}

void cr_task_run(CrTask *task)
{
        if (task->calls->len > 0 && start(task, &task->error))
                return;
        if (!task->error)
                task->error = g_error_new(CR_ERROR, CR_ERROR_CANCELLED, "the caller has left");
        task->worker_ended = TRUE;
        cr_task_settle(task);
}

gboolean cr_task_cancel(CrTask *task)
{
        if (task->worker_ended || (task->final && !task->cancelled))
                return task->cancelled;
        task->cancelled = TRUE;
        cr_worker_process_cancel(task->worker);
        return TRUE;
}

/* A failover waits for nobody. Others let what can't be undone come to its end: a cut that is killed is no
 * point. */
void cr_task_preempt(CrTask *task)
{
        if (!task->worker)
                return;
        if (task->successor->method->operation == CR_OP_FAILOVER)
                cr_worker_process_kill(task->worker);
        else
                cr_worker_process_cancel(task->worker);
}

gboolean cr_task_seal(CrTask *task, GVariant *digests, guint64 bytes, GError **error)
{
        g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(NULL);
        g_autoptr(GVariant) more = NULL;

        g_variant_dict_insert_value(&dict, "Digests", digests);
        g_variant_dict_insert(&dict, "Bytes", "t", bytes);
        more = g_variant_ref_sink(g_variant_dict_end(&dict));
        task->sender = cr_departure_free(task->sender);
        return cr_worker_process_send(task->worker, CR_MESSAGE_SEAL, more, error);
}

void cr_task_abandon(CrTask *task, CrCall *call)
{
        g_ptr_array_add(task->abandoners, call);
        cr_task_cancel(task);
}
