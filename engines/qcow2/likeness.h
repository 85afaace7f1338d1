/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Gives the file @to the owner, mode, ACL and extended attributes (user.*, security.*) of @from. @path: of
 * @to, for messages. */
gboolean cr_likeness_copy(int from, int to, const char *path, GError **error);
