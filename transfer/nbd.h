/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections to an NBD server on a Unix socket, and what its metadata tells of a disk. */
#pragma once

#include <glib.h>

typedef struct CrNbd CrNbd; /* one connection; belongs to one thread at a time */

/* @with_changes: negotiates base:allocation and qemu:allocation-depth; NotSupported when the server lacks
 * them. NotAvailable, Timeout when there is no server. */
CrNbd *cr_nbd_open(const char *socket_path, gboolean with_changes, GError **error);
/* Likewise, to a server that is reached through the standard streams of @command (NULL-terminated), which is
 * started and ends with the connection. @socket_path: for messages. */
CrNbd *cr_nbd_open_command(const char *socket_path, char **command, gboolean with_changes, GError **error);
void cr_nbd_close(CrNbd *nbd);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrNbd, cr_nbd_close)
guint64 cr_nbd_size(CrNbd *nbd);
