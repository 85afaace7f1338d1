/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which objects a call names, and whether they are of the right kind and there. */
#pragma once

#include "service/method_call.h"

/* Checks kind, then existence, and sets call->collection. Idempotent: called again after authorization.
 * IncorrectDataType or FileNotFound. */
gboolean cr_call_resolve_objects(CrCall *call, GError **error);

/* Whether the caller, whose uid is known, owns the job that it calls. */
gboolean cr_call_is_by_owner(const CrCall *call);

/* The id of the recovery point at the path that is argument @index, none for "/". InvalidParameter when it is
 * another collection's. */
gboolean cr_call_get_point(CrCall *call, gsize index, CrId *ret, GError **error);
