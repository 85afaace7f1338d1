/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/log.h"

#include <stdarg.h>

#define FIELDS_MAX 9

typedef struct Fields {
        GLogField field[FIELDS_MAX];
        gsize n;
} Fields;

static void add(Fields *fields, const char *key, const char *value)
{
        if (value)
                fields->field[fields->n++] = (GLogField){key, value, -1};
}

static const char *priority_of(GLogLevelFlags level)
{
        switch (level & G_LOG_LEVEL_MASK) {
        case G_LOG_LEVEL_ERROR:
        case G_LOG_LEVEL_CRITICAL:
                return "3";
        case G_LOG_LEVEL_WARNING:
                return "4";
        case G_LOG_LEVEL_MESSAGE:
                return "5";
        case G_LOG_LEVEL_INFO:
                return "6";
        default:
                return "7";
        }
}

void cr_log_full(const char *file, const char *line, const char *function, GLogLevelFlags level,
        const char *operation, const char *collection, guint64 job, const char *format, ...)
{
        g_autofree char *job_text = job ? g_strdup_printf("%" G_GUINT64_FORMAT, job) : NULL;
        g_autofree char *message = NULL;
        Fields fields = {.n = 0};
        va_list arguments;

        va_start(arguments, format);
        message = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        add(&fields, "PRIORITY", priority_of(level));
        add(&fields, "MESSAGE", message);
        add(&fields, "GLIB_DOMAIN", G_LOG_DOMAIN);
        add(&fields, "CODE_FILE", file);
        add(&fields, "CODE_LINE", line);
        add(&fields, "CODE_FUNC", function);
        add(&fields, "COLLECTION_REPLICATION_OPERATION", operation);
        add(&fields, "COLLECTION_REPLICATION_COLLECTION", collection);
        add(&fields, "COLLECTION_REPLICATION_JOB", job_text);
        g_log_structured_array(level, fields.field, fields.n);
}
