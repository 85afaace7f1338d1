/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The source tree, as the tests of this folder see it. Errors end the test. */

#include <glib.h>

/* The absolute path of the tree: SOURCE_ROOT in the environment. Static. */
const char *tree_root(void);

/* Paths, relative to the root, of the files that git tracks and that are there. */
GPtrArray *tree_list_tracked(void);

/* Paths, relative to the root, of all files below `folder` whose names end in one of `suffixes` (ends with
 * NULL). */
GPtrArray *tree_list_folder(const char *folder, const char *const *suffixes);

/* What is in the file; `path` is relative to the root. */
char *tree_read(const char *path);
