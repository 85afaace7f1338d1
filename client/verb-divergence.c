/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/verb-divergence.h"

#include "client/objects.h"
#include "client/outcome.h"
#include "client/show.h"

gboolean cr_verb_divergences(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autoptr(GPtrArray) divergences =
                collection == NULL ? NULL
                                   : cr_objects_list(client, CR_BUS_DIVERGENCE_INTERFACE, collection, error);
        if (divergences == NULL)
                return FALSE;
        cr_show_objects(client, divergences, cr_show_divergences);
        return TRUE;
}

/* The divergence that the first two arguments name. */
static CrBusDivergence *divergence_of(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        if (collection == NULL)
                return NULL;
        g_autofree char *path = cr_objects_child(
                client, collection, "divergence", CR_BUS_DIVERGENCE_INTERFACE, invocation->args[1], error);
        if (path == NULL)
                return NULL;
        return cr_bus_divergence_proxy_new_sync(client->bus,
                G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES | G_DBUS_PROXY_FLAGS_DO_NOT_CONNECT_SIGNALS,
                CR_BUS_NAME, path, NULL, error);
}

gboolean cr_verb_export(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autoptr(CrBusDivergence) divergence = divergence_of(invocation, error);
        g_autofree char *job = NULL;
        if (divergence == NULL ||
                !cr_bus_divergence_call_export_sync(divergence, invocation->args[2], cr_verb_no_options(),
                        cr_client_flags(client), cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}

gboolean cr_verb_discard(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autoptr(CrBusDivergence) divergence = divergence_of(invocation, error);
        g_autofree char *job = NULL;
        if (divergence == NULL || !cr_bus_divergence_call_discard_sync(divergence, cr_client_flags(client),
                                          cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}
