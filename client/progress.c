/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/progress.h"

#include "client/format.h"
#include "client/text.h"

#define BAR_CELLS 20
#define BAR_MIN_COLUMNS 60

/* Appends what is known of bytes and rate, each part behind @separator. */
static void append_amounts(GString *line, const CrProgress *progress, const char *separator)
{
        g_autofree char *done = cr_format_size(progress->done);
        g_autofree char *total = cr_format_size(progress->total);
        g_autofree char *rate = cr_format_size(progress->rate);
        if (progress->total > 0)
                g_string_append_printf(line, "%s%s of %s", separator, done, total);
        else if (progress->done > 0)
                g_string_append_printf(line, "%s%s", separator, done);
        if (progress->rate > 0)
                g_string_append_printf(line, "%s%s/s", separator, rate);
}

static void append_phase(GString *line, const CrProgress *progress, const char *separator)
{
        g_autofree char *phase = cr_text_printable(progress->phase);
        if (*phase != '\0')
                g_string_append_printf(line, "%s%s", separator, phase);
}

char *cr_progress_bar(const CrProgress *progress, guint columns)
{
        g_autoptr(GString) line = g_string_new(NULL);
        guint percent = MIN(progress->percent, 100);
        if (columns >= BAR_MIN_COLUMNS) {
                guint full = percent * BAR_CELLS / 100;
                g_string_append_c(line, '[');
                for (guint i = 0; i < BAR_CELLS; i++)
                        g_string_append_c(line, i < full ? '#' : '-');
                g_string_append(line, "] ");
        }
        g_string_append_printf(line, "%3u%%", percent);
        append_amounts(line, progress, "  ");
        append_phase(line, progress, "  ");
        return cr_text_ellipsize(line->str, columns > 0 ? columns - 1 : 0);
}

char *cr_progress_line(const CrProgress *progress)
{
        GString *line = g_string_new(NULL);
        g_string_append_printf(line, "%u%%", MIN(progress->percent, 100));
        append_amounts(line, progress, ", ");
        append_phase(line, progress, ": ");
        return g_string_free(line, FALSE);
}

gboolean cr_progress_is_news(const CrProgress *before, const CrProgress *now)
{
        return g_strcmp0(before->phase, now->phase) != 0 || before->percent / 10 != now->percent / 10;
}
