/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/verb-relationship.h"

#include "client/error.h"
#include "client/json.h"
#include "client/objects.h"
#include "client/outcome.h"
#include "client/properties.h"
#include "client/setting.h"
#include "client/show.h"

void cr_verb_create_relationship_options(GOptionGroup *group, CrVerbOptions *options)
{
        const GOptionEntry entries[] = {
                {"peer", 0, 0, G_OPTION_ARG_FILENAME, &options->peer,
                        "The recovery side: unix:path=... or ssh://[user@]host[:port]", "ADDR"},
                {"primary-address", 0, 0, G_OPTION_ARG_FILENAME, &options->primary_address,
                        "This site as the peer reaches it; needed before a reverse", "ADDR"},
                {NULL},
        };
        g_option_group_add_entries(group, entries);
}

/* Settings from the words behind the name, and from the options that stand for some; floating. */
static GVariant *settings_of(CrInvocation *invocation, GError **error)
{
        g_auto(GVariantDict) settings = G_VARIANT_DICT_INIT(NULL);
        if (invocation->options.peer != NULL)
                g_variant_dict_insert(&settings, "RecoveryConnectionPoint", "s", invocation->options.peer);
        if (invocation->options.primary_address != NULL)
                g_variant_dict_insert(
                        &settings, "PrimaryConnectionPoint", "s", invocation->options.primary_address);
        if (!cr_settings_parse(&settings, invocation->args + 1, error))
                return NULL;
        return g_variant_dict_end(&settings);
}

gboolean cr_verb_create_relationship(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autoptr(GVariant) settings = settings_of(invocation, error);
        if (settings == NULL)
                return FALSE;
        g_variant_ref_sink(settings);
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autofree char *job = NULL;
        if (collection == NULL ||
                !cr_bus_manager_call_create_replication_relationship_sync(client->manager, collection,
                        settings, cr_client_flags(client), cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}

gboolean cr_verb_remove_relationship(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autofree char *job = NULL;
        if (collection == NULL || !cr_bus_manager_call_remove_replication_relationship_sync(client->manager,
                                          collection, cr_verb_no_options(), cr_client_flags(client),
                                          cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}

static gboolean show_settings(CrClient *client, const char *collection, GError **error)
{
        g_autoptr(GVariant) properties =
                cr_objects_properties(client, collection, CR_BUS_COLLECTION_INTERFACE, error);
        if (properties == NULL)
                return FALSE;
        g_autoptr(GVariant) settings = cr_properties_value(properties, "Settings", "a{sv}");
        if (settings == NULL)
                settings = g_variant_ref_sink(cr_verb_no_options());
        if (client->json)
                cr_json_print(cr_json_value(settings));
        else
                cr_show_settings(settings);
        return TRUE;
}

gboolean cr_verb_settings(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autoptr(GVariant) settings = settings_of(invocation, error);
        if (settings == NULL)
                return FALSE;
        g_variant_ref_sink(settings);
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        if (collection == NULL)
                return FALSE;
        if (invocation->args[1] == NULL)
                return show_settings(client, collection, error);
        g_autofree char *job = NULL;
        if (!cr_bus_manager_call_modify_replication_settings_sync(client->manager, collection, settings,
                    cr_client_flags(client), cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}
