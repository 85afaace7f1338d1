/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/follow.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <glib-unix.h>

#include "client/error.h"
#include "client/progress.h"

typedef struct {
        CrBusJob *job;
        GMainLoop *loop;
        gboolean terminal;
        gboolean interrupted;
        gboolean ended;   /* the answer to Wait is here */
        GError *error;    /* that there was none */
        guint32 value;    /* the answer */
        char *error_name; /* the answer */
        char *message;    /* the answer */
        CrProgress shown; /* what the last plain line said */
        char *shown_phase;
} Follow;

static void follow_clear(Follow *follow)
{
        g_clear_object(&follow->job);
        g_main_loop_unref(follow->loop);
        g_clear_error(&follow->error);
        g_free(follow->error_name);
        g_free(follow->message);
        g_free(follow->shown_phase);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Follow, follow_clear)

static guint terminal_columns(void)
{
        struct winsize size = {0};
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
                return 80;
        return size.ws_col;
}

static void show_plain(Follow *follow, const CrProgress *now)
{
        if (!cr_progress_is_news(&follow->shown, now))
                return;
        g_autofree char *line = cr_progress_line(now);
        g_print("%s\n", line);
        g_free(follow->shown_phase);
        follow->shown_phase = g_strdup(now->phase);
        follow->shown = *now;
        follow->shown.phase = follow->shown_phase;
}

static void show_progress(Follow *follow)
{
        const char *phase = cr_bus_job_get_phase(follow->job);
        CrProgress now = {
                .phase = phase == NULL ? "" : phase,
                .percent = cr_bus_job_get_percent_complete(follow->job),
                .done = cr_bus_job_get_bytes_done(follow->job),
                .total = cr_bus_job_get_bytes_total(follow->job),
                .rate = cr_bus_job_get_rate(follow->job),
        };
        if (!follow->terminal) {
                show_plain(follow, &now);
                return;
        }
        g_autofree char *bar = cr_progress_bar(&now, terminal_columns());
        g_print("\r%s\033[K", bar);
}

static void on_properties_changed(GDBusProxy *proxy, GVariant *changed, char **invalidated, gpointer data)
{
        show_progress(data);
}

static void on_wait_reply(GObject *source, GAsyncResult *result, gpointer data)
{
        Follow *follow = data;
        cr_bus_job_call_wait_finish(
                follow->job, &follow->value, &follow->error_name, &follow->message, result, &follow->error);
        follow->ended = TRUE;
        g_main_loop_quit(follow->loop);
}

static gboolean on_interrupt(gpointer data)
{
        Follow *follow = data;
        follow->interrupted = TRUE;
        g_main_loop_quit(follow->loop);
        return G_SOURCE_CONTINUE;
}

/* The loop: until Wait answers, or somebody interrupts. */
static void follow_run(Follow *follow)
{
        g_autoptr(GCancellable) cancellable = g_cancellable_new();
        guint sigint = g_unix_signal_add(SIGINT, on_interrupt, follow);
        guint sigterm = g_unix_signal_add(SIGTERM, on_interrupt, follow);
        cr_bus_job_call_wait(
                follow->job, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, cancellable, on_wait_reply, follow);
        g_main_loop_run(follow->loop);
        if (!follow->ended) {
                g_cancellable_cancel(cancellable);
                g_main_loop_run(follow->loop);
        }
        g_source_remove(sigint);
        g_source_remove(sigterm);
}

static gboolean is_connection_lost(const GError *error)
{
        return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
               g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_DISCONNECTED) ||
               g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
               g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

static gboolean follow_result(Follow *follow, const char *path, GError **error)
{
        const char *id = path + strlen(CR_BUS_JOB_PREFIX);
        if (follow->interrupted) {
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_FAILED,
                        "job %s goes on; 'collectionctl wait %s' watches it, 'collectionctl cancel %s' ends "
                        "it",
                        id, id, id);
                return FALSE;
        }
        if (follow->error != NULL && is_connection_lost(follow->error)) {
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_FAILED,
                        "the service went away while job %s was under way; what it had begun is finished or "
                        "undone when "
                        "it runs again, and 'collectionctl wait %s' tells then",
                        id, id);
                return FALSE;
        }
        if (follow->error != NULL) {
                g_propagate_error(error, g_steal_pointer(&follow->error));
                return FALSE;
        }
        if (follow->value != 0)
                g_propagate_error(error, cr_error_new(follow->error_name, follow->message));
        return follow->value == 0;
}

gboolean cr_follow(CrClient *client, const char *job, gboolean quiet, GError **error)
{
        g_auto(Follow) follow = {
                .loop = g_main_loop_new(NULL, FALSE),
                .terminal = isatty(STDOUT_FILENO),
        };
        follow.job = cr_bus_job_proxy_new_sync(
                client->bus, G_DBUS_PROXY_FLAGS_NONE, CR_BUS_NAME, job, NULL, error);
        if (follow.job == NULL)
                return FALSE;
        if (!quiet) {
                g_signal_connect(
                        follow.job, "g-properties-changed", G_CALLBACK(on_properties_changed), &follow);
                show_progress(&follow);
        }
        follow_run(&follow);
        g_signal_handlers_disconnect_by_data(follow.job, &follow);
        if (!quiet && follow.terminal)
                g_print("\r\033[K");
        return follow_result(&follow, job, error);
}
