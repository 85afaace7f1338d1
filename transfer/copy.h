/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moving the changed blocks of one disk from a view to a new layer, and the digest that proves it arrived. */
#pragma once

#include "transfer/changes.h"

#define CR_DIGEST_LENGTH 32 /* XXH3-128 in hex */

typedef struct CrCopyResult {
        guint64 bytes_sent;  /* data that crossed (zeroes cross as one request) */
        guint64 bytes_total; /* changed bytes, zeroes included */
        char digest[CR_DIGEST_LENGTH + 1];
} CrCopyResult;

/* Called about every 100 ms and at the end, in the caller's thread, with bytes done so far of this disk (data
 * and zeroes). FALSE cancels: CR_ERROR_CANCELLED. */
typedef gboolean (*CrCopyProgress)(guint64 done, void *userdata);

/* Several requests are in flight; memory is bounded (8 MiB of data) whatever the disk's size. Flushes @target
 * before it returns. NotAvailable when a server has gone, Timeout when one did not move for 60 s, Failed for
 * what a server answered, each naming the socket. After an error, a cancel too, the connections can only be
 * closed. */
gboolean cr_copy_changes(const CrChangesSpec *spec, CrNbd *target, CrCopyProgress progress, void *userdata,
        CrCopyResult *ret, GError **error);

/* The same digest, computed by the receiver from the finished layer: @view is the layer's view (topmost),
 * read by a fresh server. @whole: the layer has nothing below it (a whole copy). */
gboolean cr_copy_digest(CrNbd *view, gboolean whole, CrCopyProgress progress, void *userdata,
        char ret_digest[CR_DIGEST_LENGTH + 1], GError **error);

/* The digest of a disk of which nothing changed. */
void cr_copy_digest_of_nothing(char ret_digest[CR_DIGEST_LENGTH + 1]);

/* Bytes that cr_copy_changes would send: data extents by metadata alone. */
gboolean cr_copy_estimate(const CrChangesSpec *spec, guint64 *ret_bytes, GError **error);
