/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text on a terminal: what may be shown there, and how many columns it takes. All strings are UTF-8.
 */
#pragma once

#include <glib.h>

/* A copy with control characters replaced by '?': names and messages come from another process, even another
 * site, and must not steer the terminal. Newlines become spaces. Free with g_free(). */
char *cr_text_printable(const char *text);

/* Columns that the text takes: wide characters count two, combining ones none. */
guint cr_text_columns(const char *text);

/* A copy of at most @columns columns; "..." at its end says that something was cut off. Free with g_free().
 */
char *cr_text_ellipsize(const char *text, guint columns);
