/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The other site, as a worker calls it: the client of
 * introspection/org.example.CollectionReplication.Peer.xml. Every call carries this site's host id, its
 * present store sequence and the collection's generation; every answer's are noted and must not be lower than
 * what was seen before.
 *
 * Errors: NotAvailable (nobody there), Timeout (no answer in time), StatusUnknown (contradicts the record
 * here), AccessDenied (the peer does not let this site in), and the peer's own, with its message.
 */
#pragma once

#include "core/lineage.h"
#include "worker/transport.h"
#include "worker/worker.h"

/* What the peer says of the collection. */
typedef struct CrPeerSite {
        CrId host;
        guint64 sequence;
        CrRole role;
        CrState state;
        CrGeneration generation;
        gboolean has_relationship;
        CrId failover_point;
        CrId newest_point;           /* that a replica stands on; none: it has none */
        CrId preparation;            /* that it is prepared with */
        CrId registered_preparation; /* that it was handed */
        gboolean preparing;
        GPtrArray *points;  /* CrPeerPoint */
        GPtrArray *disks;   /* CrDisk, without paths: those that it replicates */
        GVariant *lacking;  /* a(ss): point, disk of a point that it holds without that disk */
        GVariant *settings; /* a{sv} */
} CrPeerSite;

void cr_peer_site_free(CrPeerSite *site);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrPeerSite, cr_peer_site_free)

/* Whether the peer's point @point has something of @disk. */
gboolean cr_peer_site_has(const CrPeerSite *site, const CrId *point, const CrId *disk);

/* One export that the peer opened for a receive. */
typedef struct CrPeerExport {
        CrId disk;
        char *socket;
} CrPeerExport;

typedef struct CrPeer CrPeer;

/* The address at which @collection's peer is reached: depends on the direction. NULL with InvalidParameter
 * when none is set. */
const char *cr_peer_address(const CrCollection *collection, GError **error);

/* Connects and agrees on a protocol version. @collection is borrowed; its generation is what calls carry. */
CrPeer *cr_peer_open(CrWorker *worker, const CrCollection *collection, const char *address, GError **error);
void cr_peer_close(CrPeer *peer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrPeer, cr_peer_close)
CrTransport *cr_peer_transport(CrPeer *peer);

/* Also notes what was seen in the store, when the collection has a relationship. FileNotFound: the peer has
 * no such collection. */
CrPeerSite *cr_peer_describe(CrPeer *peer, GError **error);
gboolean cr_peer_establish(CrPeer *peer, GError **error);
gboolean cr_peer_dissolve(CrPeer *peer, GError **error);
/* @disks (a(sst)) are new there, @removed (as: ids) leave, @settings (a{sv}) are others. @preparation: that
 * the peer was prepared with, or none. */
gboolean cr_peer_adapt(CrPeer *peer, const CrId *preparation, GVariant *disks, GVariant *removed,
        GVariant *settings, GError **error);
gboolean cr_peer_register_preparation(
        CrPeer *peer, const CrId *preparation, const CrGeneration *generation, GError **error);
/* *@ret_bytes: total of all disks; @func is called for each. */
gboolean cr_peer_estimate(CrPeer *peer, const CrId *point,
        void (*func)(const CrId *disk, guint64 bytes, void *), void *userdata, GError **error);

/* Calls a Peer method (@arguments: floating tuple of what follows the caller dictionary) and does not wait.
 * One such call a time, and no other one before its answer. */
gboolean cr_peer_ask(CrPeer *peer, const char *method, GVariant *arguments, GError **error);
/* Waits for its answer, a tuple of @type. NULL: it failed. */
GVariant *cr_peer_answer(CrPeer *peer, const char *type, GError **error);

/* The peer takes in the images of its SeedDirectory, before the first point is sent there. cr_peer_await its
 * end. NULL: refused. */
char *cr_peer_seed(CrPeer *peer, GError **error);
/* Waits for a job of the peer's to end well. */
gboolean cr_peer_await(CrPeer *peer, const char *job, GError **error);

/* *@ret_job is NULL when the peer has listed the point already. @transfer: floating a{sv}, as the interface
 * says. CrPeerExport elements. */
GPtrArray *cr_peer_begin_receive(CrPeer *peer, GVariant *transfer, char **ret_job, GError **error);
/* Gives a transfer up, so that the peer is free again at once. Best effort: it would notice that this site's
 * worker has left. */
void cr_peer_abandon(CrPeer *peer, const CrId *transfer);
/* @digests: floating a(ss). Returns when the receive has ended well: the point is listed over there. */
gboolean cr_peer_seal(CrPeer *peer, const char *job, const CrId *transfer, GVariant *digests, guint64 bytes,
        GError **error);
