/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker process: one job, from its request to its end. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "config.h"
#include "core/failpoint.h"
#include "core/redo.h"
#include "worker/operations.h"

#define CHECKS_MS                                                                                            \
        10000 /* for the peer's and the engine's answers together, before READY=1; source: the contract */

static const struct {
        CrOperation operation;
        CrWorkerFunc run;
        gboolean locks; /* holds the collection's lock from before its checks to its end */
} operation_table[] = {
        {CR_OP_DEFINE, cr_operation_define, FALSE},
        {CR_OP_DESTROY, cr_operation_destroy, TRUE},
        {CR_OP_CREATE_RELATIONSHIP, cr_operation_create_relationship, TRUE},
        {CR_OP_REMOVE_RELATIONSHIP, cr_operation_remove_relationship, TRUE},
        {CR_OP_MODIFY_SETTINGS, cr_operation_modify_settings, TRUE},
        {CR_OP_START, cr_operation_start, TRUE},
        {CR_OP_IMPORT_INITIAL, cr_operation_import_initial, TRUE},
        {CR_OP_SEED, cr_operation_seed, TRUE},
        {CR_OP_REPLICATE, cr_operation_replicate, TRUE},
        {CR_OP_FAILOVER, cr_operation_failover, TRUE},
        {CR_OP_REVERT_FAILOVER, cr_operation_revert_failover, TRUE},
        {CR_OP_COMMIT_FAILOVER, cr_operation_commit_failover, TRUE},
        {CR_OP_PLANNED_FAILOVER, cr_operation_planned_failover, TRUE},
        {CR_OP_REVERT_PLANNED_FAILOVER, cr_operation_revert_planned_failover, TRUE},
        {CR_OP_TEST_FAILOVER, cr_operation_test_failover, TRUE},
        {CR_OP_REVERT_TEST_FAILOVER, cr_operation_revert_test_failover, TRUE},
        {CR_OP_PREVIEW, cr_operation_preview, FALSE},
        {CR_OP_PREPARE, cr_operation_prepare, TRUE},
        {CR_OP_UNDO_PREPARE, cr_operation_undo_prepare, TRUE},
        {CR_OP_REVERSE, cr_operation_reverse, TRUE},
        {CR_OP_EXPORT, cr_operation_export, TRUE},
        {CR_OP_DISCARD, cr_operation_discard, TRUE},
        {CR_OP_RECEIVE, cr_operation_receive, TRUE},
        {CR_OP_ESTIMATE, cr_operation_estimate, FALSE},
        {CR_OP_RESYNCHRONIZE, cr_operation_resynchronize, TRUE},
        {CR_OP_VERIFY, cr_operation_verify, TRUE},
        {CR_OP_DIGEST, cr_operation_digest, FALSE},
        {CR_OP_ESTABLISH, cr_operation_establish, FALSE},
        {CR_OP_DISSOLVE, cr_operation_dissolve, TRUE},
        {CR_OP_UPDATE_DISKS, cr_operation_update_disks, TRUE},
        {CR_OP_CANCEL_UPDATE_DISKS, cr_operation_cancel_update_disks, TRUE},
        {CR_OP_ADAPT_DISKS, cr_operation_adapt_disks, TRUE},
        {CR_OP_SUSPEND, cr_operation_suspend, TRUE},
        {CR_OP_RESUME, cr_operation_resume, TRUE},
        {CR_OP_CANCEL_INITIAL, cr_operation_cancel_initial, TRUE},
        {CR_OP_CANCEL_RESYNCHRONIZE, cr_operation_cancel_resynchronize, TRUE},
        {CR_OP_RECOVER, cr_operation_recover, TRUE},
};

static gint64 parent_pid;
static gboolean show_version, list_failpoints;

static const GOptionEntry entries[] = {
        {"parent-pid", 0, 0, G_OPTION_ARG_INT64, &parent_pid, "End when this process, the service, is gone",
                "PID"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &show_version, "Show the version", NULL},
        {"list-failpoints", 0, 0, G_OPTION_ARG_NONE, &list_failpoints, "List the failpoints of this build",
                NULL},
        {NULL},
};

static gboolean die_with_parent(GError **error)
{
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                return cr_error_set_errno(error, errno, "prctl");
        if (parent_pid != 0 && getppid() != parent_pid) {
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_AVAILABLE, "the service is gone");
                return FALSE;
        }
        return TRUE;
}

static gboolean take_collection_lock(CrWorker *worker, GError **error)
{
        CrId id;

        return cr_worker_get_id(worker, CR_REQUEST_COLLECTION, FALSE, &id, error) &&
               cr_worker_lock(worker, &id, error);
}

static gboolean read_request(CrWorker *worker, GError **error)
{
        g_autoptr(GVariant) message = cr_worker_receive(error);

        if (!message)
                return FALSE;
        g_variant_dict_init(&worker->request, message);
        g_autoptr(GVariant) operation = cr_worker_get(worker, CR_REQUEST_OPERATION, "s", error);
        g_autoptr(GVariant) job = operation ? cr_worker_get(worker, CR_REQUEST_JOB, "t", error) : NULL;
        g_autoptr(GVariant) owner = job ? cr_worker_get(worker, CR_REQUEST_OWNER, "u", error) : NULL;
        if (!owner)
                return FALSE;
        worker->job = g_variant_get_uint64(job);
        worker->owner = g_variant_get_uint32(owner);
        if (cr_operation_from_word(g_variant_get_string(operation, NULL), &worker->operation))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "unknown operation '%s'",
                g_variant_get_string(operation, NULL));
        return FALSE;
}

static gboolean open_site(CrWorker *worker, GError **error)
{
        g_autoptr(GVariant) config = cr_worker_get(worker, CR_REQUEST_CONFIG, "s", error);
        g_autoptr(GVariant) state =
                config ? cr_worker_get(worker, CR_REQUEST_STATE_DIRECTORY, "s", error) : NULL;
        g_autoptr(GVariant) runtime =
                state ? cr_worker_get(worker, CR_REQUEST_RUNTIME_DIRECTORY, "s", error) : NULL;

        if (!runtime)
                return FALSE;
        worker->runtime_directory = g_variant_dup_string(runtime, NULL);
        worker->config = cr_config_parse(g_variant_get_string(config, NULL), error);
        if (!worker->config)
                return FALSE;
        worker->store = cr_store_open(g_variant_get_string(state, NULL), error);
        return worker->store != NULL;
}

/* What a failed job leaves: its error in the collection, where it shows until the next success. */
static void note_failure(CrWorker *worker, const GError *failure)
{
        CrId id;

        if (worker->lock < 0 || !worker->is_ready ||
                !cr_worker_get_id(worker, CR_REQUEST_COLLECTION, FALSE, &id, NULL))
                return;
        g_autoptr(CrPlan) pending = cr_store_intent(worker->store, &id, NULL);
        g_autoptr(CrCollection) collection =
                pending ? NULL : cr_store_load(worker->store, &id, CR_LOAD_ALL, NULL);
        if (!collection)
                return;
        cr_collection_set_last_error(collection, cr_error_value(cr_error_code(failure)), failure->message);
        if (collection->state == CR_STATE_DISK_UPDATE)
                collection->state = CR_STATE_DISK_UPDATE_CRITICAL; /* the next cycle tries again */
        if (cr_store_save(worker->store, collection, NULL))
                cr_worker_changed();
}

static void tell_failure(const GError *failure)
{
        g_autofree char *line = g_strdelimit(g_strdup(failure->message), "\n", ' ');

        (void)sd_notifyf(0, "BUSERROR=%s\nSTATUS=%s", cr_error_bus_name(cr_error_code(failure)), line);
}

static gboolean run(CrWorker *worker, GError **error)
{
        for (gsize i = 0; i < G_N_ELEMENTS(operation_table); i++) {
                if (operation_table[i].operation != worker->operation)
                        continue;
                if (operation_table[i].locks && !take_collection_lock(worker, error))
                        return FALSE;
                return operation_table[i].run(worker, error);
        }
        g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED, "%s is not supported by this version",
                cr_operation_word(worker->operation));
        return FALSE;
}

static void worker_clear(CrWorker *worker)
{
        g_clear_pointer(&worker->store, cr_store_close);
        g_clear_pointer(&worker->config, cr_config_free);
        g_free(worker->runtime_directory);
        g_variant_dict_clear(&worker->request);
        if (worker->lock >= 0)
                close(worker->lock);
}

static int work(void)
{
        CrWorker worker = {.lock = -1, .deadline = g_get_monotonic_time() + CHECKS_MS * 1000};
        g_autoptr(GError) error = NULL;

        g_variant_dict_init(&worker.request, NULL);
        if (die_with_parent(&error) && read_request(&worker, &error) && open_site(&worker, &error) &&
                run(&worker, &error)) {
                worker_clear(&worker);
                return EXIT_SUCCESS;
        }
        if (worker.store)
                note_failure(&worker, error);
        tell_failure(error);
        worker_clear(&worker);
        return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
        g_autoptr(GOptionContext) context =
                g_option_context_new("- carries out one job of the Collection Replication service");
        g_autoptr(GError) error = NULL;

        setlocale(LC_ALL, "C.UTF-8");
        g_option_context_add_main_entries(context, entries, NULL);
        g_option_context_set_summary(
                context, "Started by collection-replicationd, which talks to it over its standard input.");
        if (!g_option_context_parse(context, &argc, &argv, &error)) {
                fprintf(stderr, "%s\n", error->message);
                return 2;
        }
        if (show_version)
                printf("collection-replication-worker %s\n", CR_VERSION);
        else if (list_failpoints)
                cr_failpoint_list();
        else
                return work();
        return EXIT_SUCCESS;
}
