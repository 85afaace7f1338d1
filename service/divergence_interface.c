/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/interfaces.h"
#include "service/names.h"

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        CR_CONST_PROPERTY("Id", "s"),
        CR_CONST_PROPERTY("Collection", "o"),
        CR_CONST_PROPERTY("CommonPoint", "s"),
        CR_CONST_PROPERTY("CreationTime", "t"),
        CR_PROPERTY("ExpirationTime", "t"),
        CR_CONST_PROPERTY("Disks", "a(sst)"),
        SD_BUS_METHOD_WITH_ARGS("Export", SD_BUS_ARGS("s", directory, "a{sv}", options),
                SD_BUS_RESULT("o", job), cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Discard", SD_BUS_NO_ARGS, SD_BUS_RESULT("o", job), cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

const CrInterface cr_divergence_interface = {CR_DIVERGENCE_INTERFACE, vtable};
