/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Paths that a caller names are hostile until checked here: opened a component at a time below a configured
 * directory, with no symbolic link followed on the way (O_NOFOLLOW at each component; openat2 would do it in
 * one call, but valgrind and some sandboxes don't know that).
 */
#pragma once

#include <glib.h>

/* Opens the folder that holds @path, which must lie inside one of @directories (a NULL-terminated list); the
 * configured directory itself may be a link, nothing below it. *@ret_name is the last component, inside
 * @path. Returns a descriptor (O_PATH|O_DIRECTORY|O_CLOEXEC) or -1: InvalidParameter when @path is not
 * absolute, not normal (".", "..", "//") or not inside; FileNotFound when a folder on the way is missing. */
int cr_path_open_parent(char *const *directories, const char *path, const char **ret_name, GError **error);

/* Opens the regular file @path itself, inside @directories, with @flags (O_RDONLY, O_RDWR); a link or
 * anything but a regular file is InvalidParameter. -1 on error. */
int cr_path_open_file(char *const *directories, const char *path, int flags, GError **error);

/* Opens the folder @path itself, inside or equal to one of @directories. O_RDONLY|O_DIRECTORY. -1 on error.
 */
int cr_path_open_directory(char *const *directories, const char *path, GError **error);

/* TRUE when @path is absolute, normal and textually inside one of @directories. Opens nothing. */
gboolean cr_path_is_inside(char *const *directories, const char *path);

/* TRUE when @path begins with '/' and has no ".", "..", "//" and no '/' at its end (so "/" is none). */
gboolean cr_path_is_normal(const char *path);
