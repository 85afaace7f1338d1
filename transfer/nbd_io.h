/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside this folder: waiting for several connections at once, and what becomes of one that fails. */
#pragma once

#include <libnbd.h>

#include "transfer/nbd.h"

/* Of each byte, in which layer it lies: 0 none, 1 the topmost... */
#define CR_NBD_DEPTH_CONTEXT "qemu:allocation-depth"

#define CR_NBD_STALL_MS 60000u /* nothing moved for so long while answers were owed: Timeout */

/* A connection whose server must greet within @patience_ms; otherwise as cr_nbd_open. */
CrNbd *cr_nbd_open_within(const char *socket_path, gboolean with_changes, guint patience_ms, GError **error);

/* NULL once the connection was abandoned. Calls on it fail with ENOTCONN, see cr_nbd_set_error. */
struct nbd_handle *cr_nbd_handle(CrNbd *nbd);

/* How long a stall may last (default CR_NBD_STALL_MS). */
void cr_nbd_set_patience(CrNbd *nbd, guint ms);

/* Closes the connection under whatever is still in flight, so that its buffers may be freed: no callback
 * comes any more. NULL is fine. */
void cr_nbd_abandon(CrNbd *nbd);

/* @errnum of a request (0: of libnbd's last call) as an error that names the socket: NotAvailable when the
 * server is gone, else Failed. Keeps an error that is there already (the first tells why). Returns FALSE. */
gboolean cr_nbd_set_error(CrNbd *nbd, int errnum, GError **error, const char *format, ...)
        G_GNUC_PRINTF(4, 5);

/* Starts to read into @buffer, which must stay until @done was called with @userdata (and an errno, 0: well)
 * or the connection was abandoned. FALSE: nothing was started. */
gboolean cr_nbd_start_read(CrNbd *nbd, void *buffer, gsize length, guint64 offset,
        int (*done)(void *userdata, int *error), void *userdata, GError **error);

/* Connections that are waited for together. */
typedef struct CrNbdWait {
        CrNbd *nbds[3];    /* NULL: none; all different */
        gint64 moved;      /* monotonic time when something last moved; 0: the wait begins now */
        guint patience_ms; /* how long a stall may last; 0: as each connection says */
} CrNbdWait;

/* Lets libnbd work (its callbacks run here, or at once where a request is made; they return 0) as soon as one
 * of the connections is ready, or after @timeout_ms. Returns at once when no answers are owed. NotAvailable
 * when a connection broke, Timeout after a stall. */
gboolean cr_nbd_wait(CrNbdWait *wait, int timeout_ms, GError **error);
