/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A service on a private bus, in a thread of its own, that answers what a test told it to and remembers what
 * it was asked.
 */
#pragma once

#include <gio/gio.h>

/* How the job that Wait is called on goes on. */
typedef enum {
        FAKE_JOB_COMPLETES,
        FAKE_JOB_FAILS,      /* (32774 InUse) */
        FAKE_JOB_INTERRUPTS, /* somebody presses Ctrl-C; the job never ends */
        FAKE_JOB_LEAVES,     /* the service goes away */
} FakeJob;

typedef struct FakeService FakeService;

/* Starts a bus and the service. @objects: GVariant text of an a{oa{sa{sv}}}; each object gets its interface,
 * too. */
FakeService *fake_service_new(const char *objects);
void fake_service_free(FakeService *service);
const char *fake_service_address(FakeService *service);

/* Set before a call is made. @job: what methods return as a job; @error_name: the error that they answer
 * instead, or NULL. Strings must outlive the service. */
void fake_service_script(FakeService *service, const char *job, FakeJob how, const char *error_name);

/* Sends JobNew, JobEnded (failed) and PropertiesChanged of a job. */
void fake_service_emit(FakeService *service);

/* The last call of the service's own interfaces, except Wait and GetCollection: "Method (arguments)"; "" when
 * there was none. Valid until the next call. */
const char *fake_service_last_call(FakeService *service);

/* Whether that call let the service ask for a password. */
gboolean fake_service_last_was_interactive(FakeService *service);
