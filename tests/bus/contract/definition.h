/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Definitions of collections as callers ask for them, good and bad. */
#pragma once

#include "tests/bus/contract/answer.h"

typedef struct NamedDisk {
        const char *name, *path;
} NamedDisk;

/* DefineCollection with @n disks and no options. */
Answer define(Site *site, const char *name, const NamedDisk *disks, gsize n);

/* Is refused with this value, naming @object, and leaves no collection. */
void check_define_refused(
        Site *site, const char *name, const NamedDisk *disks, gsize n, guint value, const char *object);
/* The same, of one disk with good names. */
void check_image_refused(Site *site, const char *path, guint value);
/* The same with 32770, and with the reason in words. */
void check_image_unsupported(Site *site, const char *path, const char *reason);

/* The definition succeeds, and is taken back. */
void check_defines(Site *site, const char *name, const NamedDisk *disks, gsize n);

/* Neither now nor after a restart does the site show a collection. */
void check_no_collection(Site *site);
