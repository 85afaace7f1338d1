/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the disks of the collection hold, as plain numbers: each block is filled with one number, and 0 is a
 * block of zeroes. And the means to write that to an image, and to compare an image with it. */
#pragma once

#include <glib.h>

#define N_DISKS 2
#define BLOCK_BYTES 16384u /* four of QEMU's sub-clusters, an eighth of a layer's cluster */
#define BLOCKS_MIN 128u
#define BLOCKS_MAX 320u

typedef struct Contents {
        guint n; /* blocks: the disk's size */
        guint32 block[BLOCKS_MAX];
} Contents;

/* All disks at one instant. */
typedef struct Cut {
        Contents disk[N_DISKS];
} Cut;

/* Writes, zeroes and discards at random places of the image at @path, as its machine would; @contents
 * follows. @next is the next number that was never written. @folder is for temporary files. */
void contents_change(Contents *contents, const char *path, GRand *random, guint32 *next, const char *folder);
/* Another size; what is cut off is gone, what is added is zeroes. */
void contents_resize(Contents *contents, const char *path, guint n);

/* An image, read without disturbing who else has it open, and what it should show. */
typedef struct View {
        char *path; /* owned */
        const Contents *wanted;
} View;

void view_clear(View *view);
/* Reads them all at once (View). NULL: they show what they should; else words that tell where one does not.
 */
char *views_check(GArray *views, const char *folder);
