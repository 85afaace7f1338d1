/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * GetManagedObjects, answered by ourselves. The bus library's answer also lists four standard interfaces of
 * each object, which at the limit of objects is beyond the bus daemon's largest message, and that ends the
 * connection. And it makes one for every call at once, as fast as they come in, while nobody else is served.
 * Here the answers are made one at a time, each when the one before is sent and nothing else is to be done.
 */
#pragma once

#include "service/departures.h"
#include "service/objects.h"

typedef struct CrManagedObjects CrManagedObjects;

/* Takes the call over on the manager's path, where the library's object manager is registered too (for
 * introspection). 0 or a negative errno. */
int cr_managed_objects_new(
        CrObjects *objects, sd_event *event, CrDepartures *departures, CrManagedObjects **ret);
CrManagedObjects *cr_managed_objects_free(CrManagedObjects *managed);
