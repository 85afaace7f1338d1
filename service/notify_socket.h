/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The socket on which workers report (sd_notify). The kernel tells who sent each datagram. */
#pragma once

#include <glib.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

typedef struct CrNotifySocket CrNotifySocket;

typedef void (*CrNotifyFunc)(pid_t pid, const char *datagram, gsize length, void *userdata);

/* Binds <directory>/notify, in the place of one that a former process left. */
CrNotifySocket *cr_notify_socket_new(
        sd_event *event, const char *directory, CrNotifyFunc received, void *userdata, GError **error);
CrNotifySocket *cr_notify_socket_free(CrNotifySocket *socket);
const char *cr_notify_socket_path(const CrNotifySocket *socket);
/* Takes what is there, without waiting. */
void cr_notify_socket_drain(CrNotifySocket *socket);
