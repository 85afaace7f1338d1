/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sending a point to the peer: the changed blocks of every disk, from the latest point that both sites hold.
 */
#pragma once

#include "worker/peer.h"

/* Before anything is cut: may this primary send to that peer? A peer that took over makes the collection
 * critical (InvalidState); one that reverted a failover is outranked by a new generation of ours. May save
 * *@collection. */
gboolean cr_send_check_direction(
        CrWorker *worker, CrCollection *collection, const CrPeerSite *site, GError **error);

/* StatusUnknown when the two sites share no point: nothing proves that they belong together. */
gboolean cr_send_check_shared(const CrCollection *collection, const CrPeerSite *site, GError **error);

/* Sends @point: begin, copy, seal, and waits until the peer has listed it. *@ret_bytes: data that crossed. */
gboolean cr_send_point(CrWorker *worker, CrPeer *peer, const CrCollection *collection, const CrPeerSite *site,
        const CrId *point, guint64 *ret_bytes, GError **error);

/* The same, but above the peer's newest point, or, when it has none, above its layers that are part of no
 * point (seeds): what is sent is what a comparison of all contents finds different. Needs no shared point. */
gboolean cr_send_point_compared(CrWorker *worker, CrPeer *peer, const CrCollection *collection,
        const CrPeerSite *site, const CrId *point, guint64 *ret_bytes, GError **error);
