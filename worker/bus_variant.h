/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between GVariant and sd-bus messages: the marshalling itself is libsystemd's and GLib's, type by type. */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

/* Appends @value to @message. Negative errno. */
int cr_bus_variant_append(sd_bus_message *message, GVariant *value);

/* Reads the whole body of @message as a tuple of @type ("(a{sv})"); StatusUnknown when it is another one. New
 * reference. */
GVariant *cr_bus_variant_read(sd_bus_message *message, const char *type, GError **error);
