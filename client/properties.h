/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading an a{sv} that came from the service. A key that is missing or of another type reads as 0, FALSE or
 * "": a client shows what there is.
 */
#pragma once

#include <glib.h>

/* Owned by @properties. */
const char *cr_properties_string(GVariant *properties, const char *key);

/* A number of any unsigned type (q, u, t). */
guint64 cr_properties_number(GVariant *properties, const char *key);

gboolean cr_properties_boolean(GVariant *properties, const char *key);

/* The value, which must be of @type; NULL when it is not there. Unref it. */
GVariant *cr_properties_value(GVariant *properties, const char *key, const char *type);
