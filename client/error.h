/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the client tells about a failure: the service's message with the documented value and name, or one of
 * its own. Every failure of the client travels as a GError: the service's as remote D-Bus errors (also the
 * end of a failed job), wrong usage and the client's own as CR_CLIENT_ERROR.
 */
#pragma once

#include <json-glib/json-glib.h>

#define CR_CLIENT_ERROR cr_client_error_quark()

typedef enum {
        CR_CLIENT_ERROR_FAILED, /* exit status 1 */
        CR_CLIENT_ERROR_USAGE,  /* exit status 2 */
} CrClientError;

GQuark cr_client_error_quark(void);

/* The documented value (32768 to 32779) of a D-Bus error's full name; 0 when it has none. */
guint32 cr_error_value(const char *dbus_name);

/* The documented name ("InUse") of a value; NULL when it has none. */
const char *cr_error_name(guint32 value);

/* A job's or a service's failure as an error. @dbus_name: the full D-Bus name. */
GError *cr_error_new(const char *dbus_name, const char *message);

/* The exit status that belongs to the error: 1, or 2 for wrong usage. */
int cr_error_exit_status(const GError *error);

/* One printable text that ends in "(32774 InUse)" where a documented value is known. Free with g_free(). */
char *cr_error_text(const GError *error);

/* {"Error": {"Name": s, "Value": u, "Message": s}}; Value is 0 where no documented value is known. */
JsonNode *cr_error_json(const GError *error);
