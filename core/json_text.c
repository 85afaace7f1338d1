/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/json_text.h"

#include <string.h>

#include "core/error.h"

static gboolean refuse(GError **error, const char *problem)
{
        g_set_error_literal(error, CR_ERROR, CR_ERROR_FAILED, problem);
        return FALSE;
}

/* Who writes UTF-8 has no need of them. */
static gboolean is_escaped_surrogate(const char *c)
{
        return c[0] == '\\' && c[1] == 'u' && g_ascii_tolower(c[2]) == 'd' &&
               strchr("89abcdef", g_ascii_tolower(c[3]));
}

/* Strings are passed over; outside of them no comment may begin, which json-glib knows and JSON does not, so
 * that both see the same brackets. */
gboolean cr_json_text_check(const char *text, guint max_nesting, GError **error)
{
        gboolean in_string = FALSE;
        guint depth = 0;

        if (!g_utf8_validate(text, -1, NULL))
                return refuse(error, "it is not UTF-8");
        for (const char *c = text; *c; c++) {
                if (in_string && is_escaped_surrogate(c))
                        return refuse(error, "it has an escape of half a character");
                if (in_string && *c == '\\' && c[1])
                        c++;
                else if (*c == '"')
                        in_string = !in_string;
                else if (in_string)
                        continue;
                else if (strchr("/#'", *c))
                        return refuse(error, "it is not JSON");
                else if (strchr("[{", *c) && ++depth > max_nesting)
                        return refuse(error, "it is nested too deeply");
                else if (strchr("]}", *c) && depth > 0)
                        depth--;
        }
        return TRUE;
}
