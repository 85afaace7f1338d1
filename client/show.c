/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/show.h"

#include "client/json.h"
#include "client/format.h"
#include "client/properties.h"
#include "client/table.h"
#include "client/words.h"

void cr_show_objects(CrClient *client, GPtrArray *objects, CrShowFunc show)
{
        if (!client->json) {
                show(objects);
                return;
        }
        JsonArray *array = json_array_new();
        for (guint i = 0; i < objects->len; i++) {
                const CrObject *object = objects->pdata[i];
                json_array_add_element(array, cr_json_object(object->path, object->properties));
        }
        JsonNode *node = json_node_new(JSON_NODE_ARRAY);
        json_node_take_array(node, array);
        cr_json_print(node);
}

void cr_show_collections(GPtrArray *collections)
{
        const char *const headings[] = {
                "NAME", "ROLE", "STATE", "HEALTH", "LAST REPLICATION", ">PENDING", ">JOB", NULL};
        g_autoptr(CrTable) table = cr_table_new(headings);
        for (guint i = 0; i < collections->len; i++) {
                GVariant *properties = ((CrObject *)collections->pdata[i])->properties;
                g_autofree char *last =
                        cr_format_time(cr_properties_number(properties, "LastReplicationTime"));
                g_autofree char *pending = cr_format_size(cr_properties_number(properties, "PendingBytes"));
                g_autofree char *job = cr_words_job(cr_properties_string(properties, "CurrentJob"));
                const char *const cells[] = {cr_properties_string(properties, "Name"),
                        cr_properties_string(properties, "Role"), cr_properties_string(properties, "State"),
                        cr_words_health(cr_properties_number(properties, "ReplicationHealth")), last, pending,
                        job};
                cr_table_add(table, cells);
        }
        cr_table_print(table);
}

void cr_show_points(GPtrArray *points)
{
        const char *const headings[] = {"ID", "CUT", "CONSISTENCY", ">SIZE", "ORIGIN", NULL};
        g_autoptr(CrTable) table = cr_table_new(headings);
        for (guint i = 0; i < points->len; i++) {
                GVariant *properties = ((CrObject *)points->pdata[i])->properties;
                g_autofree char *cut = cr_format_time(cr_properties_number(properties, "CreationTime"));
                g_autofree char *size = cr_format_size(cr_properties_number(properties, "Size"));
                const char *const cells[] = {cr_properties_string(properties, "Id"), cut,
                        cr_words_consistency(cr_properties_number(properties, "ConsistencyLevel")), size,
                        cr_properties_string(properties, "Origin")};
                cr_table_add(table, cells);
        }
        cr_table_print(table);
}

static guint64 total_bytes(GVariant *properties)
{
        g_autoptr(GVariant) disks = cr_properties_value(properties, "Disks", "a(sst)");
        guint64 total = 0;
        for (gsize i = 0; disks != NULL && i < g_variant_n_children(disks); i++) {
                guint64 bytes;
                g_variant_get_child(disks, i, "(&s&st)", NULL, NULL, &bytes);
                total += bytes;
        }
        return total;
}

void cr_show_divergences(GPtrArray *divergences)
{
        const char *const headings[] = {"ID", "SET ASIDE", "KEPT UNTIL", ">SIZE", "COMMON POINT", NULL};
        g_autoptr(CrTable) table = cr_table_new(headings);
        for (guint i = 0; i < divergences->len; i++) {
                GVariant *properties = ((CrObject *)divergences->pdata[i])->properties;
                guint64 expiration = cr_properties_number(properties, "ExpirationTime");
                g_autofree char *aside = cr_format_time(cr_properties_number(properties, "CreationTime"));
                g_autofree char *until = expiration == 0 ? g_strdup("discarded") : cr_format_time(expiration);
                g_autofree char *size = cr_format_size(total_bytes(properties));
                const char *const cells[] = {cr_properties_string(properties, "Id"), aside, until, size,
                        cr_properties_string(properties, "CommonPoint")};
                cr_table_add(table, cells);
        }
        cr_table_print(table);
}

void cr_show_jobs(GPtrArray *jobs)
{
        const char *const headings[] = {
                ">JOB", "OPERATION", "COLLECTION", "STATE", ">DONE", "STARTED", "PHASE OR RESULT", NULL};
        g_autoptr(CrTable) table = cr_table_new(headings);
        for (guint i = 0; i < jobs->len; i++) {
                GVariant *properties = ((CrObject *)jobs->pdata[i])->properties;
                const char *message = cr_properties_string(properties, "ErrorMessage");
                g_autofree char *id =
                        g_strdup_printf("%" G_GUINT64_FORMAT, cr_properties_number(properties, "Id"));
                g_autofree char *percent =
                        g_strdup_printf("%u%%", (guint)cr_properties_number(properties, "PercentComplete"));
                g_autofree char *started = cr_format_time(cr_properties_number(properties, "StartTime"));
                g_autofree char *collection =
                        cr_objects_collection_name(cr_properties_string(properties, "Collection"));
                const char *const cells[] = {id, cr_properties_string(properties, "Operation"), collection,
                        cr_properties_string(properties, "State"), percent, started,
                        *message != '\0' ? message : cr_properties_string(properties, "Phase")};
                cr_table_add(table, cells);
        }
        cr_table_print(table);
}
