/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a call's arguments to a worker's request: the operations' own keys (core/worker_protocol.h), checked
 * as far as that needs no disk. */
#pragma once

#include "service/methods.h"

gboolean cr_request_define(CrCall *call, GVariantDict *request, GError **error);
gboolean cr_request_options(CrCall *call, GVariantDict *request, GError **error);  /* (o, a{sv} options) */
gboolean cr_request_settings(CrCall *call, GVariantDict *request, GError **error); /* (o, a{sv} settings) */
gboolean cr_request_update_disks(CrCall *call, GVariantDict *request, GError **error);
gboolean cr_request_start(CrCall *call, GVariantDict *request, GError **error);
gboolean cr_request_resynchronize(CrCall *call, GVariantDict *request, GError **error);
gboolean cr_request_import(CrCall *call, GVariantDict *request, GError **error);
gboolean cr_request_failover(CrCall *call, GVariantDict *request, GError **error);
gboolean cr_request_test(CrCall *call, GVariantDict *request, GError **error);
gboolean cr_request_export(CrCall *call, GVariantDict *request, GError **error);
gboolean cr_request_discard(CrCall *call, GVariantDict *request, GError **error);

CrRoom cr_room_define(const CrCall *call, guint *ret_collections);
CrRoom cr_room_settings(const CrCall *call, guint *ret_collections);     /* a longer history */
CrRoom cr_room_update_disks(const CrCall *call, guint *ret_collections); /* more disks */
CrRoom cr_room_divergence(const CrCall *call, guint *ret_collections);   /* one more */

/* @disks: bytes of the disks that a collection gets. */
CrRoom cr_room_more_disks(const CrCall *call, gsize disks);

CrRoom cr_room_test(const CrCall *call, guint *ret_collections); /* the copy */

/* A call's argument, a new reference. */
GVariant *cr_call_argument(const CrCall *call, gsize index);
/* Adds @value under @key, unless that is NULL. */
void cr_request_take(GVariantDict *request, const char *key, GVariant *value);
