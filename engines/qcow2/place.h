/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A place for a file: its folder, opened inside the configured directories with no link followed, and a name
 * in it. What is done to files (link, rename, unlink) is done by places, and names the inode that is meant.
 */
#pragma once

#include "core/config_file.h"

#include <sys/types.h>

/* The folder beside a head that holds the layers of its collections. */
#define CR_LAYERS_FOLDER ".collection-replication"

typedef struct CrPlace {
        int folder;       /* O_PATH */
        const char *name; /* in @path */
        char *path;
} CrPlace;

void cr_place_clear(CrPlace *place);
#define CR_AUTO_PLACE __attribute__((cleanup(cr_place_clear)))
#define CR_PLACE_NONE ((CrPlace){.folder = -1})

/* The directories that images may lie in: a NULL-terminated list, for g_strfreev. */
char **cr_place_directories(const CrConfig *config);

/* FileNotFound when the folder is missing. */
gboolean cr_place_open(const CrConfig *config, const char *path, CrPlace *ret, GError **error);

/* The same, but a missing folder of layers (<folder>/.collection-replication/<id>) is made first: 0711,
 * root's, flushed, of the same file system as <folder>. */
gboolean cr_place_make(const CrConfig *config, const char *path, CrPlace *ret, GError **error);

/* Opens the regular file at @path inside the configured directories, read-only. InvalidParameter for a link
 * or another kind of file. */
int cr_place_open_file(const CrConfig *config, const char *path, GError **error);

/* *@ret is the inode of what lies there (not following a link), 0 when nothing does. */
gboolean cr_place_inode(const CrPlace *place, ino_t *ret, GError **error);

/* Makes the opened file @fd appear at @place too; nothing to do when it is there. InvalidState when another
 * file is. */
gboolean cr_place_link(const CrPlace *place, int fd, GError **error);

/* Removes @place's name when the file there has @inode; another file, or none, is left alone. */
gboolean cr_place_unlink(const CrPlace *place, ino_t inode, GError **error);

/* @from's file takes @to's name, atomically, over what is there. */
gboolean cr_place_rename(const CrPlace *from, const CrPlace *to, GError **error);

/* Flushes the folder. */
gboolean cr_place_sync(const CrPlace *place, GError **error);
