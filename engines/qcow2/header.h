/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fixed part of a qcow2 header, read before any tool of QEMU may open the image: opening one that has a
 * data-file opens that file too, whatever it is. Everything else in a header is QEMU's to read.
 */
#pragma once

#include <glib.h>

/* TRUE when @fd begins like a qcow2 image that the engine can work with. NotSupported, naming @path and what
 * to do: not qcow2, a newer version, a data-file, encrypted, with internal snapshots, marked corrupt. */
gboolean cr_header_check(int fd, const char *path, GError **error);

/* The same check, and the size that a guest sees. */
gboolean cr_header_size(int fd, const char *path, guint64 *ret_size, GError **error);

/* The same check, and whether the image holds nothing of its own: all that it shows is what lies below. */
gboolean cr_header_is_empty(int fd, const char *path, gboolean *ret, GError **error);
