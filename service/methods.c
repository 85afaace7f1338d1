/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/methods.h"

#include <string.h>

#include "polkit/actions.h"
#include "service/answers.h"
#include "service/counts.h"
#include "service/job_methods.h"
#include "service/names.h"
#include "service/peer_methods.h"
#include "service/requests.h"

/* On a collection, with a job. */
#define JOB(name, op, request_func, room_func)                                                               \
        {                                                                                                    \
                CR_MANAGER_INTERFACE, name, CR_TARGET_COLLECTION, CR_MODE_JOB, op, request_func,             \
                        cr_answer_job, NULL, room_func                                                       \
        }
/* On a collection, answered when it is done. */
#define CALL(name, mode, op, request_func, answer_func, room_func)                                           \
        {                                                                                                    \
                CR_MANAGER_INTERFACE, name, CR_TARGET_COLLECTION, mode, op, request_func, answer_func, NULL, \
                        room_func                                                                            \
        }
#define UNSUPPORTED(name)                                                                                    \
        {                                                                                                    \
                .interface = CR_MANAGER_INTERFACE, .member = name, .target = CR_TARGET_COLLECTION,           \
                .mode = CR_MODE_UNSUPPORTED                                                                  \
        }
#define DIVERGENCE(name, op, request_func)                                                                   \
        {                                                                                                    \
                CR_DIVERGENCE_INTERFACE, name, CR_TARGET_DIVERGENCE, CR_MODE_JOB, op, request_func,          \
                        cr_answer_job, NULL, NULL                                                            \
        }
#define DIRECT(interface_name, name, where, function)                                                        \
        {                                                                                                    \
                .interface = interface_name, .member = name, .target = where, .mode = CR_MODE_DIRECT,        \
                .direct = function                                                                           \
        }
#define PEER(name, mode, op, request_func, answer_func, room_func)                                           \
        {                                                                                                    \
                CR_PEER_INTERFACE, name, CR_TARGET_PEER, mode, op, request_func, answer_func, NULL,          \
                        room_func                                                                            \
        }

static const CrMethod methods[] = {
        JOB("CreateReplicationRelationship", CR_OP_CREATE_RELATIONSHIP, cr_request_settings,
                cr_room_settings),
        JOB("StartReplication", CR_OP_START, cr_request_start, NULL),
        CALL("ModifyReplicationSettings", CR_MODE_CALL, CR_OP_MODIFY_SETTINGS, cr_request_settings,
                cr_answer_done, cr_room_settings),
        JOB("InitiateFailover", CR_OP_FAILOVER, cr_request_failover, NULL),
        JOB("RevertFailover", CR_OP_REVERT_FAILOVER, NULL, cr_room_divergence),
        CALL("CommitFailover", CR_MODE_CALL, CR_OP_COMMIT_FAILOVER, NULL, cr_answer_done, NULL),
        JOB("InitiatePlannedFailover", CR_OP_PLANNED_FAILOVER, cr_request_options, NULL),
        JOB("RevertPlannedFailover", CR_OP_REVERT_PLANNED_FAILOVER, NULL, NULL),
        JOB("RemoveReplicationRelationship", CR_OP_REMOVE_RELATIONSHIP, cr_request_options, NULL),
        JOB("SuspendReplication", CR_OP_SUSPEND, NULL, NULL),
        JOB("ResumeReplication", CR_OP_RESUME, NULL, NULL),
        JOB("PrepareForReverseReplication", CR_OP_PREPARE, NULL, cr_room_divergence),
        JOB("ReverseReplicationRelationship", CR_OP_REVERSE, cr_request_settings, cr_room_settings),
        JOB("Resynchronize", CR_OP_RESYNCHRONIZE, cr_request_resynchronize, NULL),
        CALL("TestReplicaCollection", CR_MODE_JOB, CR_OP_TEST_FAILOVER, cr_request_test, cr_answer_test,
                cr_room_test),
        JOB("RevertTestReplicaCollection", CR_OP_REVERT_TEST_FAILOVER, NULL, NULL),
        JOB("CancelInitialReplication", CR_OP_CANCEL_INITIAL, NULL, NULL),
        JOB("CancelResynchronize", CR_OP_CANCEL_RESYNCHRONIZE, NULL, NULL),
        JOB("CancelUpdateDiskSet", CR_OP_CANCEL_UPDATE_DISKS, NULL, NULL),
        DIRECT(CR_MANAGER_INTERFACE, "GetReplicationStatistics", CR_TARGET_COLLECTION,
                cr_direct_get_statistics),
        DIRECT(CR_MANAGER_INTERFACE, "ResetReplicationStatistics", CR_TARGET_COLLECTION,
                cr_direct_reset_statistics),

        {CR_MANAGER_INTERFACE, "DefineCollection", CR_TARGET_NONE, CR_MODE_CALL, CR_OP_DEFINE,
                cr_request_define, cr_answer_define, NULL, cr_room_define},
        JOB("DestroyCollection", CR_OP_DESTROY, cr_request_options, NULL),
        JOB("UpdateDiskSet", CR_OP_UPDATE_DISKS, cr_request_update_disks, cr_room_update_disks),
        DIRECT(CR_MANAGER_INTERFACE, "GetCollection", CR_TARGET_NONE, cr_direct_get_collection),
        JOB("ReplicateNow", CR_OP_REPLICATE, NULL, NULL),
        JOB("ImportInitialReplication", CR_OP_IMPORT_INITIAL, cr_request_import, NULL),
        CALL("PreviewReverseReplication", CR_MODE_SHARED, CR_OP_PREVIEW, NULL, cr_answer_preview, NULL),
        JOB("RevertPrepareForReverseReplication", CR_OP_UNDO_PREPARE, NULL, NULL),
        JOB("Verify", CR_OP_VERIFY, cr_request_options, NULL),
        UNSUPPORTED("ReleaseFence"),

        DIVERGENCE("Export", CR_OP_EXPORT, cr_request_export),
        DIVERGENCE("Discard", CR_OP_DISCARD, cr_request_discard),

        DIRECT(CR_JOB_INTERFACE, "Wait", CR_TARGET_JOB, cr_direct_job_wait),
        DIRECT(CR_JOB_INTERFACE, "Cancel", CR_TARGET_JOB, cr_direct_job_cancel),

        DIRECT(CR_PEER_INTERFACE, "Describe", CR_TARGET_PEER, cr_direct_peer_describe),
        PEER("Establish", CR_MODE_CALL, CR_OP_ESTABLISH, cr_request_establish, cr_answer_establish,
                cr_room_establish),
        PEER("Dissolve", CR_MODE_CALL, CR_OP_DISSOLVE, cr_request_caller, cr_answer_dissolve, NULL),
        DIRECT(CR_PEER_INTERFACE, "RegisterPreparation", CR_TARGET_PEER, cr_direct_peer_register_preparation),
        PEER("Estimate", CR_MODE_READ, CR_OP_ESTIMATE, cr_request_estimate, cr_answer_estimate, NULL),
        PEER("Digest", CR_MODE_READ, CR_OP_DIGEST, cr_request_digest, cr_answer_digest, NULL),
        PEER("Seed", CR_MODE_JOB, CR_OP_SEED, cr_request_caller, cr_answer_seed, NULL),
        PEER("BeginReceive", CR_MODE_JOB, CR_OP_RECEIVE, cr_request_receive, cr_answer_receive, NULL),
        PEER("AdaptDisks", CR_MODE_CALL, CR_OP_ADAPT_DISKS, cr_request_adapt_disks, cr_answer_adapt_disks,
                cr_room_adapt_disks),
        DIRECT(CR_PEER_INTERFACE, "Seal", CR_TARGET_PEER, cr_direct_peer_seal),
        DIRECT(CR_PEER_INTERFACE, "Abandon", CR_TARGET_PEER, cr_direct_peer_abandon),
};

const CrMethod *cr_methods(gsize *ret_n)
{
        *ret_n = G_N_ELEMENTS(methods);
        return methods;
}

const CrMethod *cr_method_find(const char *interface, const char *member)
{
        for (gsize i = 0; i < G_N_ELEMENTS(methods); i++)
                if (strcmp(methods[i].interface, interface) == 0 && strcmp(methods[i].member, member) == 0)
                        return &methods[i];
        g_error("the method %s.%s has no row in the table", interface, member);
}

gboolean cr_method_needs_uid(const CrMethod *method)
{
        return method->mode == CR_MODE_JOB || method->mode == CR_MODE_CALL ||
               cr_action_is_open_to_owner(method->interface, method->member);
}
