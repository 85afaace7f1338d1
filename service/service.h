/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service as a whole: what its parts need of one another. All of it belongs to the main loop's thread. */
#pragma once

#include <systemd/sd-event.h>

#include "core/config_file.h"
#include "polkit/authorize.h"
#include "service/alive.h"
#include "service/collections.h"
#include "service/counts.h"
#include "service/departures.h"
#include "service/jobs.h"
#include "service/managed_objects.h"
#include "service/method_call.h"
#include "service/objects.h"
#include "service/recovery.h"
#include "service/schedule.h"
#include "service/store_thread.h"
#include "service/tasks.h"
#include "service/types.h"
#include "service/worker_process.h"

/* From the command line. All paths absolute. */
typedef struct CrServiceOptions {
        char *config;
        gboolean config_required; /* the file was named by the administrator: it must be there */
        char *state_directory;
        char *runtime_directory;
} CrServiceOptions;

struct CrService {
        const CrServiceOptions *options;
        CrConfig *config;
        int state_directory; /* locked; -1: not opened */
        sd_event *event;
        sd_bus *bus;
        CrId host;
        gboolean stopping; /* nothing new is begun */

        CrStoreThread *store;
        CrAuthority *authority;
        CrDepartures *departures;
        CrObjects *objects;
        CrObject *manager, *peer;
        CrManagedObjects *managed;
        CrCollections *collections;
        CrCalls *calls;
        CrWorkerProcesses *workers;
        CrTasks *tasks;
        CrJobs *jobs;
        CrRecovery *recovery;
        CrSchedule *schedule;
        CrAlive *alive;
        CrCounts *counts;
};

/* Everything is loaded, checked and registered, and last the bus name taken. NULL on an error, whose message
 * is for the administrator. */
CrService *cr_service_new(const CrServiceOptions *options, sd_event *event, GError **error);

/* Begins to end: calls are answered NotAvailable, workers told to end. @ended is called when none is left. */
void cr_service_stop(CrService *service, void (*ended)(void *), void *userdata);
/* A second request: does not wait for the workers any longer. */
void cr_service_kill(CrService *service);

CrService *cr_service_free(CrService *service);
