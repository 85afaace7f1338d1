/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/interfaces.h"
#include "service/names.h"

#define COLLECTION "o", collection
#define JOB SD_BUS_RESULT("o", job)

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("CreateReplicationRelationship", SD_BUS_ARGS(COLLECTION, "a{sv}", settings),
                JOB, cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("StartReplication",
                SD_BUS_ARGS(COLLECTION, "q", initial_replication_type, "s",
                        initial_replication_export_location, "t", start_time),
                JOB, cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ModifyReplicationSettings", SD_BUS_ARGS(COLLECTION, "a{sv}", settings), JOB,
                cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("InitiateFailover",
                SD_BUS_ARGS(COLLECTION, "o", recovery_point, "a{sv}", options), JOB, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS(
                "RevertFailover", SD_BUS_ARGS(COLLECTION), JOB, cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS(
                "CommitFailover", SD_BUS_ARGS(COLLECTION), JOB, cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("InitiatePlannedFailover", SD_BUS_ARGS(COLLECTION, "a{sv}", options), JOB,
                cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RevertPlannedFailover", SD_BUS_ARGS(COLLECTION), JOB, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoveReplicationRelationship", SD_BUS_ARGS(COLLECTION, "a{sv}", options),
                JOB, cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SuspendReplication", SD_BUS_ARGS(COLLECTION), JOB, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ResumeReplication", SD_BUS_ARGS(COLLECTION), JOB, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("PrepareForReverseReplication", SD_BUS_ARGS(COLLECTION), JOB,
                cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ReverseReplicationRelationship", SD_BUS_ARGS(COLLECTION, "a{sv}", settings),
                JOB, cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Resynchronize",
                SD_BUS_ARGS(COLLECTION, "t", start_time, "b", include_suspended), JOB, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("TestReplicaCollection", SD_BUS_ARGS(COLLECTION, "o", recovery_point),
                SD_BUS_RESULT("o", resulting_collection, "o", job), cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RevertTestReplicaCollection", SD_BUS_ARGS(COLLECTION), JOB, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CancelInitialReplication", SD_BUS_ARGS(COLLECTION), JOB, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CancelResynchronize", SD_BUS_ARGS(COLLECTION), JOB, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("CancelUpdateDiskSet", SD_BUS_ARGS(COLLECTION), JOB, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetReplicationStatistics", SD_BUS_ARGS(COLLECTION),
                SD_BUS_RESULT("a{sv}", statistics, "as", health_issues), cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ResetReplicationStatistics", SD_BUS_ARGS(COLLECTION), JOB, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),

        SD_BUS_METHOD_WITH_ARGS("DefineCollection", SD_BUS_ARGS("s", name, "a(ss)", disks, "a{sv}", options),
                SD_BUS_RESULT("o", collection), cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("DestroyCollection", SD_BUS_ARGS(COLLECTION, "a{sv}", options), JOB,
                cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("UpdateDiskSet",
                SD_BUS_ARGS(COLLECTION, "a(ss)", add, "as", remove, "a{sv}", options), JOB, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetCollection", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", collection),
                cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS(
                "ReplicateNow", SD_BUS_ARGS(COLLECTION), JOB, cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ImportInitialReplication",
                SD_BUS_ARGS(COLLECTION, "s", directory, "a{sv}", options), JOB, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("PreviewReverseReplication", SD_BUS_ARGS(COLLECTION),
                SD_BUS_RESULT("a{sv}", preview), cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RevertPrepareForReverseReplication", SD_BUS_ARGS(COLLECTION), JOB,
                cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Verify", SD_BUS_ARGS(COLLECTION, "a{sv}", options), JOB, cr_method_handle,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS(
                "ReleaseFence", SD_BUS_ARGS(COLLECTION), JOB, cr_method_handle, SD_BUS_VTABLE_UNPRIVILEGED),

        SD_BUS_SIGNAL_WITH_ARGS("JobNew", SD_BUS_ARGS("t", id, "o", job, "s", operation, COLLECTION), 0),
        SD_BUS_SIGNAL_WITH_ARGS("JobEnded",
                SD_BUS_ARGS("t", id, "o", job, "s", operation, COLLECTION, "u", return_value, "s", error_name,
                        "s", message),
                0),

        CR_CONST_PROPERTY("Version", "s"),
        CR_CONST_PROPERTY("HostId", "s"),
        CR_CONST_PROPERTY("Engines", "as"),
        SD_BUS_VTABLE_END,
};

const CrInterface cr_manager_interface = {CR_MANAGER_INTERFACE, vtable};
