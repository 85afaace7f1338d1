/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A point on its way from a primary to its replica: who the peer is and whether it may be sent to, the cut,
 * the sending, and what is noted of its success. Every operation that replicates goes through it.
 */
#pragma once

#include "worker/send.h"

typedef struct CrCycle {
        CrWorker *worker;
        CrCollection *collection; /* as the store has it; loaded anew by the cut */
        CrCollection *identity;   /* a copy, in whose name the peer is called */
        const CrEngine *engine;
        CrPeer *peer;
        CrPeerSite *site; /* as the peer described itself */
        CrFence *fence;
        CrId point; /* that was cut */
} CrCycle;

/* Loads the collection, asks the peer, and checks that this side may send to it. */
gboolean cr_cycle_open(CrCycle *cycle, CrWorker *worker, GError **error);
void cr_cycle_close(CrCycle *cycle);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrCycle, cr_cycle_close)

/* Takes the fence on all heads; held until the cut. */
gboolean cr_cycle_fence(CrCycle *cycle, GError **error);
/* Saves the collection as this operation changed it. */
gboolean cr_cycle_save(CrCycle *cycle, GError **error);
/* Cuts the point. */
gboolean cr_cycle_cut(CrCycle *cycle, GError **error);
/* Sends it, and notes that the peer holds it. */
gboolean cr_cycle_send(CrCycle *cycle, GError **error);
/* The same above what the peer has, by comparing all contents; the sites are in step again afterwards. */
gboolean cr_cycle_send_compared(CrCycle *cycle, GError **error);
