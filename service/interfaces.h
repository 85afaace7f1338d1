/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The vtables: what introspection/ describes, one file each. All properties come from the object table, all
 * methods go to the pipeline (method_call.h), unprivileged for the bus library: polkit decides. */
#pragma once

#include "service/method_call.h"
#include "service/objects.h"

#define CR_PROPERTY(name, type)                                                                              \
        SD_BUS_PROPERTY(name, type, cr_object_get_property, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE)
#define CR_CONST_PROPERTY(name, type)                                                                        \
        SD_BUS_PROPERTY(name, type, cr_object_get_property, 0, SD_BUS_VTABLE_PROPERTY_CONST)

extern const CrInterface cr_manager_interface;
extern const CrInterface cr_peer_interface;
extern const CrInterface cr_collection_interface;
extern const CrInterface cr_point_interface;
extern const CrInterface cr_divergence_interface;
extern const CrInterface cr_job_interface;

/* Registers all of them; @manager and @peer are the two that are not in the tree. 0 or a negative errno. */
int cr_interfaces_register(sd_bus *bus, CrObjects *objects, CrObject *manager, CrObject *peer);
