/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine that starts again and again, whatever is done to its disks meanwhile: opens one, writes a block
 * that was never written before, and stops. What it wrote it remembers. */
#pragma once

#include <glib.h>

typedef struct Machine Machine;

/* @heads: two paths. It writes from @offset on, upwards. */
Machine *machine_start(char *const heads[2], guint64 offset);
/* How many blocks it has written; every write that was begun before this call has ended. Also once it is
 * stopped. */
guint machine_count(Machine *machine);
/* Ends it; what it wrote can still be checked. */
void machine_stop(Machine *machine);
void machine_free(Machine *machine);

/* @image shows all that the machine wrote to disk @disk from its @from-th block to before its @to-th. */
void machine_check(Machine *machine, guint disk, guint from, guint to, const char *image);
