/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/verb-failover.h"

#include "client/error.h"
#include "client/objects.h"
#include "client/outcome.h"

static GOptionEntry point_entry(CrVerbOptions *options)
{
        return (GOptionEntry){"point", 0, 0, G_OPTION_ARG_FILENAME, &options->point,
                "The recovery point, by its id or the beginning of it (default: the latest)", "ID"};
}

void cr_verb_failover_options(GOptionGroup *group, CrVerbOptions *options)
{
        const GOptionEntry entries[] = {
                {"planned", 0, 0, G_OPTION_ARG_NONE, &options->planned,
                        "On the primary: send the rest and prepare the failover of the other side", NULL},
                point_entry(options),
                {NULL},
        };
        g_option_group_add_entries(group, entries);
}

void cr_verb_revert_failover_options(GOptionGroup *group, CrVerbOptions *options)
{
        const GOptionEntry entries[] = {
                {"planned", 0, 0, G_OPTION_ARG_NONE, &options->planned, "A planned failover, on the primary",
                        NULL},
                {NULL},
        };
        g_option_group_add_entries(group, entries);
}

void cr_verb_test_options(GOptionGroup *group, CrVerbOptions *options)
{
        const GOptionEntry entries[] = {point_entry(options), {NULL}};
        g_option_group_add_entries(group, entries);
}

static char *point_of(CrInvocation *invocation, const char *collection, GError **error)
{
        if (invocation->options.point == NULL)
                return g_strdup("/");
        return cr_objects_child(invocation->client, collection, "point", CR_BUS_POINT_INTERFACE,
                invocation->options.point, error);
}

static gboolean call_failover(
        CrInvocation *invocation, const char *collection, char **ret_job, GError **error)
{
        CrClient *client = invocation->client;
        if (invocation->options.planned)
                return cr_bus_manager_call_initiate_planned_failover_sync(client->manager, collection,
                        cr_verb_no_options(), cr_client_flags(client), cr_client_timeout(client), ret_job,
                        NULL, error);

        g_autofree char *point = point_of(invocation, collection, error);
        return point != NULL && cr_bus_manager_call_initiate_failover_sync(client->manager, collection, point,
                                        cr_verb_no_options(), cr_client_flags(client),
                                        cr_client_timeout(client), ret_job, NULL, error);
}

gboolean cr_verb_failover(CrInvocation *invocation, GError **error)
{
        if (invocation->options.planned && invocation->options.point != NULL) {
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE,
                        "a planned failover loses nothing: it takes no --point");
                return FALSE;
        }
        g_autofree char *collection = cr_client_collection(invocation->client, invocation->args[0], error);
        g_autofree char *job = NULL;
        if (collection == NULL || !call_failover(invocation, collection, &job, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}

gboolean cr_verb_revert_failover(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        CrCollectionCall call = invocation->options.planned ? cr_bus_manager_call_revert_planned_failover_sync
                                                            : cr_bus_manager_call_revert_failover_sync;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autofree char *job = NULL;
        if (collection == NULL || !call(client->manager, collection, cr_client_flags(client),
                                          cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}

gboolean cr_verb_test(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autofree char *point = collection == NULL ? NULL : point_of(invocation, collection, error);
        g_autofree char *copy = NULL;
        g_autofree char *job = NULL;
        if (point == NULL ||
                !cr_bus_manager_call_test_replica_collection_sync(client->manager, collection, point,
                        cr_client_flags(client), cr_client_timeout(client), &copy, &job, NULL, error))
                return FALSE;
        return cr_outcome_of_test(invocation, job, copy, error);
}
