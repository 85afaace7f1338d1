/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The line of authorized_keys that lets the other site's key in, for this program and nothing else. */
#pragma once

#include <glib.h>

/* @public_key: a file as ssh-keygen writes it ("-": the standard input), one key without options. @program:
 * the forced command, absolute, with its own options. A new string that ends in a line break. */
char *cr_authorized_key(const char *public_key, const char *program, GError **error);
