/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/interfaces.h"
#include "service/names.h"

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        CR_CONST_PROPERTY("Id", "s"),
        CR_CONST_PROPERTY("Collection", "o"),
        CR_CONST_PROPERTY("Parent", "s"),
        CR_CONST_PROPERTY("CreationTime", "t"),
        CR_CONST_PROPERTY("ConsistencyLevel", "q"),
        CR_CONST_PROPERTY("Origin", "s"),
        CR_PROPERTY("Size", "t"),
        SD_BUS_VTABLE_END,
};

const CrInterface cr_point_interface = {CR_POINT_INTERFACE, vtable};
