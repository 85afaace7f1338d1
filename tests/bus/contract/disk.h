/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disk images as a machine sees them, by QEMU's own tools. */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* Runs a program to its end; TRUE: it succeeded. NULL-terminated. */
gboolean run(const char *program, ...) G_GNUC_NULL_TERMINATED;
/* The same, and it must succeed. */
void must_run(const char *program, ...) G_GNUC_NULL_TERMINATED;

/* An empty image; the path is returned for convenience. */
const char *disk_make(const char *path, const char *size);
/* Writes like a machine that starts, writes and stops: FALSE when the image can't be opened. */
gboolean disk_write(const char *path, guint64 offset, guint64 length, guint8 byte);
/* What a guest sees, whoever else has the image open. */
char *disk_view(const char *path, gsize *ret_length);
/* Whether a guest sees @length bytes of that value there. */
gboolean disk_shows(const char *path, guint64 offset, guint64 length, guint8 byte);

/* A program that has an image open for writing: "qemu-nbd", "qemu-io" or "qemu-system-x86_64". */
typedef struct Holder Holder;
Holder *disk_hold(const char *program, const char *path);
void holder_end(Holder *holder);
