/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Output for programs: the members of the bus interfaces under their own names, in the shapes that
 * introspection/ documents (a structure is a JSON array).
 */
#pragma once

#include <json-glib/json-glib.h>

/* An object's properties (a{sv}) as a JSON object, with its path under "Path". */
JsonNode *cr_json_object(const char *path, GVariant *properties);

/* Any value from the bus. */
JsonNode *cr_json_value(GVariant *value);

/* {@name: @value}. */
JsonNode *cr_json_string_member(const char *name, const char *value);

/* Prints and frees; indented on stdout. */
void cr_json_print(JsonNode *node);

/* Prints and frees; on one line of stdout. */
void cr_json_print_line(JsonNode *node);

/* Prints and frees; indented on stderr. */
void cr_json_print_error(JsonNode *node);
