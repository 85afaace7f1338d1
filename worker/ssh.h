/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Another host through ssh: one login for control and data, nothing else to open. What ssh needs (key, known
 * hosts) is in its own configuration file, which the administrator keeps; host keys are always checked, and
 * nobody is asked for anything. On the far side a forced command, collection-replication-peer, answers.
 */
#pragma once

#include <glib.h>

typedef struct CrSsh CrSsh;

/* @address: ssh://[user@]host[:port], checked by the settings. @config: ssh's configuration file.
 * @directory: for the socket of the shared connection, and for what ssh says. InvalidParameter for another
 * address. */
CrSsh *cr_ssh_new(const char *address, const char *config, const char *directory, GError **error);
void cr_ssh_free(CrSsh *ssh);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrSsh, cr_ssh_free)

/* The D-Bus address (unixexec:) of the far side's bus. Its connection is shared by all workers and kept for a
 * while: the first call pays for the login. */
char *cr_ssh_bus_address(const CrSsh *ssh);

/* The command line whose standard streams are the far side's transfer socket @name, by a login of its own. */
char **cr_ssh_transfer_command(const CrSsh *ssh, const char *name);

/* What ssh said last, one line, or NULL: why a connection could not be made. */
char *cr_ssh_complaint(const CrSsh *ssh);
