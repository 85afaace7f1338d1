/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/notification.h"

#include <string.h>

#include "core/worker_protocol.h"

static void parse_progress(CrNotification *notification, const char *value)
{
        g_auto(GStrv) parts = g_strsplit(value, "/", 2);

        notification->has_progress =
                parts[0] && parts[1] &&
                g_ascii_string_to_unsigned(parts[0], 10, 0, G_MAXUINT64, &notification->bytes_done, NULL) &&
                g_ascii_string_to_unsigned(parts[1], 10, 0, G_MAXUINT64, &notification->bytes_total, NULL);
}

static void take_text(char **text, const char *value)
{
        g_free(*text);
        *text = g_utf8_make_valid(value, -1);
}

static void parse_dictionary(GVariant **dictionary, const char *value)
{
        GVariant *parsed = g_variant_parse(G_VARIANT_TYPE_VARDICT, value, NULL, NULL, NULL);

        if (!parsed)
                return;
        g_clear_pointer(dictionary, g_variant_unref);
        *dictionary = parsed;
}

static void parse_field(CrNotification *notification, const char *key, const char *value)
{
        gboolean is_set = strcmp(value, "1") == 0;

        if (strcmp(key, "READY") == 0)
                notification->ready = is_set;
        else if (strcmp(key, CR_NOTIFY_DONE) == 0)
                notification->done = is_set;
        else if (strcmp(key, CR_NOTIFY_CHANGED) == 0)
                notification->changed = is_set;
        else if (strcmp(key, CR_NOTIFY_FINAL) == 0)
                notification->has_final = TRUE, notification->final = is_set;
        else if (strcmp(key, CR_NOTIFY_PHASE) == 0)
                take_text(&notification->phase, value);
        else if (strcmp(key, CR_NOTIFY_PROGRESS) == 0)
                parse_progress(notification, value);
        else if (strcmp(key, "BUSERROR") == 0)
                take_text(&notification->bus_error, value);
        else if (strcmp(key, "STATUS") == 0)
                take_text(&notification->status, value);
        else if (strcmp(key, CR_NOTIFY_REPLY) == 0)
                parse_dictionary(&notification->reply, value);
        else if (strcmp(key, CR_NOTIFY_RESULT) == 0)
                parse_dictionary(&notification->result, value);
}

void cr_notification_parse(CrNotification *notification, const char *datagram, gsize length)
{
        g_autofree char *text = g_strndup(datagram, length);
        g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

        *notification = (CrNotification){0};
        for (guint i = 0; lines[i]; i++) {
                char *equals = strchr(lines[i], '=');

                if (!equals)
                        continue;
                *equals = '\0';
                parse_field(notification, lines[i], equals + 1);
        }
}

void cr_notification_clear(CrNotification *notification)
{
        g_free(notification->phase);
        g_free(notification->bus_error);
        g_free(notification->status);
        g_clear_pointer(&notification->reply, g_variant_unref);
        g_clear_pointer(&notification->result, g_variant_unref);
}
