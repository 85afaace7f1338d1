/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/client.h"

#include "client/agent.h"
#include "client/error.h"
#include "client/remote.h"

#define ANSWER_TIMEOUT_MS 25000

static GDBusConnection *connect_local(CrClient *client, GError **error)
{
        if (client->address == NULL)
                client->address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SYSTEM, NULL, error);
        if (client->address == NULL)
                return NULL;
        return g_dbus_connection_new_for_address_sync(client->address,
                G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                        G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                NULL, NULL, error);
}

CrClient *cr_client_new(const CrClientOptions *options, GError **error)
{
        g_autoptr(CrClient) client = g_new0(CrClient, 1);
        client->json = options->json;
        client->interactive = !options->no_ask_password;
        client->remote = options->host != NULL;
        client->address = g_strdup(options->address);
        client->bus = client->remote ? cr_remote_connect(options->host, error) : connect_local(client, error);
        if (client->bus == NULL) {
                g_prefix_error(error, "can't connect to the bus: ");
                return NULL;
        }
        client->manager = cr_bus_manager_proxy_new_sync(client->bus,
                G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES | G_DBUS_PROXY_FLAGS_DO_NOT_CONNECT_SIGNALS,
                CR_BUS_NAME, CR_BUS_PATH, NULL, error);
        return client->manager == NULL ? NULL : g_steal_pointer(&client);
}

void cr_client_free(CrClient *client)
{
        if (client->agent != NULL)
                cr_agent_stop(client->agent);
        g_clear_object(&client->manager);
        g_clear_object(&client->bus);
        g_free(client->address);
        g_free(client);
}

GDBusCallFlags cr_client_flags(CrClient *client)
{
        if (!client->interactive)
                return G_DBUS_CALL_FLAGS_NONE;
        if (client->agent == NULL && !client->remote)
                client->agent = cr_agent_start(client->address);
        return G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION;
}

int cr_client_timeout(CrClient *client)
{
        return client->interactive ? G_MAXINT : ANSWER_TIMEOUT_MS;
}

char *cr_client_collection(CrClient *client, const char *name, GError **error)
{
        char *path = NULL;
        cr_bus_manager_call_get_collection_sync(
                client->manager, name, G_DBUS_CALL_FLAGS_NONE, ANSWER_TIMEOUT_MS, &path, NULL, error);
        return path;
}

char *cr_client_job_path(const char *text, GError **error)
{
        const char *number = text;
        if (g_str_has_prefix(text, CR_BUS_JOB_PREFIX))
                number += strlen(CR_BUS_JOB_PREFIX);
        else if (text[0] == '_')
                number++;

        guint64 id = 0;
        if (!g_ascii_string_to_unsigned(number, 10, 0, G_MAXUINT64, &id, NULL)) {
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE,
                        "'%s' is no job: give its number or its path", text);
                return NULL;
        }
        return g_strdup_printf(CR_BUS_JOB_PREFIX "%" G_GUINT64_FORMAT, id);
}
