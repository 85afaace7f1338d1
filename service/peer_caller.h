/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who calls: the dictionary that each call of the other site carries. */
#pragma once

#include "core/model.h"

#define CR_PROTOCOL_VERSION 1U
#define CR_PROTOCOL_VERSION_MINIMUM 1U

typedef struct CrPeerCaller {
        CrId collection;
        CrPeerRecord seen; /* host and sequence of the caller; its generation, if it is primary */
} CrPeerCaller;

/* Every key must be there and of its type (InvalidParameter, IncorrectDataType, naming it); no other may be.
 * Another protocol version is NotSupported with both numbers; @own_host's id StatusUnknown. */
gboolean cr_peer_caller_parse(CrPeerCaller *ret, GVariant *dictionary, const CrId *own_host, GError **error);
