/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/text.h"

#include <string.h>

char *cr_text_printable(const char *text)
{
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        GString *out = g_string_sized_new(strlen(valid));
        for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p);
                if (c == '\n' || c == '\t')
                        g_string_append_c(out, ' ');
                else if (g_unichar_iscntrl(c))
                        g_string_append_c(out, '?');
                else
                        g_string_append_unichar(out, c);
        }
        return g_string_free(out, FALSE);
}

static guint character_columns(gunichar c)
{
        if (g_unichar_iszerowidth(c))
                return 0;
        return g_unichar_iswide(c) ? 2 : 1;
}

guint cr_text_columns(const char *text)
{
        guint columns = 0;
        for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p))
                columns += character_columns(g_utf8_get_char(p));
        return columns;
}

char *cr_text_ellipsize(const char *text, guint columns)
{
        if (cr_text_columns(text) <= columns)
                return g_strdup(text);

        guint dots = MIN(columns, 3);
        guint used = 0;
        const char *p = text;
        while (used + character_columns(g_utf8_get_char(p)) <= columns - dots) {
                used += character_columns(g_utf8_get_char(p));
                p = g_utf8_next_char(p);
        }
        return g_strdup_printf("%.*s%.*s", (int)(p - text), text, (int)dots, "...");
}
