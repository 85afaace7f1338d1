/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes both ways between the standard streams and a socket. */
#pragma once

#include <glib.h>

/* Returns when the socket's side has ended and all that it said was written. What comes in is passed on until
 * its end, which the socket then sees. The descriptors must stay open until the process ends. FALSE with an
 * error of GIO when the connection broke. */
gboolean cr_relay(int socket, int input, int output, GError **error);
