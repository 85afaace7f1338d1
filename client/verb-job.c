/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/verb-job.h"

#include "client/json.h"
#include "client/monitor.h"
#include "client/objects.h"
#include "client/outcome.h"
#include "client/properties.h"
#include "client/show.h"

/* Jobs are no children of their collection: they outlive it. */
static void keep_jobs_of(GPtrArray *jobs, const char *collection)
{
        for (guint i = jobs->len; i > 0; i--) {
                const CrObject *job = jobs->pdata[i - 1];
                if (!g_str_equal(cr_properties_string(job->properties, "Collection"), collection))
                        g_ptr_array_remove_index(jobs, i - 1);
        }
}

static int compare_ids(gconstpointer a, gconstpointer b)
{
        guint64 left = cr_properties_number((*(CrObject *const *)a)->properties, "Id");
        guint64 right = cr_properties_number((*(CrObject *const *)b)->properties, "Id");
        return left < right ? -1 : left > right;
}

gboolean cr_verb_jobs(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *collection = NULL;
        if (invocation->args[0] != NULL) {
                collection = cr_client_collection(client, invocation->args[0], error);
                if (collection == NULL)
                        return FALSE;
        }
        g_autoptr(GPtrArray) jobs = cr_objects_list(client, CR_BUS_JOB_INTERFACE, NULL, error);
        if (jobs == NULL)
                return FALSE;
        if (collection != NULL)
                keep_jobs_of(jobs, collection);
        g_ptr_array_sort(jobs, compare_ids);
        cr_show_objects(client, jobs, cr_show_jobs);
        return TRUE;
}

gboolean cr_verb_wait(CrInvocation *invocation, GError **error)
{
        g_autofree char *job = cr_client_job_path(invocation->args[0], error);
        return job != NULL && cr_outcome_of_job(invocation, job, error);
}

gboolean cr_verb_cancel(CrInvocation *invocation, GError **error)
{
        CrClient *client = invocation->client;
        g_autofree char *path = cr_client_job_path(invocation->args[0], error);
        if (path == NULL)
                return FALSE;
        g_autoptr(CrBusJob) job = cr_bus_job_proxy_new_sync(client->bus,
                G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES | G_DBUS_PROXY_FLAGS_DO_NOT_CONNECT_SIGNALS,
                CR_BUS_NAME, path, NULL, error);
        if (job == NULL || !cr_bus_job_call_cancel_sync(
                                   job, cr_client_flags(client), cr_client_timeout(client), NULL, error))
                return FALSE;
        if (client->json)
                cr_json_print(cr_json_string_member("Path", path));
        else
                g_print("asked to end; 'collectionctl wait %s' tells how it did\n", invocation->args[0]);
        return TRUE;
}

gboolean cr_verb_monitor(CrInvocation *invocation, GError **error)
{
        return cr_monitor(invocation->client, error);
}
