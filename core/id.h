/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random 128-bit ids, written as 32 lower-case hex digits: of hosts, collections, disks, layers, points,
 * generations... */
#pragma once

#include <glib.h>

#define CR_ID_LENGTH 32
typedef struct CrId {
        char text[CR_ID_LENGTH + 1]; /* "" stands for none */
} CrId;

#define CR_ID_NONE ((CrId){""})

CrId cr_id_new(void); /* from the kernel's random numbers */

/* TRUE and *@ret when @text is exactly 32 lower-case hex digits. "" is not an id. */
gboolean cr_id_parse(const char *text, CrId *ret);

gboolean cr_id_equal(const CrId *a, const CrId *b); /* none equals none */
gboolean cr_id_is_none(const CrId *id);
/* For GHashTable keys that are CrId pointers. */
guint cr_id_hash(gconstpointer id);
gboolean cr_id_hash_equal(gconstpointer a, gconstpointer b);
