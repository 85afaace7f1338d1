/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/interfaces.h"
#include "service/names.h"

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        CR_CONST_PROPERTY("Name", "s"),
        CR_CONST_PROPERTY("Id", "s"),
        CR_CONST_PROPERTY("Engine", "s"),
        CR_PROPERTY("Disks", "a(sst)"),
        CR_PROPERTY("Members", "as"),
        CR_PROPERTY("ReplicationMode", "q"),
        CR_PROPERTY("ReplicationState", "q"),
        CR_PROPERTY("ReplicationHealth", "q"),
        CR_PROPERTY("FailedOverReplicationType", "q"),
        CR_PROPERTY("LastApplyConsistencyLevel", "q"),
        CR_PROPERTY("State", "s"),
        CR_PROPERTY("Role", "s"),
        CR_PROPERTY("HealthIssues", "a(ss)"),
        CR_PROPERTY("LastError", "(us)"),
        CR_PROPERTY("PendingBytes", "t"),
        CR_PROPERTY("NextReplicationTime", "t"),
        CR_PROPERTY("ScheduledTime", "t"),
        CR_PROPERTY("Peer", "s"),
        CR_PROPERTY("Settings", "a{sv}"),
        CR_PROPERTY("Generation", "t"),
        CR_PROPERTY("LastReplicationTime", "t"),
        CR_PROPERTY("LastApplyTime", "t"),
        CR_PROPERTY("CurrentJob", "o"),
        SD_BUS_VTABLE_END,
};

const CrInterface cr_collection_interface = {CR_COLLECTION_INTERFACE, vtable};
