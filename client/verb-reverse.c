/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/verb-reverse.h"

#include "client/json.h"
#include "client/outcome.h"
#include "client/setting.h"
#include "client/show.h"

gboolean cr_verb_preview(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autoptr(GVariant) preview = NULL;
        if (collection == NULL ||
                !cr_bus_manager_call_preview_reverse_replication_sync(client->manager, collection,
                        cr_client_flags(client), cr_client_timeout(client), &preview, NULL, error))
                return FALSE;
        if (client->json)
                cr_json_print(cr_json_value(preview));
        else
                cr_show_preview(preview);
        return TRUE;
}

gboolean cr_verb_reverse(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_auto(GVariantDict) words = G_VARIANT_DICT_INIT(NULL);
        if (!cr_settings_parse(&words, invocation->args + 1, error))
                return FALSE;
        g_autoptr(GVariant) settings = g_variant_ref_sink(g_variant_dict_end(&words));
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autofree char *job = NULL;
        if (collection == NULL ||
                !cr_bus_manager_call_reverse_replication_relationship_sync(client->manager, collection,
                        settings, cr_client_flags(client), cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}
