/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file system of images in memory, and what the steps of a plan do to it: what an engine promises, without
 * one. An image has a size and blocks; what a block that was never written shows is the business of the one
 * below.
 */
#pragma once

#include "core/plan.h"

#define FILES_BLOCKS 12 /* of an image, at most */

typedef struct Image {
        ino_t inode;
        char *below;              /* path of the image below; NULL: none */
        guint64 size;             /* blocks */
        int blocks[FILES_BLOCKS]; /* -1: never written */
} Image;

/* Path (owned) to Image (owned). */
typedef GHashTable Files;

Files *files_new(void);
/* Borrowed; NULL when there is none. */
Image *files_find(Files *files, const char *path);
/* An empty image; @below may be NULL. Nothing may be there yet. Borrowed. */
Image *files_create(Files *files, const char *path, const char *below, guint64 size);
void files_apply(Files *files, const CrPlan *plan);

/* What a guest sees: *@ret_size blocks; beyond them nothing (0). */
void files_view(Files *files, const char *path, int ret[FILES_BLOCKS], guint64 *ret_size);
void files_resize(Image *image, guint64 size);
