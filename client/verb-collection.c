/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/verb-collection.h"

#include "client/disk.h"
#include "client/error.h"
#include "client/json.h"
#include "client/objects.h"
#include "client/outcome.h"
#include "client/show.h"

gboolean cr_verb_list(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autoptr(GPtrArray) collections = cr_objects_list(client, CR_BUS_COLLECTION_INTERFACE, NULL, error);
        if (collections == NULL)
                return FALSE;
        cr_show_objects(client, collections, cr_show_collections);
        return TRUE;
}

gboolean cr_verb_show(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        if (collection == NULL)
                return FALSE;
        g_autoptr(GVariant) properties =
                cr_objects_properties(client, collection, CR_BUS_COLLECTION_INTERFACE, error);
        if (properties == NULL)
                return FALSE;
        if (client->json)
                cr_json_print(cr_json_object(collection, properties));
        else
                cr_show_collection(properties);
        return TRUE;
}

void cr_verb_define_options(GOptionGroup *group, CrVerbOptions *options)
{
        const GOptionEntry entries[] = {
                {"machine", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->machines,
                        "QMP socket of a virtual machine that uses the disks (may be repeated)", "SOCKET"},
                {NULL},
        };
        g_option_group_add_entries(group, entries);
}

/* Floating. */
static GVariant *disk_options(const CrVerbOptions *options)
{
        GVariantDict dict;

        g_variant_dict_init(&dict, NULL);
        if (options->machines)
                g_variant_dict_insert_value(
                        &dict, "Machines", g_variant_new_strv((const char *const *)options->machines, -1));
        return g_variant_dict_end(&dict);
}

gboolean cr_verb_define(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        GVariant *disks = cr_disks_parse(invocation->args + 1, error);
        g_autofree char *collection = NULL;
        if (disks == NULL || !cr_bus_manager_call_define_collection_sync(client->manager, invocation->args[0],
                                     disks, disk_options(&invocation->options), cr_client_flags(client),
                                     cr_client_timeout(client), &collection, NULL, error))
                return FALSE;
        if (client->json)
                cr_json_print(cr_json_string_member("Path", collection));
        else
                g_print("defined\n");
        return TRUE;
}

gboolean cr_verb_destroy(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autofree char *job = NULL;
        if (collection == NULL || !cr_bus_manager_call_destroy_collection_sync(client->manager, collection,
                                          cr_verb_no_options(), cr_client_flags(client),
                                          cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}

void cr_verb_update_disks_options(GOptionGroup *group, CrVerbOptions *options)
{
        const GOptionEntry entries[] = {
                {"add", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->add, "Add a disk (may be repeated)",
                        "DISK=PATH"},
                {"remove", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->remove,
                        "Take a disk out (may be repeated)", "DISK"},
                {"machine", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->machines,
                        "QMP socket of a virtual machine that uses the disks from now on (may be repeated)",
                        "SOCKET"},
                {NULL},
        };
        g_option_group_add_entries(group, entries);
}

gboolean cr_verb_update_disks(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        const char *const none[] = {NULL};
        const char *const *remove = (const char *const *)invocation->options.remove;
        if (invocation->options.add == NULL && remove == NULL && invocation->options.machines == NULL) {
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE,
                        "give --add=DISK=PATH, --remove=DISK or --machine=SOCKET");
                return FALSE;
        }
        g_autoptr(GVariant) add = cr_disks_parse(invocation->options.add, error);
        if (add == NULL)
                return FALSE;
        g_variant_ref_sink(add);
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autofree char *job = NULL;
        if (collection == NULL ||
                !cr_bus_manager_call_update_disk_set_sync(client->manager, collection, add,
                        remove == NULL ? none : remove, disk_options(&invocation->options),
                        cr_client_flags(client), cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}
