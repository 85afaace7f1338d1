/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "worker/machines.h"

#include <string.h>

static gboolean check_list(char *const *sockets, GError **error)
{
        guint n = g_strv_length((char **)sockets);

        if (n > CR_MACHINES_MAX) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "a collection has at most %d machines, not %u", CR_MACHINES_MAX, n);
                return FALSE;
        }
        for (guint i = 0; i < n; i++) {
                if (strchr(sockets[i], '\n')) { /* they are kept one a line */
                        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                                "machine '%s': no socket's path has a line break", sockets[i]);
                        return FALSE;
                }
                if (!g_strv_contains((const char *const *)sockets + i + 1, sockets[i]))
                        continue;
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "machine '%s' is named twice",
                        sockets[i]);
                return FALSE;
        }
        return TRUE;
}

gboolean cr_machines_are_named(CrWorker *worker)
{
        g_autoptr(GVariant) options = cr_worker_get(worker, "Options", "a{sv}", NULL);
        g_autoptr(GVariant) value = options ? g_variant_lookup_value(options, "Machines", NULL) : NULL;

        return value != NULL;
}

gboolean cr_machines_take(CrWorker *worker, CrCollection *collection, GError **error)
{
        g_autoptr(GVariant) options = cr_worker_get(worker, "Options", "a{sv}", error);
        const CrEngine *engine = options ? cr_worker_engine(collection, error) : NULL;
        g_auto(GStrv) sockets = NULL;

        if (!engine)
                return FALSE;
        if (!g_variant_lookup(options, "Machines", "^as", &sockets))
                return TRUE;
        if (!check_list(sockets, error))
                return FALSE;
        for (char **socket = sockets; *socket; socket++)
                if (!engine->check_machine(worker->config, *socket, error))
                        return FALSE;
        g_free(collection->machines);
        collection->machines = *sockets ? g_strjoinv("\n", sockets) : NULL;
        return TRUE;
}
