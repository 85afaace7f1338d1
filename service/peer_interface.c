/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/interfaces.h"
#include "service/names.h"

#define CALLER "a{sv}", caller

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        CR_CONST_PROPERTY("ProtocolVersion", "u"),
        CR_CONST_PROPERTY("MinimumProtocolVersion", "u"),
        SD_BUS_METHOD_WITH_ARGS("Describe", SD_BUS_ARGS(CALLER), SD_BUS_RESULT("a{sv}", site),
                cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Establish",
                SD_BUS_ARGS(CALLER, "s", name, "s", engine, "a(sst)", disks, "a{sv}", settings),
                SD_BUS_NO_RESULT, cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Dissolve", SD_BUS_ARGS(CALLER), SD_BUS_NO_RESULT, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RegisterPreparation",
                SD_BUS_ARGS(CALLER, "s", preparation, "t", generation, "s", generation_id), SD_BUS_NO_RESULT,
                cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Estimate", SD_BUS_ARGS(CALLER, "s", point), SD_BUS_RESULT("a(st)", disks),
                cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Digest", SD_BUS_ARGS(CALLER, "a{sv}", what),
                SD_BUS_RESULT("t", size, "t", next_offset, "a(tay)", runs), cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Seed", SD_BUS_ARGS(CALLER), SD_BUS_RESULT("o", job), cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("BeginReceive", SD_BUS_ARGS(CALLER, "a{sv}", transfer),
                SD_BUS_RESULT("o", job, "a(ss)", exports), cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("AdaptDisks",
                SD_BUS_ARGS(CALLER, "s", preparation, "a(sst)", disks, "as", removed, "a{sv}", settings),
                SD_BUS_NO_RESULT, cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Seal", SD_BUS_ARGS(CALLER, "s", transfer, "a(ss)", digests, "t", bytes),
                SD_BUS_NO_RESULT, cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Abandon", SD_BUS_ARGS(CALLER, "s", transfer), SD_BUS_NO_RESULT,
                cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

const CrInterface cr_peer_interface = {CR_PEER_INTERFACE, vtable};
