/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* collection-replicationd: a GLib main loop with the sd-event loop (bus, children, signals, timers, watchdog)
 * as one source of it. */
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

#include "config.h"
#include "core/failpoint.h"
#include "service/event_source.h"
#include "service/log.h"
#include "service/options.h"
#include "service/sd_cleanup.h"

typedef struct Daemon {
        GMainLoop *loop;
        CrService *service;
        gboolean stopping;
        int status;
} Daemon;

static void on_ended(void *userdata)
{
        g_main_loop_quit(((Daemon *)userdata)->loop);
}

/* The first one lets the workers end in order, the second does not. */
static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        Daemon *daemon = userdata;

        if (daemon->stopping) {
                cr_service_kill(daemon->service);
                return 0;
        }
        daemon->stopping = TRUE;
        (void)sd_notify(0, "STOPPING=1");
        cr_service_stop(daemon->service, on_ended, daemon);
        return 0;
}

/* The bus has gone, or sd-event failed. */
static gboolean on_event_finished(gpointer userdata)
{
        Daemon *daemon = userdata;

        CR_LOG_WARNING("The connection to the bus has ended");
        daemon->status = EXIT_FAILURE;
        g_main_loop_quit(daemon->loop);
        return G_SOURCE_REMOVE;
}

/* Before any thread is made, which would have them unblocked. */
static void block_signals(void)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGCHLD);
        (void)sigprocmask(SIG_BLOCK, &set, NULL);
        (void)signal(SIGPIPE, SIG_IGN);
}

static gboolean prepare(Daemon *daemon, sd_event *event, GError **error)
{
        int r = sd_event_add_signal(event, NULL, SIGTERM, on_signal, daemon);

        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGINT, on_signal, daemon);
        if (r >= 0)
                r = sd_event_set_watchdog(event, TRUE);
        return r >= 0 || cr_error_set_errno(error, -r, "the event loop can't be set up");
}

static void run_loop(Daemon *daemon, sd_event *event)
{
        g_autoptr(GSource) source = cr_event_source_new(event);

        g_source_set_callback(source, on_event_finished, daemon, NULL);
        g_source_attach(source, NULL);
        (void)sd_notify(0, "READY=1");
        g_main_loop_run(daemon->loop);
        g_source_destroy(source);
}

static int run(const CrServiceOptions *options)
{
        g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
        Daemon daemon = {.loop = loop, .status = EXIT_SUCCESS};
        g_autoptr(sd_event) event = NULL;
        g_autoptr(GError) error = NULL;

        block_signals();
        if (sd_event_default(&event) < 0)
                g_error("out of memory");
        if (prepare(&daemon, event, &error))
                daemon.service = cr_service_new(options, event, &error);
        if (!daemon.service) {
                fprintf(stderr, "collection-replicationd: %s\n", error->message);
                return EXIT_FAILURE;
        }
        run_loop(&daemon, event);
        daemon.service = cr_service_free(daemon.service);
        return daemon.status;
}

int main(int argc, char **argv)
{
        CrServiceOptions options = {0};
        g_autoptr(GError) error = NULL;
        CrCommand command;
        int status = EXIT_SUCCESS;

        setlocale(LC_ALL, "C.UTF-8");
        /* Fixed, so that the memory of a long answer goes back to the system with it. */
        (void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
        if (!cr_options_parse(&argc, &argv, &options, &command, &error)) {
                fprintf(stderr, "collection-replicationd: %s\n", error->message);
                status = 2;
        } else if (command == CR_COMMAND_VERSION) {
                printf("collection-replicationd %s\n", CR_VERSION);
        } else if (command == CR_COMMAND_LIST_FAILPOINTS) {
                cr_failpoint_list();
        } else {
                status = run(&options);
        }
        cr_options_clear(&options);
        return status;
}
