/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The primary's half of a relationship changed: disks came or left, settings are others. */
#pragma once

#include "worker/peer.h"

/* Makes the peer's half agree: it replicates exactly @disks (CrDisk) and has this side's settings. No call
 * when it agrees already. Before a transfer: what the peer is told is then what is sent. */
gboolean cr_adapt_peer(CrPeer *peer, const CrCollection *collection, const CrPeerSite *site, GPtrArray *disks,
        GError **error);
