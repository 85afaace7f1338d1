/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Peer interface's methods: what the other site asks of this one. */
#pragma once

#include "service/methods.h"
#include "service/peer_caller.h"

/* The call's first argument, checked; sets the call's collection. */
gboolean cr_peer_call_parse(CrCall *call, CrPeerCaller *ret, GError **error);

/* Answered by the store's thread. */
void cr_direct_peer_describe(CrCall *call);
void cr_direct_peer_register_preparation(CrCall *call);

/* Passed on to the worker of the running receive. */
void cr_direct_peer_seal(CrCall *call);
void cr_direct_peer_abandon(CrCall *call);
void cr_answer_abandoned(CrCall *call);

/* Carried out by a worker. */
gboolean cr_request_caller(CrCall *call, GVariantDict *request, GError **error);
gboolean cr_request_establish(CrCall *call, GVariantDict *request, GError **error);
gboolean cr_request_estimate(CrCall *call, GVariantDict *request, GError **error);
gboolean cr_request_digest(CrCall *call, GVariantDict *request, GError **error);
gboolean cr_request_receive(CrCall *call, GVariantDict *request, GError **error);
GVariant *cr_answer_establish(CrCall *call, const CrOutcome *outcome, GError **error);
GVariant *cr_answer_dissolve(CrCall *call, const CrOutcome *outcome, GError **error);
GVariant *cr_answer_estimate(CrCall *call, const CrOutcome *outcome, GError **error);
GVariant *cr_answer_digest(CrCall *call, const CrOutcome *outcome, GError **error);
GVariant *cr_answer_seed(CrCall *call, const CrOutcome *outcome, GError **error);
GVariant *cr_answer_receive(CrCall *call, const CrOutcome *outcome, GError **error);
gboolean cr_request_adapt_disks(CrCall *call, GVariantDict *request, GError **error);
CrRoom cr_room_adapt_disks(const CrCall *call, guint *ret_collections);
GVariant *cr_answer_adapt_disks(CrCall *call, const CrOutcome *outcome, GError **error);
CrRoom cr_room_establish(const CrCall *call, guint *ret_collections);
