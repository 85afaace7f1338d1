/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/request.h"

/* As the disk engine names its sockets. */
#define FORM "^collection-replication-peer (?:(?<bus>bus)|transfer (?<socket>[0-9a-f]{12}\\.nbd))\\z"

void cr_peer_request_clear(CrPeerRequest *request)
{
        g_clear_pointer(&request->socket, g_free);
}

gboolean cr_peer_request_parse(const char *command, CrPeerRequest *ret, GError **error)
{
        g_autoptr(GRegex) form = g_regex_new(FORM, G_REGEX_RAW, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;
        g_autofree char *bus = NULL;

        *ret = (CrPeerRequest){.kind = CR_PEER_REQUEST_BUS};
        if (!g_regex_match(form, command, 0, &match)) {
                g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "this key is for the replication service of the other site only; it may ask for "
                        "'collection-replication-peer bus' and 'collection-replication-peer transfer NAME'");
                return FALSE;
        }
        bus = g_match_info_fetch_named(match, "bus");
        if (*bus != '\0')
                return TRUE;
        ret->kind = CR_PEER_REQUEST_TRANSFER;
        ret->socket = g_match_info_fetch_named(match, "socket");
        return TRUE;
}
