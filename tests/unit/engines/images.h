/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the suite needs to play a virtual machine: one such table for each engine. What goes wrong fails the
 * test. */
#pragma once

#include <glib.h>

typedef struct Machine Machine;

typedef struct Images {
        const char *engine;

        /* A new image; @template (absolute, may be NULL) is what it is a clone of. */
        void (*make)(const char *path, guint64 size, const char *template);

        /* A machine that has the image as its disk starts, writes @pattern and stops. FALSE: it was refused.
         */
        gboolean (*write)(const char *path, guint8 pattern, guint64 offset, guint64 length);

        void (*resize)(const char *path, guint64 size);

        /* A machine that runs until it is stopped; NULL when it was refused. */
        Machine *(*run)(const char *path, gboolean writable);

        /* The image's whole content, opened by its path as a machine would. */
        GBytes *(*read)(const char *path);
} Images;

extern const Images qcow2_images;

/* Ends what run() started. */
void machine_stop(Machine *machine);

/* Runs a command to its end; its exit status. */
int images_command(const char *const *argv);
/* The same, with the words of a printf format; fails the test unless the command succeeds. */
void images_must(const char *format, ...) G_GNUC_PRINTF(1, 2);
