/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/worker_process.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config.h"
#include "core/error.h"
#include "core/worker_protocol.h"
#include "service/log.h"
#include "service/notify_socket.h"

#define KILL_DELAY_USEC (UINT64_C(5) * G_USEC_PER_SEC) /* from SIGTERM to SIGKILL */
#define SEND_BUFFER (1024 * 1024)                      /* asked for; the kernel gives what its limit allows */

struct CrWorkerProcesses {
        sd_event *event;
        CrNotifySocket *socket;
        GHashTable *by_pid; /* pid -> CrWorkerProcess, owned */
        void (*idle)(void *);
        void *idle_userdata;
};

struct CrWorkerProcess {
        CrWorkerProcesses *processes;
        pid_t pid;
        int fd; /* our end of its standard input */
        sd_event_source *child, *kill_timer;
        gboolean cancelled, final;
        const CrWorkerEvents *events;
        void *userdata;
};

static void process_free(CrWorkerProcess *process)
{
        sd_event_source_disable_unref(process->child);
        sd_event_source_disable_unref(process->kill_timer);
        if (process->fd >= 0)
                close(process->fd);
        g_free(process);
}

/* From whoever may write to the socket: only our own processes are listened to. */
static void on_datagram(pid_t pid, const char *datagram, gsize length, void *userdata)
{
        CrWorkerProcesses *processes = userdata;
        CrWorkerProcess *process = g_hash_table_lookup(processes->by_pid, GINT_TO_POINTER(pid));
        g_auto(CrNotification) notification = {0};

        if (!process) {
                CR_LOG_WARNING("Process %d, which is no worker, wrote to the workers' socket", (int)pid);
                return;
        }
        cr_notification_parse(&notification, datagram, length);
        if (notification.has_final)
                process->final = notification.final;
        process->events->notified(&notification, process->userdata);
}

CrWorkerProcesses *cr_worker_processes_new(sd_event *event, const char *runtime_directory, GError **error)
{
        CrWorkerProcesses *processes = g_new0(CrWorkerProcesses, 1);

        processes->event = event;
        processes->by_pid = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)process_free);
        processes->socket = cr_notify_socket_new(event, runtime_directory, on_datagram, processes, error);
        return processes->socket ? processes : cr_worker_processes_free(processes);
}

CrWorkerProcesses *cr_worker_processes_free(CrWorkerProcesses *processes)
{
        GHashTableIter iter;
        gpointer pid;

        if (!processes)
                return NULL;
        g_hash_table_iter_init(&iter, processes->by_pid);
        while (g_hash_table_iter_next(&iter, &pid, NULL)) {
                (void)kill(GPOINTER_TO_INT(pid), SIGKILL);
                (void)waitpid(GPOINTER_TO_INT(pid), NULL, 0);
        }
        g_hash_table_unref(processes->by_pid);
        cr_notify_socket_free(processes->socket);
        g_free(processes);
        return NULL;
}

guint cr_worker_processes_count(const CrWorkerProcesses *processes)
{
        return g_hash_table_size(processes->by_pid);
}

void cr_worker_processes_on_idle(CrWorkerProcesses *processes, void (*idle)(void *), void *userdata)
{
        processes->idle = idle;
        processes->idle_userdata = userdata;
}

/* An uninstalled tree names its own. */
static const char *program(void)
{
        const char *path = g_getenv("COLLECTION_REPLICATION_WORKER");

        return path ? path : CR_PKGLIBEXECDIR "/collection-replication-worker";
}

/* Ours, but for what systemd tells us and not them. */
static char **environment_of(const CrWorkerProcesses *processes)
{
        char **environment = g_get_environ();

        environment = g_environ_unsetenv(environment, "WATCHDOG_PID");
        environment = g_environ_unsetenv(environment, "WATCHDOG_USEC");
        return g_environ_setenv(environment, "NOTIFY_SOCKET", cr_notify_socket_path(processes->socket), TRUE);
}

/* Children must not inherit the signals that are blocked for the event loop: SIGTERM would not end them. */
static void set_clean_signals(posix_spawnattr_t *attributes)
{
        sigset_t none, all;

        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        posix_spawnattr_setsigmask(attributes, &none);
        posix_spawnattr_setsigdefault(attributes, &all);
}

/* 0 or an errno. */
static int spawn(const CrWorkerProcesses *processes, int standard_input, pid_t *ret_pid)
{
        g_autofree char *parent = g_strdup_printf("--parent-pid=%d", (int)getpid());
        g_auto(GStrv) environment = environment_of(processes);
        char *arguments[] = {(char *)program(), parent, NULL};
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int e;

        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        set_clean_signals(&attributes);
        e = posix_spawn_file_actions_adddup2(&actions, standard_input, STDIN_FILENO);
        if (e == 0)
                e = posix_spawn(ret_pid, arguments[0], &actions, &attributes, arguments, environment);
        posix_spawnattr_destroy(&attributes);
        posix_spawn_file_actions_destroy(&actions);
        return e;
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *userdata)
{
        CrWorkerProcess *process = userdata;
        CrWorkerProcesses *processes = process->processes;

        /* What it said before it ended may still be there, and its pid is its own until this returns. */
        cr_notify_socket_drain(processes->socket);
        g_hash_table_steal(processes->by_pid, GINT_TO_POINTER(process->pid));
        process->events->ended(info->si_code, info->si_status, process->userdata);
        process_free(process);
        if (processes->idle && g_hash_table_size(processes->by_pid) == 0)
                processes->idle(processes->idle_userdata);
        return 0;
}

/* Both ends: ours, and the one that becomes the worker's standard input. */
static gboolean make_channel(int ret_ends[2], GError **error)
{
        int size = SEND_BUFFER;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_ends) < 0)
                return cr_error_set_errno(error, errno, "a worker can't be started");
        (void)setsockopt(ret_ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
        return TRUE;
}

static CrWorkerProcess *start(
        CrWorkerProcesses *processes, const CrWorkerEvents *events, void *userdata, GError **error)
{
        CrWorkerProcess *process;
        int ends[2], r;
        pid_t pid;

        if (!make_channel(ends, error))
                return NULL;
        r = spawn(processes, ends[1], &pid);
        close(ends[1]);
        if (r != 0) {
                close(ends[0]);
                cr_error_set_errno(
                        error, r == ENOENT ? ENOEXEC : r, "the worker %s can't be started", program());
                return NULL;
        }
        process = g_new0(CrWorkerProcess, 1);
        *process = (CrWorkerProcess){
                .processes = processes, .pid = pid, .fd = ends[0], .events = events, .userdata = userdata};
        g_hash_table_insert(processes->by_pid, GINT_TO_POINTER(pid), process);
        r = sd_event_add_child(processes->event, &process->child, pid, WEXITED, on_child, process);
        if (r < 0)
                g_error("A worker can't be watched: %s", g_strerror(-r));
        return process;
}

CrWorkerProcess *cr_worker_process_start(CrWorkerProcesses *processes, GVariant *request,
        const CrWorkerEvents *events, void *userdata, GError **error)
{
        g_autoptr(GVariant) sunk = g_variant_ref_sink(request);
        CrWorkerProcess *process = start(processes, events, userdata, error);

        if (!process || cr_worker_process_send(process, CR_MESSAGE_REQUEST, sunk, error))
                return process;
        /* Nobody waits for its end: it is taken back. */
        (void)kill(process->pid, SIGKILL);
        (void)waitpid(process->pid, NULL, 0);
        g_hash_table_remove(processes->by_pid, GINT_TO_POINTER(process->pid));
        return NULL;
}

gboolean cr_worker_process_send(CrWorkerProcess *process, const char *what, GVariant *more, GError **error)
{
        g_auto(GVariantDict) message = G_VARIANT_DICT_INIT(more);
        g_autoptr(GVariant) whole = NULL;
        g_autofree char *text = NULL;

        g_variant_dict_insert(&message, CR_MESSAGE, "s", what);
        whole = g_variant_ref_sink(g_variant_dict_end(&message));
        text = g_variant_print(whole, TRUE);
        if (send(process->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
                return TRUE;
        if (errno != EMSGSIZE)
                return cr_error_set_errno(error, errno, "the worker can't be told");
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "the call's arguments are too large");
        return FALSE;
}

static int on_kill_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        CrWorkerProcess *process = userdata;

        /* It carries out an intent: killed now, a recovery would only do the same. */
        if (process->final) {
                sd_event_source_set_time_relative(source, KILL_DELAY_USEC);
                return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        }
        cr_worker_process_kill(process);
        return 0;
}

void cr_worker_process_cancel(CrWorkerProcess *process)
{
        int r;

        if (process->cancelled)
                return;
        process->cancelled = TRUE;
        (void)kill(process->pid, SIGTERM);
        r = sd_event_add_time_relative(process->processes->event, &process->kill_timer, CLOCK_MONOTONIC,
                KILL_DELAY_USEC, 0, on_kill_timer, process);
        if (r < 0)
                cr_worker_process_kill(process);
}

void cr_worker_process_kill(CrWorkerProcess *process)
{
        (void)kill(process->pid, SIGKILL);
}
