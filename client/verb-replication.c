/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/verb-replication.h"

#include "client/error.h"
#include "client/format.h"
#include "client/json.h"
#include "client/objects.h"
#include "client/outcome.h"
#include "client/show.h"

static GOptionEntry at_entry(CrVerbOptions *options)
{
        return (GOptionEntry){"at", 0, 0, G_OPTION_ARG_FILENAME, &options->at,
                "Not now, but then (ISO 8601, local time)", "TIME"};
}

void cr_verb_start_options(GOptionGroup *group, CrVerbOptions *options)
{
        const GOptionEntry entries[] = {
                {"type", 0, 0, G_OPTION_ARG_FILENAME, &options->type, "network (default), export or seeded",
                        "TYPE"},
                {"directory", 0, 0, G_OPTION_ARG_FILENAME, &options->directory,
                        "Where an export is written to", "DIR"},
                at_entry(options),
                {NULL},
        };
        g_option_group_add_entries(group, entries);
}

void cr_verb_resync_options(GOptionGroup *group, CrVerbOptions *options)
{
        const GOptionEntry entries[] = {
                {"include-suspended", 0, 0, G_OPTION_ARG_NONE, &options->include_suspended,
                        "Also where the resynchronization is suspended", NULL},
                at_entry(options),
                {NULL},
        };
        g_option_group_add_entries(group, entries);
}

/* @ret_usec: 0 for now. */
static gboolean start_time_of(const CrVerbOptions *options, guint64 *ret_usec, GError **error)
{
        *ret_usec = 0;
        if (options->at == NULL || cr_parse_time(options->at, ret_usec))
                return TRUE;
        g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE,
                "--at=%s: not a time like 2026-12-24T18:30:00", options->at);
        return FALSE;
}

/* The class's InitialReplicationType. */
static gboolean start_type_of(const CrVerbOptions *options, guint16 *ret_type, GError **error)
{
        static const char *const names[] = {"network", "export", "seeded"};
        *ret_type = 1;
        if (options->type == NULL)
                return TRUE;
        for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
                if (g_str_equal(options->type, names[i])) {
                        *ret_type = (guint16)(i + 1);
                        return TRUE;
                }
        }
        g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE, "--type=%s: not network, export or seeded",
                options->type);
        return FALSE;
}

gboolean cr_verb_start(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        const char *directory = invocation->options.directory;
        guint64 start_time;
        guint16 type;
        if (!start_time_of(&invocation->options, &start_time, error) ||
                !start_type_of(&invocation->options, &type, error))
                return FALSE;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autofree char *job = NULL;
        if (collection == NULL ||
                !cr_bus_manager_call_start_replication_sync(client->manager, collection, type,
                        directory == NULL ? "" : directory, start_time, cr_client_flags(client),
                        cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}

gboolean cr_verb_import(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autofree char *job = NULL;
        if (collection == NULL ||
                !cr_bus_manager_call_import_initial_replication_sync(client->manager, collection,
                        invocation->args[1], cr_verb_no_options(), cr_client_flags(client),
                        cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}

gboolean cr_verb_resync(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        guint64 start_time;
        if (!start_time_of(&invocation->options, &start_time, error))
                return FALSE;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autofree char *job = NULL;
        if (collection == NULL ||
                !cr_bus_manager_call_resynchronize_sync(client->manager, collection, start_time,
                        invocation->options.include_suspended, cr_client_flags(client),
                        cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}

gboolean cr_verb_verify(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autofree char *job = NULL;
        if (collection == NULL ||
                !cr_bus_manager_call_verify_sync(client->manager, collection, cr_verb_no_options(),
                        cr_client_flags(client), cr_client_timeout(client), &job, NULL, error))
                return FALSE;
        return cr_outcome_of_job(invocation, job, error);
}

gboolean cr_verb_points(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autoptr(GPtrArray) points =
                collection == NULL ? NULL : cr_objects_points(client, collection, error);
        if (points == NULL)
                return FALSE;
        cr_show_objects(client, points, cr_show_points);
        return TRUE;
}

gboolean cr_verb_statistics(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *collection = cr_client_collection(client, invocation->args[0], error);
        g_autoptr(GVariant) statistics = NULL;
        g_auto(GStrv) issues = NULL;
        if (collection == NULL ||
                !cr_bus_manager_call_get_replication_statistics_sync(client->manager, collection,
                        G_DBUS_CALL_FLAGS_NONE, -1, &statistics, &issues, NULL, error))
                return FALSE;
        if (client->json) {
                g_autoptr(GVariant) both = g_variant_ref_sink(g_variant_new_parsed(
                        "{'Statistics': <%@a{sv}>, 'HealthIssues': <%^as>}", statistics, issues));
                cr_json_print(cr_json_value(both));
        } else
                cr_show_statistics(statistics, issues);
        return TRUE;
}
