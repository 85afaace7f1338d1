/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the header of one opened qcow2 image says, read by QEMU from that one file, and refused when it is
 * more than the engine takes. */
#pragma once

#include <glib.h>

typedef struct CrImage {
        guint64 virtual_size;
        char *backing;              /* absolute and normal; NULL: none. Nothing was opened there */
        const char *backing_format; /* "qcow2" or "raw", static; NULL when there is no backing file */
        gboolean backing_relative;  /* the header names it relative to the image's folder */
} CrImage;

void cr_image_clear(CrImage *image);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrImage, cr_image_clear)

/* @path is where @fd was opened, for names relative to it and for messages. NotSupported or InvalidParameter,
 * naming @path, for what is refused; Timeout. */
gboolean cr_image_read(int fd, const char *path, CrImage *ret, GError **error);
