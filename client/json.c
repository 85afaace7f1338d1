/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/json.h"

JsonNode *cr_json_value(GVariant *value)
{
        return json_gvariant_serialize(value);
}

JsonNode *cr_json_object(const char *path, GVariant *properties)
{
        JsonNode *node = json_gvariant_serialize(properties);
        json_object_set_string_member(json_node_get_object(node), "Path", path);
        return node;
}

JsonNode *cr_json_string_member(const char *name, const char *value)
{
        JsonNode *node = json_node_new(JSON_NODE_OBJECT);
        JsonObject *object = json_object_new();
        json_object_set_string_member(object, name, value);
        json_node_take_object(node, object);
        return node;
}

void cr_json_print(JsonNode *node)
{
        g_autofree char *text = json_to_string(node, TRUE);
        g_print("%s\n", text);
        json_node_unref(node);
}

void cr_json_print_line(JsonNode *node)
{
        g_autofree char *text = json_to_string(node, FALSE);
        g_print("%s\n", text);
        json_node_unref(node);
}

void cr_json_print_error(JsonNode *node)
{
        g_autofree char *text = json_to_string(node, TRUE);
        g_printerr("%s\n", text);
        json_node_unref(node);
}
