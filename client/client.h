/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The connection to one service: its bus, its manager, and how calls are made.
 */
#pragma once

#include "bus.h"

#define CR_BUS_NAME "org.example.CollectionReplication"
#define CR_BUS_PATH "/org/example/CollectionReplication"
#define CR_BUS_JOB_PREFIX CR_BUS_PATH "/job/_"
#define CR_BUS_COLLECTION_INTERFACE CR_BUS_NAME ".Collection"
#define CR_BUS_POINT_INTERFACE CR_BUS_NAME ".RecoveryPoint"
#define CR_BUS_DIVERGENCE_INTERFACE CR_BUS_NAME ".Divergence"
#define CR_BUS_JOB_INTERFACE CR_BUS_NAME ".Job"

typedef struct {
        char *address;            /* of a bus; NULL: the system bus, where DBUS_SYSTEM_BUS_ADDRESS says */
        char *host;               /* [USER@]HOST, through ssh; NULL: this machine. Not beside an address */
        gboolean json;            /* output for programs */
        gboolean no_ask_password; /* a call that would need authentication fails instead */
} CrClientOptions;

typedef struct {
        GDBusConnection *bus;
        CrBusManager *manager;
        gboolean json;
        gboolean interactive; /* let the service ask for authentication */
        gboolean remote;      /* on another machine */
        char *address;        /* of the bus, for a child that shall use it; NULL on another machine */
        GSubprocess *agent;   /* asks for passwords on this terminal; NULL while none was needed */
} CrClient;

/* Connects; does not wait for the service. Errors: of GIO. */
CrClient *cr_client_new(const CrClientOptions *options, GError **error);
void cr_client_free(CrClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrClient, cr_client_free)

/* Flags of a call that may need authorization. The first one starts the agent where a person could answer it.
 */
GDBusCallFlags cr_client_flags(CrClient *client);

/* Its timeout in ms: without end while a person may be typing a password; else 25 s, above the 15 s (design)
 * in which the service answers. */
int cr_client_timeout(CrClient *client);

/* A collection's object path by its name; g_free() it. */
char *cr_client_collection(CrClient *client, const char *name, GError **error);

/* A job's object path from what people type: 7, _7 or the whole path. Errors: CR_CLIENT_ERROR_USAGE. */
char *cr_client_job_path(const char *text, GError **error);
