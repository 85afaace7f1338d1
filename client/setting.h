/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Settings as typed, KEY=VALUE, made into the a{sv} that the service takes.
 */
#pragma once

#include <glib.h>

/* The type that the service takes for a known key; NULL for an unknown one. */
const GVariantType *cr_setting_type(const char *key);

/* One value of the type of its key. Numbers are decimal; 64-bit ones are bytes and may have a unit (10M);
 * booleans are true, false, yes, no, on, off, 1 or 0; lists are separated by commas, or in GVariant text when
 * they begin with '['. An unknown key's value stays a string: refusing it is up to the service, which may
 * know more keys than this client. Errors: CR_CLIENT_ERROR_USAGE. Unref the value. */
GVariant *cr_setting_parse(const char *key, const char *value, GError **error);

/* Adds KEY=VALUE words, up to the NULL, to an a{sv} under construction. A key given twice, or a word without
 * '=', is CR_CLIENT_ERROR_USAGE. */
gboolean cr_settings_parse(GVariantDict *settings, char *const *words, GError **error);

/* A setting's value as it would be typed. Free with g_free(). */
char *cr_setting_format(GVariant *value);
