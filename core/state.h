/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* States, roles and operations, and the one table of what is allowed in which. */
#pragma once

#include <glib.h>

/* The class's ReplicationState: its numbers, in api.md's words. Values the class has and we never take are
 * not here. */
typedef enum CrState {
        CR_STATE_DISABLED = 0,
        CR_STATE_READY = 1,
        CR_STATE_INITIAL_REPLICATION = 2,
        CR_STATE_REPLICATING = 3,
        CR_STATE_PREPARED_FOR_FAILOVER = 4,
        CR_STATE_FAILED_OVER = 5,
        CR_STATE_COMMITTED = 6,
        CR_STATE_SUSPENDED = 7,
        CR_STATE_CRITICAL = 8,
        CR_STATE_WAITING_TO_RESYNCHRONIZE = 9,
        CR_STATE_RESYNCHRONIZING = 10,
        CR_STATE_RESYNCHRONIZATION_SUSPENDED = 11,
        CR_STATE_FAILOVER_IN_PROGRESS = 12,
        CR_STATE_DISK_UPDATE = 15,
        CR_STATE_DISK_UPDATE_CRITICAL = 16,
        CR_STATE_UNKNOWN = 17,
        CR_STATE_PREPARED_FOR_REVERSE_REPLICATION = 20,
        CR_STATE_TEST_FAILOVER = 21,
} CrState;

/* The class's ReplicationMode. */
typedef enum CrRole {
        CR_ROLE_NONE = 0,
        CR_ROLE_PRIMARY = 1,
        CR_ROLE_REPLICA = 2,
        CR_ROLE_TEST_REPLICA = 3,
} CrRole;

/* Everything that may be asked of a collection, by the bus or by the peer. */
typedef enum CrOperation {
        CR_OP_DEFINE,
        CR_OP_DESTROY,
        CR_OP_CREATE_RELATIONSHIP,
        CR_OP_REMOVE_RELATIONSHIP,
        CR_OP_MODIFY_SETTINGS,
        CR_OP_START,
        CR_OP_REPLICATE,
        CR_OP_FAILOVER,
        CR_OP_REVERT_FAILOVER,
        CR_OP_COMMIT_FAILOVER,
        CR_OP_PREVIEW,
        CR_OP_PREPARE,
        CR_OP_UNDO_PREPARE,
        CR_OP_REVERSE,
        CR_OP_EXPORT,
        CR_OP_DISCARD,
        CR_OP_PLANNED_FAILOVER,
        CR_OP_REVERT_PLANNED_FAILOVER,
        CR_OP_SUSPEND,
        CR_OP_RESUME,
        CR_OP_RESYNCHRONIZE,
        CR_OP_TEST_FAILOVER,
        CR_OP_REVERT_TEST_FAILOVER,
        CR_OP_CANCEL_INITIAL,
        CR_OP_CANCEL_RESYNCHRONIZE,
        CR_OP_CANCEL_UPDATE_DISKS,
        CR_OP_UPDATE_DISKS,
        CR_OP_IMPORT_INITIAL,
        CR_OP_VERIFY,
        CR_OP_RESET_STATISTICS,
        CR_OP_RECEIVE,              /* the peer sends a point */
        CR_OP_ESTIMATE,             /* the peer asks what a reverse would send */
        CR_OP_ESTABLISH,            /* the peer creates a relationship with this site */
        CR_OP_DISSOLVE,             /* the peer removed its relationship */
        CR_OP_DIGEST,               /* the peer compares: digests of blocks of a point here */
        CR_OP_SEED,                 /* the peer starts from images that are here already */
        CR_OP_ADAPT_DISKS,          /* the peer's collection got or lost disks */
        CR_OP_REGISTER_PREPARATION, /* the peer, a former primary, hands over its preparation id */
        CR_OP_RECOVER,              /* carry out an intent that a dead worker left, clean up after it */
        CR_N_OPERATIONS,
} CrOperation;

/* "replicating"; "unknown" for a number that is none. Static. */
const char *cr_state_word(CrState state);
gboolean cr_state_from_word(const char *word, CrState *ret);
/* "none", "primary", "replica", "test-replica". Static. */
const char *cr_role_word(CrRole role);
gboolean cr_role_from_word(const char *word, CrRole *ret);
/* The bus method's name: "PrepareForReverseReplication"; "Receive", "Recover"... for those that no method
 * has. Static. */
const char *cr_operation_word(CrOperation operation);
gboolean cr_operation_from_word(const char *word, CrOperation *ret);

/* TRUE when @operation is allowed for a collection of @role in @state. Otherwise InvalidState (or
 * NotSupported), with a message that names the collection, its role and state, and what would help. One table
 * says it; the documentation and the tests are made from the same table. */
gboolean cr_state_check(
        const char *collection, CrRole role, CrState state, CrOperation operation, GError **error);

/* What would help where @operation is not allowed: the end of that refusal's message. Static; NULL when it is
 * allowed. */
const char *cr_state_way_out(CrRole role, CrState state, CrOperation operation);

/* TRUE when a collection of @role can be in @state at all. */
gboolean cr_state_occurs(CrRole role, CrState state);

/* TRUE when a side of @role in @state has heads at its disks' paths. */
gboolean cr_state_has_head(CrRole role, CrState state);
