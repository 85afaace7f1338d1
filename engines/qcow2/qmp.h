/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A conversation with a running machine over its QMP socket. What is at the other end is believed nothing:
 * lines, their number, their nesting and the time of the whole conversation are bounded.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "core/config_file.h"

/* How long conversations may take in all, in ms. Source: the contract (an engine's deadline is 10 s together
 * with the peer's). */
#define CR_QMP_TIMEOUT_MS 5000u

/* The deadline of conversations that begin now. */
#define CR_QMP_DEADLINE (g_get_monotonic_time() + CR_QMP_TIMEOUT_MS * 1000ll)

/* Whether a socket may lie at @path: inside MachineDirectories=, no link, nothing else there. Nothing at all
 * may be there. */
gboolean cr_qmp_check(const CrConfig *config, const char *path, GError **error);

typedef struct CrQmp CrQmp;

/* Connects to the socket at @path, inside MachineDirectories=, and agrees on QMP; @deadline (monotonic, in
 * microseconds) is of the whole conversation. InvalidParameter when it may not lie there, is a link or no
 * socket; NotAvailable when nobody listens or nothing is there: the machine is off; Timeout; Failed when what
 * answers does not speak QMP. */
CrQmp *cr_qmp_open(const CrConfig *config, const char *path, gint64 deadline, GError **error);
/* For a conversation that goes on. */
void cr_qmp_set_deadline(CrQmp *qmp, gint64 deadline);
void cr_qmp_close(CrQmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrQmp, cr_qmp_close)

/* Runs one command. @arguments: taken, may be NULL. @fd (-1: none) goes along. The caller owns what it
 * returned. Failed, with the machine's words, when it refuses; Timeout; NotAvailable when it has gone. */
JsonNode *cr_qmp_run(CrQmp *qmp, const char *command, JsonObject *arguments, int fd, GError **error);

/* The same, for what returns nothing of interest. */
gboolean cr_qmp_do(CrQmp *qmp, const char *command, JsonObject *arguments, GError **error);
