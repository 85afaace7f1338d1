/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One datagram of a worker, taken apart (core/worker_protocol.h). */
#pragma once

#include <glib.h>

typedef struct CrNotification {
        gboolean ready, done, changed;
        gboolean has_final, final;
        gboolean has_progress;
        guint64 bytes_done, bytes_total;
        char *phase; /* NULL: not in it; likewise below */
        char *bus_error;
        char *status;
        GVariant *reply, *result; /* a{sv} */
} CrNotification;

/* Unknown fields and malformed values are left out, as sd_notify()'s readers do. */
void cr_notification_parse(CrNotification *notification, const char *datagram, gsize length);
void cr_notification_clear(CrNotification *notification);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrNotification, cr_notification_clear)
