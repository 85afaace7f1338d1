/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Rows in columns, as wide as what they hold, in the order in which they were added.
 */
#pragma once

#include <glib.h>

typedef struct CrTable CrTable;

/* @headings: column headings, NULL at the end; one that begins with '>' is for a column of numbers, set to
 * the right. */
CrTable *cr_table_new(const char *const *headings);
void cr_table_free(CrTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrTable, cr_table_free)

/* One cell per heading, copied and made printable. */
void cr_table_add(CrTable *table, const char *const *cells);

/* The whole table, headings included, each line with its newline. Free with g_free(). */
char *cr_table_format(CrTable *table);
void cr_table_print(CrTable *table);
