/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine that is slow to start: it opens its disk, is held up, and only then takes the locks as QEMU does.
 * By then the file that it has open may be another thing than its disk, and it must not get the locks. */
#pragma once

#include <glib.h>

typedef struct Latecomer Latecomer;

Latecomer *latecomer_start(const char *head);
/* How often it got to run so far. */
guint latecomer_count(const Latecomer *latecomer);
/* Ends and frees it. It has never run on a file that was not at the head's path. */
void latecomer_end(Latecomer *latecomer);
