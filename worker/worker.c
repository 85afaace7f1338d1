/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "core/lock.h"
#include "core/redo.h"
#include "worker/worker.h"

#define TIME_WHEN_READY_MS 30000u
#define LOCK_WAIT_MS 3000u          /* a killed predecessor's children need a moment to die */
#define MAX_MESSAGE (1024u * 1024u) /* of the daemon: 64 disks and settings fit many times */

gboolean cr_worker_lock(CrWorker *worker, const CrId *collection, GError **error)
{
        g_autofree char *directory = g_build_filename(worker->runtime_directory, "locks", NULL);

        worker->lock = cr_lock_take(directory, collection, LOCK_WAIT_MS, error);
        return worker->lock >= 0;
}

CrCollection *cr_worker_load(CrWorker *worker, GError **error)
{
        CrId id;

        if (!cr_worker_get_id(worker, CR_REQUEST_COLLECTION, FALSE, &id, error))
                return NULL;
        g_autoptr(CrCollection) collection = cr_store_load(worker->store, &id, CR_LOAD_ALL, error);
        if (!collection || !cr_state_check(collection->name, collection->role, collection->state,
                                   worker->operation, error))
                return NULL;
        return g_steal_pointer(&collection);
}

const CrEngine *cr_worker_engine(const CrCollection *collection, GError **error)
{
        return cr_engine_find(collection->engine, error);
}

GVariant *cr_worker_get(CrWorker *worker, const char *key, const char *type, GError **error)
{
        g_autoptr(GVariant) value = g_variant_dict_lookup_value(&worker->request, key, NULL);

        if (!value) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "the argument '%s' is missing", key);
                return NULL;
        }
        if (!g_variant_is_of_type(value, G_VARIANT_TYPE(type))) {
                g_set_error(error, CR_ERROR, CR_ERROR_INCORRECT_DATA_TYPE,
                        "the argument '%s' is of type %s, not %s", key, g_variant_get_type_string(value),
                        type);
                return NULL;
        }
        return g_steal_pointer(&value);
}

gboolean cr_worker_get_id(CrWorker *worker, const char *key, gboolean may_be_none, CrId *ret, GError **error)
{
        g_autoptr(GVariant) value = cr_worker_get(worker, key, "s", error);

        if (!value)
                return FALSE;
        *ret = CR_ID_NONE;
        if (may_be_none && *g_variant_get_string(value, NULL) == '\0')
                return TRUE;
        if (cr_id_parse(g_variant_get_string(value, NULL), ret))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "the argument '%s' is not an id of 32 hex digits", key);
        return FALSE;
}

gboolean cr_worker_refuse_options(CrWorker *worker, GError **error)
{
        g_autoptr(GVariant) options = cr_worker_get(worker, "Options", "a{sv}", error);
        GVariantIter iter;
        const char *key;

        if (!options)
                return FALSE;
        g_variant_iter_init(&iter, options);
        if (!g_variant_iter_next(&iter, "{&sv}", &key, NULL))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "there is no option '%s'", key);
        return FALSE;
}

char *cr_worker_transfer_directory(CrWorker *worker, GError **error)
{
        g_autofree char *directory = g_build_filename(worker->runtime_directory, "transfers", NULL);

        /* Reached by name, not listed. The mode is asked for again, whatever the umask. */
        if ((mkdir(directory, 0711) == 0 || errno == EEXIST) && chmod(directory, 0711) == 0)
                return g_steal_pointer(&directory);
        cr_error_set_errno(error, errno, "the folder %s can't be made", directory);
        return NULL;
}

gboolean cr_worker_give_to_owner(CrWorker *worker, const char *path, GError **error)
{
        if (chmod(path, 0600) == 0 && chown(path, worker->owner, (gid_t)-1) == 0)
                return TRUE;
        return cr_error_set_errno(
                error, errno, "the socket %s can't be given to uid %u", path, worker->owner);
}

guint cr_worker_time_left(const CrWorker *worker)
{
        gint64 left = (worker->deadline - g_get_monotonic_time()) / 1000;

        if (worker->is_ready)
                return TIME_WHEN_READY_MS;
        return left > 1 ? (guint)left : 1;
}

GVariant *cr_worker_receive(GError **error)
{
        g_autofree char *buffer = g_malloc(MAX_MESSAGE + 1);
        ssize_t length;

        do
                length = recv(STDIN_FILENO, buffer, MAX_MESSAGE, 0);
        while (length < 0 && errno == EINTR);
        if (length <= 0) {
                g_set_error(error, CR_ERROR, CR_ERROR_NOT_AVAILABLE, "the service is gone");
                return NULL;
        }
        GVariant *message = g_variant_parse(G_VARIANT_TYPE_VARDICT, buffer, buffer + length, NULL, error);
        return message ? g_variant_ref_sink(message) : NULL;
}

static gboolean wait_for_go(GError **error)
{
        g_autoptr(GVariant) message = cr_worker_receive(error);
        const char *what = NULL;

        if (!message)
                return FALSE;
        if (g_variant_lookup(message, CR_MESSAGE, "&s", &what) && g_str_equal(what, CR_MESSAGE_GO))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "the service said '%s' instead of '%s'",
                what ? what : "", CR_MESSAGE_GO);
        return FALSE;
}

/* One line of GVariant text; consumes a floating @value. */
static char *print(GVariant *value)
{
        g_autoptr(GVariant) sunk = g_variant_ref_sink(value);

        return g_variant_print(sunk, TRUE);
}

gboolean cr_worker_ready(CrWorker *worker, GVariant *reply, GError **error)
{
        g_autofree char *text = reply ? print(reply) : g_strdup("@a{sv} {}");

        if (sd_notifyf(0, "READY=1\n" CR_NOTIFY_REPLY "=%s", text) < 0)
                return cr_error_set_errno(error, errno, "the service could not be told");
        if (!wait_for_go(error))
                return FALSE;
        worker->is_ready = TRUE;
        return TRUE;
}

void cr_worker_done(CrWorker *worker)
{
        (void)sd_notify(0, "READY=1\n" CR_NOTIFY_DONE "=1");
}

void cr_worker_phase(const char *phase)
{
        (void)sd_notifyf(0, CR_NOTIFY_PHASE "=%s", phase);
}

void cr_worker_progress(guint64 done, guint64 total)
{
        (void)sd_notifyf(0, CR_NOTIFY_PROGRESS "=%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT, done, total);
}

void cr_worker_final(gboolean final)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigprocmask(final ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
        (void)sd_notify(0, final ? CR_NOTIFY_FINAL "=1" : CR_NOTIFY_FINAL "=0");
}

void cr_worker_changed(void)
{
        (void)sd_notify(0, CR_NOTIFY_CHANGED "=1");
}

void cr_worker_result(GVariant *result)
{
        g_autofree char *text = print(result);

        (void)sd_notifyf(0, CR_NOTIFY_RESULT "=%s", text);
}

static void point_of_no_return(void *userdata)
{
        cr_worker_final(TRUE);
}

gboolean cr_worker_run_plan(CrWorker *worker, const CrEngine *engine, CrPlan *plan, GError **error)
{
        plan->job = worker->job;
        plan->owner = worker->owner;
        return cr_worker_run_part(worker, engine, plan, error);
}

gboolean cr_worker_run_part(CrWorker *worker, const CrEngine *engine, CrPlan *plan, GError **error)
{
        if (!cr_redo_run(worker->store, engine, worker->config, plan, point_of_no_return, NULL, NULL, error))
                return FALSE;
        cr_worker_changed();
        return TRUE;
}
