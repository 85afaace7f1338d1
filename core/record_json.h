/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Records as JSON. 64-bit numbers are decimal strings: a JSON integer is signed for most readers and a double
 * for some. What is read is checked; an error is Failed, naming the member. Private to core.
 */
#pragma once

#include <json-glib/json-glib.h>

#include "core/record.h"

JsonObject *cr_json_from_fields(const CrField *fields, gconstpointer data);
/* Adds the member @name: an array of records. */
void cr_json_add_records(JsonObject *object, const char *name, const CrField *fields, const GPtrArray *array);

/* TRUE when @object's member "format" says so. */
gboolean cr_json_has_format(JsonObject *object, gint64 format);

/* @n_others: how many members @object has beside these fields. One more is not ours: what somebody else wrote
 * must not be taken in part. */
gboolean cr_json_read_fields(
        JsonObject *object, const CrField *fields, guint n_others, gpointer data, GError **error);
/* Adds what the member @name has to @array. */
gboolean cr_json_read_records(
        JsonObject *object, const char *name, const CrRecord *record, GPtrArray *array, GError **error);

/* Borrowed. */
JsonArray *cr_json_get_array(JsonObject *object, const char *name, GError **error);
JsonObject *cr_json_get_element(JsonArray *elements, guint index, GError **error);
