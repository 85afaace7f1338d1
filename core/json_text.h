/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a text from elsewhere may be given to json-glib, which takes some things as they come: bytes that
 * are not UTF-8; escaped surrogates without their other half, over which it leaks; and values nested without
 * a limit, which it reads by recursion, so that a text of brackets alone could drive it through the stack.
 */
#pragma once

#include <glib.h>

/* @max_nesting: of arrays and objects. Failed, with the reason; no object is named. */
gboolean cr_json_text_check(const char *text, guint max_nesting, GError **error);
