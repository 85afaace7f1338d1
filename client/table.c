/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/table.h"

#include "client/text.h"

struct CrTable {
        guint n_columns;
        gboolean *right; /* per column */
        guint *width;    /* per column, in terminal columns */
        GPtrArray *rows; /* GStrv of n_columns */
};

static void table_add_row(CrTable *table, const char *const *cells)
{
        char **row = g_new0(char *, table->n_columns + 1);
        for (guint i = 0; i < table->n_columns; i++) {
                row[i] = cr_text_printable(cells[i]);
                table->width[i] = MAX(table->width[i], cr_text_columns(row[i]));
        }
        g_ptr_array_add(table->rows, row);
}

CrTable *cr_table_new(const char *const *headings)
{
        CrTable *table = g_new0(CrTable, 1);
        table->n_columns = g_strv_length((char **)headings);
        table->right = g_new0(gboolean, table->n_columns);
        table->width = g_new0(guint, table->n_columns);
        table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);

        g_autofree const char **names = g_new0(const char *, table->n_columns);
        for (guint i = 0; i < table->n_columns; i++) {
                table->right[i] = headings[i][0] == '>';
                names[i] = headings[i] + (table->right[i] ? 1 : 0);
        }
        table_add_row(table, names);
        return table;
}

void cr_table_free(CrTable *table)
{
        g_free(table->right);
        g_free(table->width);
        g_ptr_array_unref(table->rows);
        g_free(table);
}

void cr_table_add(CrTable *table, const char *const *cells)
{
        table_add_row(table, cells);
}

static void append_cell(CrTable *table, GString *text, guint column, const char *cell)
{
        int padding = (int)(table->width[column] - cr_text_columns(cell));
        gboolean last = column + 1 == table->n_columns;
        if (table->right[column])
                g_string_append_printf(text, "%*s%s", padding, "", cell);
        else
                g_string_append_printf(text, "%s%*s", cell, last ? 0 : padding, "");
        g_string_append(text, last ? "\n" : "  ");
}

char *cr_table_format(CrTable *table)
{
        GString *text = g_string_new(NULL);
        for (guint i = 0; i < table->rows->len; i++) {
                char **row = table->rows->pdata[i];
                for (guint column = 0; column < table->n_columns; column++)
                        append_cell(table, text, column, row[column]);
        }
        return g_string_free(text, FALSE);
}

void cr_table_print(CrTable *table)
{
        g_autofree char *text = cr_table_format(table);
        g_print("%s", text);
}
