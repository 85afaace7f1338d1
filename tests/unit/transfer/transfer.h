/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests do with two sides: send from one, receive at the other. Whatever goes wrong ends the test.
 */
#pragma once

#include "folder.h"

#include "transfer/copy.h"

/* Of one disk: what is sent, and above what it is received. */
typedef struct Transfer {
        const char *view;  /* Y: image of the sender */
        guint depth;       /* as in CrChangesSpec */
        const char *other; /* X there, or NULL */
        guint other_depth;
        guint64 changed_from;
        const GArray *compared; /* likewise */
        const char *below;      /* the copy of X at the receiver, or NULL: whole */
        const char *layer;      /* where the new layer goes */
        guint64 size;           /* of Y */
} Transfer;

/* Makes the layer, copies, checks that the receiver's digest is the sender's. Comparing contents is the
 * caller's. */
CrCopyResult transfer_run(Folder *folder, const Transfer *transfer);

CrNbd *open_server(Server *server, gboolean with_changes);

/* The digest that a fresh server's view of @image has. */
void image_digest(Folder *folder, const char *image, gboolean whole, char ret[CR_DIGEST_LENGTH + 1]);
