/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stamps in the store, hourly and at the end, that the daemon is alive: divergences expire after days of its
 * running. */
#pragma once

#include "core/error.h"
#include "service/types.h"

typedef struct CrAlive CrAlive;

CrAlive *cr_alive_new(CrService *service, GError **error);
CrAlive *cr_alive_free(CrAlive *alive);
/* Now. */
void cr_alive_stamp(CrAlive *alive);
