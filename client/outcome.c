/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/outcome.h"

#include "client/follow.h"
#include "client/format.h"
#include "client/json.h"
#include "client/objects.h"
#include "client/properties.h"
#include "client/text.h"

/* Lines for what a result holds beside the amounts: pairs of a name and a value, or the value as it is. */
static void append_result_entry(GString *text, const char *key, GVariant *value)
{
        g_autofree char *name = cr_text_printable(key);
        if (!g_variant_is_of_type(value, G_VARIANT_TYPE("a(ss)")) &&
                !g_variant_is_of_type(value, G_VARIANT_TYPE("a(st)"))) {
                g_autofree char *printed = g_variant_print(value, FALSE);
                g_string_append_printf(text, "\n%s: %s", name, printed);
                return;
        }
        g_string_append_printf(text, "\n%s:%s", name, g_variant_n_children(value) == 0 ? " none" : "");
        for (gsize i = 0; i < g_variant_n_children(value); i++) {
                g_autoptr(GVariant) pair = g_variant_get_child_value(value, i);
                g_autoptr(GVariant) first = g_variant_get_child_value(pair, 0);
                g_autoptr(GVariant) second = g_variant_get_child_value(pair, 1);
                g_autofree char *left = cr_text_printable(g_variant_get_string(first, NULL));
                g_autofree char *right = g_variant_print(second, FALSE);
                g_string_append_printf(text, "\n  %s: %s", left, right);
        }
}

static void append_result(GString *text, GVariant *result)
{
        g_autofree char *sent = cr_format_size(cr_properties_number(result, "BytesSent"));
        g_autofree char *duration = cr_format_duration(cr_properties_number(result, "Duration"));
        g_string_append_printf(text, " in %s, %s sent", duration, sent);

        GVariantIter iter;
        const char *key;
        GVariant *value;
        g_variant_iter_init(&iter, result);
        while (g_variant_iter_loop(&iter, "{&sv}", &key, &value))
                if (!g_str_equal(key, "BytesSent") && !g_str_equal(key, "Duration"))
                        append_result_entry(text, key, value);
}

char *cr_outcome_text(GVariant *properties)
{
        GString *text = g_string_new(NULL);
        g_autofree char *collection =
                cr_objects_collection_name(cr_properties_string(properties, "Collection"));
        g_autoptr(GVariant) result = cr_properties_value(properties, "Result", "a{sv}");
        g_string_append_printf(text, "%s of %s: %s", cr_properties_string(properties, "Operation"),
                collection, cr_properties_string(properties, "State"));
        if (result != NULL && g_variant_n_children(result) > 0)
                append_result(text, result);
        return g_string_free(text, FALSE);
}

/* A job that there was no need for, in the shape of one. */
static GVariant *completed_at_once(void)
{
        GVariantDict properties;
        g_variant_dict_init(&properties, NULL);
        g_variant_dict_insert(&properties, "State", "s", "completed");
        g_variant_dict_insert(&properties, "ReturnValue", "u", 0);
        return g_variant_ref_sink(g_variant_dict_end(&properties));
}

static void print_json(const char *job, GVariant *properties, const char *resulting_collection)
{
        JsonNode *node = cr_json_object(job, properties);
        if (resulting_collection != NULL)
                json_object_set_string_member(
                        json_node_get_object(node), "ResultingCollection", resulting_collection);
        cr_json_print(node);
}

static void print_text(const char *job, GVariant *properties, const char *resulting_collection)
{
        g_autofree char *text = g_str_equal(job, "/") ? g_strdup("done") : cr_outcome_text(properties);
        g_print("%s\n", text);
        if (resulting_collection != NULL) {
                g_autofree char *name = cr_objects_collection_name(resulting_collection);
                g_print("test copy: %s\n", name);
        }
}

/* The end of a job, as far as its object still tells. A failure's text comes with the error, once. */
static void print_end(CrClient *client, const char *job, const char *resulting_collection, gboolean completed)
{
        g_autoptr(GVariant) properties =
                g_str_equal(job, "/") ? completed_at_once()
                                      : cr_objects_properties(client, job, CR_BUS_JOB_INTERFACE, NULL);
        if (properties == NULL)
                return;
        if (client->json)
                print_json(job, properties, resulting_collection);
        else if (completed)
                print_text(job, properties, resulting_collection);
}

static void print_path(CrClient *client, const char *job)
{
        if (client->json)
                cr_json_print(cr_json_string_member("Path", job));
        else
                g_print("%s\n", job);
}

gboolean cr_outcome_of_test(
        CrInvocation *invocation, const char *job, const char *resulting_collection, GError **error)
{
        CrClient *client = invocation->client;
        if (invocation->options.no_wait) {
                print_path(client, job);
                return TRUE;
        }
        gboolean completed = g_str_equal(job, "/") || cr_follow(client, job, client->json, error);
        print_end(client, job, resulting_collection, completed);
        return completed;
}

gboolean cr_outcome_of_job(CrInvocation *invocation, const char *job, GError **error)
{
        return cr_outcome_of_test(invocation, job, NULL, error);
}
