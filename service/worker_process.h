/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker processes: how they are started, told, heard and ended (core/worker_protocol.h). */
#pragma once

#include "service/notification.h"
#include "service/types.h"

#include <systemd/sd-event.h>

typedef struct CrWorkerProcesses CrWorkerProcesses;
typedef struct CrWorkerProcess CrWorkerProcess;

typedef struct CrWorkerEvents {
        void (*notified)(const CrNotification *notification, void *userdata);
        /* The last call, after all notifications; the process object is gone after it. @code is CLD_EXITED
         * (@status: its exit status) or CLD_KILLED, CLD_DUMPED (a signal's number). */
        void (*ended)(int code, int status, void *userdata);
} CrWorkerEvents;

/* Makes the notify socket. SIGCHLD must be blocked in all threads. */
CrWorkerProcesses *cr_worker_processes_new(sd_event *event, const char *runtime_directory, GError **error);
/* Kills those that are left. */
CrWorkerProcesses *cr_worker_processes_free(CrWorkerProcesses *processes);
guint cr_worker_processes_count(const CrWorkerProcesses *processes);
/* @idle is called each time the last of them has ended. */
void cr_worker_processes_on_idle(CrWorkerProcesses *processes, void (*idle)(void *), void *userdata);

/* Starts one and sends it @request (a{sv}, floating or not) as its first message. Neither event comes before
 * this has returned. */
CrWorkerProcess *cr_worker_process_start(CrWorkerProcesses *processes, GVariant *request,
        const CrWorkerEvents *events, void *userdata, GError **error);

/* Sends the message @what with @more (a{sv} or NULL). */
gboolean cr_worker_process_send(CrWorkerProcess *process, const char *what, GVariant *more, GError **error);

/* SIGTERM now, SIGKILL after 5 s, but not within what can't be undone any more. Again: nothing. */
void cr_worker_process_cancel(CrWorkerProcess *process);
/* SIGKILL now. */
void cr_worker_process_kill(CrWorkerProcess *process);
