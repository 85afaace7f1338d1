/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/format.h"

#include <string.h>

static const char units[] = "KMGTPE";

char *cr_format_size(guint64 bytes)
{
        if (bytes < 1024)
                return g_strdup_printf("%" G_GUINT64_FORMAT " B", bytes);

        double value = bytes / 1024.0;
        guint unit = 0;
        /* From 1023.95 on one decimal would show 1024.0. */
        while (value >= 1023.95 && units[unit + 1] != '\0') {
                value /= 1024.0;
                unit++;
        }
        return g_strdup_printf("%.1f %ciB", value, units[unit]);
}

static gboolean parse_unit(const char *text, guint *ret_shift)
{
        static const char *const names[] = {"", "K", "M", "G", "T"};
        for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
                g_autofree char *binary = g_strconcat(names[i], i > 0 ? "iB" : "B", NULL);
                if (g_ascii_strcasecmp(text, names[i]) == 0 || g_ascii_strcasecmp(text, binary) == 0) {
                        *ret_shift = 10 * i;
                        return TRUE;
                }
        }
        return FALSE;
}

gboolean cr_parse_size(const char *text, guint64 *ret_bytes)
{
        gsize digits = strspn(text, "0123456789");
        g_autofree char *number = g_strndup(text, digits);
        guint shift = 0;
        guint64 value = 0;
        if (!parse_unit(text + digits, &shift) ||
                !g_ascii_string_to_unsigned(number, 10, 0, G_MAXUINT64 >> shift, &value, NULL))
                return FALSE;
        *ret_bytes = value << shift;
        return TRUE;
}

char *cr_format_time(guint64 usec)
{
        if (usec == 0)
                return g_strdup("-");
        g_autoptr(GDateTime) time = g_date_time_new_from_unix_local((gint64)(usec / G_USEC_PER_SEC));
        if (time == NULL)
                return g_strdup("?");
        return g_date_time_format(time, "%F %T");
}

gboolean cr_parse_time(const char *text, guint64 *ret_usec)
{
        g_autoptr(GTimeZone) local = g_time_zone_new_local();
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, local);
        if (time == NULL || g_date_time_to_unix(time) < 0)
                return FALSE;
        *ret_usec = (guint64)g_date_time_to_unix(time) * G_USEC_PER_SEC +
                    (guint64)g_date_time_get_microsecond(time);
        return TRUE;
}

static char *two_units(guint64 value, guint64 ratio, const char *large, const char *small)
{
        return g_strdup_printf("%" G_GUINT64_FORMAT " %s %" G_GUINT64_FORMAT " %s", value / ratio, large,
                value % ratio, small);
}

char *cr_format_duration(guint64 usec)
{
        guint64 seconds = usec / G_USEC_PER_SEC;
        if (seconds < 1)
                return g_strdup_printf("%" G_GUINT64_FORMAT " ms", usec / 1000);
        if (seconds < 60)
                return g_strdup_printf("%" G_GUINT64_FORMAT ".%u s", seconds, (guint)(usec / 100000 % 10));
        if (seconds < 3600)
                return two_units(seconds, 60, "min", "s");
        if (seconds < 86400)
                return two_units(seconds / 60, 60, "h", "min");
        return two_units(seconds / 3600, 24, "d", "h");
}
