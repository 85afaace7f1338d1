/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A temporary folder with disk images, and QEMU's tools at work on them. Whatever goes wrong ends the test.
 */
#pragma once

#include <glib.h>

typedef struct Folder {
        char *path;
        guint n_servers; /* that there ever were: names of sockets */
} Folder;

Folder *folder_new(void);
void folder_free(Folder *folder); /* with all that is in it */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Folder, folder_free)
char *folder_file(const Folder *folder, const char *name); /* absolute */

/* Runs a command to its end. @may_fail: its exit status is given back, else it must be 0. */
int run_command(const char *const *argv, gboolean may_fail);

/* A qcow2 image; @options as of qemu-img -o; @below: a path or NULL. */
void image_create(const char *path, const char *options, const char *below, guint64 size);
/* The options of the layers that a receiver makes. */
#define LAYER_OPTIONS "extended_l2=on,cluster_size=128k"

/* qemu-io commands ("write -P 7 0 4k"), collected and carried out by one process. */
typedef struct Script {
        GPtrArray *argv;
} Script;

Script *script_new(void);
void script_add(Script *script, const char *format, ...) G_GNUC_PRINTF(2, 3);
void script_run(Script *script, const char *path);    /* and frees it */
void image_do(const char *path, const char *command); /* one */

/* What a guest would see of the two is the same; past the end of the shorter one, zeroes. */
gboolean images_equal(const char *a, const char *b);

/* A qemu-nbd, ended with its test. */
typedef struct Server {
        GPid pid; /* 0: has ended */
        char *socket_path;
} Server;

Server *serve(Folder *folder, const char *image, gboolean writable);
/* @image_options: of --image-opts. @extra: one more option or NULL. */
Server *serve_options(Folder *folder, const char *image_options, const char *extra);
void server_signal(Server *server, int sig);
void server_end(Server *server);  /* as a stop does: flushed */
void server_kill(Server *server); /* as a crash does */
void server_free(Server *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Server, server_free)
