/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between messages of the bus and GVariant, which the rest of the service works with. */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

/* What a caller may send; more is InvalidParameter. 64 disks with paths of 4 KiB need 260 KiB. */
#define CR_VARIANT_BYTES_MAX (320U * 1024U)
#define CR_VARIANT_DICTIONARY_BYTES_MAX (64U * 1024U)
#define CR_VARIANT_DICTIONARY_KEYS_MAX 128U
#define CR_VARIANT_DEPTH_MAX 8U

/* The whole body of @message as a tuple (new reference). NULL on an error: InvalidParameter beyond a limit or
 * for a file descriptor. */
GVariant *cr_variant_from_message(sd_bus_message *message, GError **error);

/* Appends @value, or, for the latter, what is in the tuple @values. 0 or a negative errno. */
int cr_variant_append(sd_bus_message *message, GVariant *value);
int cr_variant_append_all(sd_bus_message *message, GVariant *values);
