/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the other site may ask for over ssh: the bus, or one transfer's socket. Nothing else. */
#pragma once

#include <glib.h>

typedef enum CrPeerRequestKind {
        CR_PEER_REQUEST_BUS,
        CR_PEER_REQUEST_TRANSFER,
} CrPeerRequestKind;

typedef struct CrPeerRequest {
        CrPeerRequestKind kind;
        char *socket; /* of a transfer: the name of its socket, a plain file name */
} CrPeerRequest;

/* @command: what the caller's ssh asked to run, hostile: "collection-replication-peer bus" or
 * "collection-replication-peer transfer NAME". FALSE with G_OPTION_ERROR for anything else. */
gboolean cr_peer_request_parse(const char *command, CrPeerRequest *ret, GError **error);
void cr_peer_request_clear(CrPeerRequest *request);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrPeerRequest, cr_peer_request_clear)
