/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/tasks.h"

#include <string.h>

#include "service/service.h"
#include "service/task.h"

/* Processes at once, however little they do: those that check, that wait for a slot, that read. */
#define WORKERS_MAX 256U
/* Callers of one preview. */
#define SHARED_MAX 64U

struct CrTasks {
        CrService *service;
        GHashTable *all;     /* a set of CrTask */
        GHashTable *holders; /* collection's id -> CrTask */
        GHashTable *shared;  /* likewise, of previews */
        GQueue queued;       /* CrTask that wait for a slot */
        guint slots_used;
        CrRoom room;
        guint collections; /* that are being made */
};

CrTasks *cr_tasks_new(CrService *service)
{
        CrTasks *tasks = g_new0(CrTasks, 1);

        tasks->service = service;
        tasks->all = g_hash_table_new(NULL, NULL);
        tasks->holders = g_hash_table_new(cr_id_hash, cr_id_hash_equal);
        tasks->shared = g_hash_table_new(cr_id_hash, cr_id_hash_equal);
        return tasks;
}

CrTasks *cr_tasks_free(CrTasks *tasks)
{
        GHashTableIter iter;
        gpointer task;

        if (!tasks)
                return NULL;
        g_hash_table_iter_init(&iter, tasks->all);
        while (g_hash_table_iter_next(&iter, &task, NULL))
                cr_task_free(task);
        g_queue_clear(&tasks->queued);
        g_hash_table_unref(tasks->all);
        g_hash_table_unref(tasks->holders);
        g_hash_table_unref(tasks->shared);
        g_free(tasks);
        return NULL;
}

static void for_each_worker(CrTasks *tasks, void (*function)(CrWorkerProcess *))
{
        GHashTableIter iter;
        gpointer key;

        g_hash_table_iter_init(&iter, tasks->all);
        while (g_hash_table_iter_next(&iter, &key, NULL))
                if (((CrTask *)key)->worker)
                        function(((CrTask *)key)->worker);
}

void cr_tasks_stop(CrTasks *tasks)
{
        for_each_worker(tasks, cr_worker_process_cancel);
}

void cr_tasks_kill(CrTasks *tasks)
{
        for_each_worker(tasks, cr_worker_process_kill);
}

const char *cr_tasks_current_job(CrTasks *tasks, const CrId *collection)
{
        const CrTask *task = g_hash_table_lookup(tasks->holders, collection);

        return task && task->shown ? cr_job_path(task->job) : NULL;
}

gboolean cr_tasks_holder(CrTasks *tasks, const CrId *collection, CrOperation *ret)
{
        const CrTask *task = g_hash_table_lookup(tasks->holders, collection);

        if (task)
                *ret = task->method->operation;
        return task != NULL;
}

static gboolean sends(CrOperation operation)
{
        return operation == CR_OP_START || operation == CR_OP_REPLICATE || operation == CR_OP_RESYNCHRONIZE ||
               operation == CR_OP_REVERSE;
}

gboolean cr_tasks_end_send(CrTasks *tasks, const CrId *collection)
{
        CrTask *task = g_hash_table_lookup(tasks->holders, collection);

        return task && sends(task->method->operation) && task->worker && cr_task_cancel(task);
}

CrTask *cr_tasks_find_receive(CrTasks *tasks, const CrId *collection, const char *transfer)
{
        CrTask *task = g_hash_table_lookup(tasks->holders, collection);
        g_autoptr(GVariant) wanted = NULL;
        const char *own;

        if (!task || task->method->operation != CR_OP_RECEIVE || task->worker_ended)
                return NULL;
        wanted = g_variant_lookup_value(task->request, "Transfer", G_VARIANT_TYPE_VARDICT);
        return g_variant_lookup(wanted, "Transfer", "&s", &own) && strcmp(own, transfer) == 0 ? task : NULL;
}

/* ---- slots ---- */

/* A failover waits for nobody. A receive neither: two sites that send to each other with all their slots
 * would wait for ever. */
static gboolean needs_slot(const CrTask *task)
{
        return task->method->operation != CR_OP_FAILOVER && task->method->operation != CR_OP_RECEIVE &&
               task->method->operation != CR_OP_SEED;
}

static void take_slot(CrTasks *tasks, CrTask *task)
{
        task->has_slot = TRUE;
        tasks->slots_used++;
}

void cr_tasks_admit(CrTasks *tasks, CrTask *task)
{
        if (needs_slot(task) && tasks->slots_used >= tasks->service->config->max_jobs) {
                task->queued = TRUE;
                g_queue_push_tail(&tasks->queued, task);
                cr_job_set_queued(task->job, TRUE);
                return;
        }
        if (needs_slot(task))
                take_slot(tasks, task);
        cr_task_go(task);
}

static void admit_next(CrTasks *tasks)
{
        CrTask *task;

        while (tasks->slots_used < tasks->service->config->max_jobs &&
                (task = g_queue_pop_head(&tasks->queued))) {
                task->queued = FALSE;
                take_slot(tasks, task);
                cr_job_set_queued(task->job, FALSE);
                cr_task_go(task);
        }
}

static void forget(GHashTable *table, const CrTask *task)
{
        if (g_hash_table_lookup(table, &task->collection) == task)
                g_hash_table_remove(table, &task->collection);
}

void cr_tasks_release(CrTasks *tasks, CrTask *task)
{
        if (task->queued)
                g_queue_remove(&tasks->queued, task);
        tasks->slots_used -= task->has_slot;
        tasks->room.objects -= task->room.objects;
        tasks->room.bytes -= task->room.bytes;
        tasks->collections -= task->collections;
        g_hash_table_remove(tasks->all, task);
        forget(tasks->holders, task);
        forget(tasks->shared, task);
        admit_next(tasks);
}

/* ---- start ---- */

/* For messages. */
static const char *name_of(const CrCall *call)
{
        const char *name = cr_call_collection_name(call);

        return name ? name : call->collection.text;
}

static gboolean check_recovering(CrService *service, const CrCall *call, GError **error)
{
        const char *waiting = cr_recovery_waiting_for(service->recovery, &call->collection);

        if (!waiting)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "an interrupted operation of collection '%s' must be completed first: %s", name_of(call),
                waiting);
        cr_recovery_retry(service->recovery, &call->collection);
        return FALSE;
}

/* A failover ends a receive and takes its place, the cancellation of an update the update, a
 * suspension what replicates; nothing else ends another. */
static gboolean can_preempt(const CrTask *holder, const CrCall *call)
{
        static const struct {
                CrOperation holder, call;
        } pairs[] = {
                {CR_OP_RECEIVE, CR_OP_FAILOVER},
                {CR_OP_START, CR_OP_CANCEL_INITIAL},
                {CR_OP_IMPORT_INITIAL, CR_OP_CANCEL_INITIAL},
                {CR_OP_UPDATE_DISKS, CR_OP_CANCEL_UPDATE_DISKS},
                {CR_OP_REPLICATE, CR_OP_SUSPEND},
                {CR_OP_RESYNCHRONIZE, CR_OP_SUSPEND},
                {CR_OP_RESYNCHRONIZE, CR_OP_CANCEL_RESYNCHRONIZE},
                {CR_OP_RECEIVE, CR_OP_SUSPEND},
        };

        for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++)
                if (pairs[i].holder == holder->method->operation && pairs[i].call == call->method->operation)
                        return !holder->successor;
        return FALSE;
}

static gboolean check_idle(CrTasks *tasks, const CrCall *call, GError **error)
{
        const CrTask *holder = g_hash_table_lookup(tasks->holders, &call->collection);

        if (!holder || call->method->mode == CR_MODE_READ || call->method->mode == CR_MODE_SHARED ||
                can_preempt(holder, call))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_IN_USE,
                "collection '%s' is held by a running %s%s%s; wait for it or cancel it", name_of(call),
                holder->method->member, holder->shown ? ", " : "",
                holder->shown ? cr_job_path(holder->job) : "");
        return FALSE;
}

static gboolean check_room(CrTasks *tasks, CrTask *task, const CrCall *call, GError **error)
{
        CrRoom whole;

        if (cr_store_thread_is_full(tasks->service->store) ||
                cr_worker_processes_count(tasks->service->workers) >= WORKERS_MAX) {
                g_set_error(error, CR_ERROR, CR_ERROR_OUT_OF_MEMORY,
                        "too many operations are being carried out; try again later");
                return FALSE;
        }
        if (call->method->room)
                task->room = call->method->room(call, &task->collections);
        whole = (CrRoom){
                task->room.objects > 0 ? tasks->room.objects + task->room.objects : 0,
                task->room.bytes > 0 ? tasks->room.bytes + task->room.bytes : 0,
        };
        if (cr_collections_check_room(tasks->service->collections,
                    task->collections > 0 ? tasks->collections + task->collections : 0, &whole, error))
                return TRUE;
        if (!cr_id_is_none(&call->collection))
                g_prefix_error(error, "collection '%s': ", name_of(call));
        return FALSE;
}

GPtrArray *cr_tasks_obstacles(CrTasks *tasks, const CrCall *call, const CrMethod *method)
{
        GPtrArray *obstacles = g_ptr_array_new_with_free_func((GDestroyNotify)g_error_free);
        CrCall asked = *call;
        CrTask task = {0};
        GError *error = NULL;

        asked.method = method;
        if (!check_idle(tasks, &asked, &error))
                g_ptr_array_add(obstacles, g_steal_pointer(&error));
        if (!check_room(tasks, &task, &asked, &error))
                g_ptr_array_add(obstacles, error);
        return obstacles;
}

static gboolean make_request(CrTask *task, CrCall *call, GError **error)
{
        g_auto(GVariantDict) request = G_VARIANT_DICT_INIT(NULL);

        if (cr_call_is_own(call)) {
                task->request = g_variant_ref(call->request);
                return TRUE;
        }
        if (call->method->request && !call->method->request(call, &request, error))
                return FALSE;
        task->request = g_variant_ref_sink(g_variant_dict_end(&request));
        return TRUE;
}

/* In the order of the contract. */
static gboolean check(CrTasks *tasks, CrTask *task, CrCall *call, GError **error)
{
        /* The request comes first as the peer's dictionary in it tells which collection it is about. */
        if (!make_request(task, call, error))
                return FALSE;
        /* A new collection gets its id here: what a killed worker left of it is found by that. */
        task->collection = task->method->operation == CR_OP_DEFINE ? cr_id_new() : call->collection;
        return check_recovering(tasks->service, call, error) && check_idle(tasks, call, error) &&
               check_room(tasks, task, call, error);
}

static void hold(CrTasks *tasks, CrTask *task)
{
        tasks->room.objects += task->room.objects;
        tasks->room.bytes += task->room.bytes;
        tasks->collections += task->collections;
        g_hash_table_add(tasks->all, task);
        task->holds = task->method->mode != CR_MODE_READ && task->method->mode != CR_MODE_SHARED &&
                      !cr_id_is_none(&task->collection);
        if (task->method->mode == CR_MODE_SHARED)
                g_hash_table_insert(tasks->shared, &task->collection, task);
}

static void share(CrTask *task, CrCall *call)
{
        if (task->calls->len < SHARED_MAX)
                cr_task_add_call(task, call);
        else
                cr_call_fail_literal(call, CR_ERROR_OUT_OF_MEMORY, "too many callers wait for this already");
}

void cr_tasks_start(CrCall *call)
{
        CrTasks *tasks = call->service->tasks;
        CrTask *holder, *running;
        g_autoptr(GError) error = NULL;
        CrTask *task;

        running = call->method->mode == CR_MODE_SHARED ? g_hash_table_lookup(tasks->shared, &call->collection)
                                                       : NULL;
        if (running) {
                share(running, call);
                return;
        }
        task = cr_task_new(call);
        if (!check(tasks, task, call, &error)) {
                cr_task_free(task);
                cr_call_fail(call, error);
                return;
        }
        hold(tasks, task);
        cr_task_add_call(task, call);
        holder = task->holds ? g_hash_table_lookup(tasks->holders, &task->collection) : NULL;
        if (task->holds)
                g_hash_table_replace(tasks->holders, &task->collection, task);
        if (!holder) {
                cr_task_run(task);
                return;
        }
        holder->successor = task;
        cr_task_preempt(holder);
}
