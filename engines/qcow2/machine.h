/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a running machine says of its images, and how it is told to write to overlays from now on. */
#pragma once

#include "engines/qcow2/qmp.h"

#include <sys/types.h>

/* A qcow2 image that a machine has open. */
typedef struct CrMachineImage {
        char *node;  /* the machine's name for it */
        char *file;  /* the name by which the machine opened the file */
        ino_t inode; /* of the file that has this name now; 0: none has */
        gboolean read_only;
        gboolean direct, no_flush; /* how it is cached */
        gboolean is_used;          /* by a device, or by another image */
        gboolean is_below;         /* it is what another image stands on */
} CrMachineImage;

/* CrMachineImage elements, in no order. */
GPtrArray *cr_machine_images(CrQmp *qmp, GError **error);

/* The image of that node name. NULL: none. */
const CrMachineImage *cr_machine_image(GPtrArray *images, const char *node);

/* What the machine calls the overlay that was staged at @path (an engine's layer path). */
char *cr_machine_overlay_name(const char *path);

/* Opens the overlay at @path under that name, with nothing below it yet, cached as @head. */
gboolean cr_machine_add_overlay(CrQmp *qmp, const char *path, const CrMachineImage *head, GError **error);

/* Closes overlays that the service once introduced and that nothing uses. */
void cr_machine_forget_overlays(CrQmp *qmp, GPtrArray *images);

/* Hands it @fd, for as long as the conversation lasts. *@ret_number is its number over there. */
gboolean cr_machine_give_file(CrQmp *qmp, int fd, int *ret_number, GError **error);

/* Writes go to the overlays at @paths from one instant on; each is above its image of @heads
 * (CrMachineImage), which is closed for writing. */
gboolean cr_machine_snapshot(CrQmp *qmp, GPtrArray *heads, GPtrArray *paths, GError **error);

/* Whether its processors run. */
gboolean cr_machine_runs(CrQmp *qmp, gboolean *ret, GError **error);
