/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/state.h"

#include <string.h>

#include "core/error.h"

static const struct {
        CrState state;
        const char *word;
} state_words[] = {
        {CR_STATE_DISABLED, "disabled"},
        {CR_STATE_READY, "ready"},
        {CR_STATE_INITIAL_REPLICATION, "initial-replication"},
        {CR_STATE_REPLICATING, "replicating"},
        {CR_STATE_PREPARED_FOR_FAILOVER, "prepared-for-failover"},
        {CR_STATE_FAILED_OVER, "failed-over"},
        {CR_STATE_COMMITTED, "committed"},
        {CR_STATE_SUSPENDED, "suspended"},
        {CR_STATE_CRITICAL, "critical"},
        {CR_STATE_WAITING_TO_RESYNCHRONIZE, "waiting-to-resynchronize"},
        {CR_STATE_RESYNCHRONIZING, "resynchronizing"},
        {CR_STATE_RESYNCHRONIZATION_SUSPENDED, "resynchronization-suspended"},
        {CR_STATE_FAILOVER_IN_PROGRESS, "failover-in-progress"},
        {CR_STATE_DISK_UPDATE, "disk-update"},
        {CR_STATE_DISK_UPDATE_CRITICAL, "disk-update-critical"},
        {CR_STATE_UNKNOWN, "unknown"},
        {CR_STATE_PREPARED_FOR_REVERSE_REPLICATION, "prepared-for-reverse-replication"},
        {CR_STATE_TEST_FAILOVER, "test-failover"},
};

static const char *const role_words[] = {
        [CR_ROLE_NONE] = "none",
        [CR_ROLE_PRIMARY] = "primary",
        [CR_ROLE_REPLICA] = "replica",
        [CR_ROLE_TEST_REPLICA] = "test-replica",
};

static const char *const operation_words[] = {
        [CR_OP_DEFINE] = "DefineCollection",
        [CR_OP_DESTROY] = "DestroyCollection",
        [CR_OP_CREATE_RELATIONSHIP] = "CreateReplicationRelationship",
        [CR_OP_REMOVE_RELATIONSHIP] = "RemoveReplicationRelationship",
        [CR_OP_MODIFY_SETTINGS] = "ModifyReplicationSettings",
        [CR_OP_START] = "StartReplication",
        [CR_OP_REPLICATE] = "ReplicateNow",
        [CR_OP_FAILOVER] = "InitiateFailover",
        [CR_OP_REVERT_FAILOVER] = "RevertFailover",
        [CR_OP_COMMIT_FAILOVER] = "CommitFailover",
        [CR_OP_PREVIEW] = "PreviewReverseReplication",
        [CR_OP_PREPARE] = "PrepareForReverseReplication",
        [CR_OP_UNDO_PREPARE] = "RevertPrepareForReverseReplication",
        [CR_OP_REVERSE] = "ReverseReplicationRelationship",
        [CR_OP_EXPORT] = "Export",
        [CR_OP_DISCARD] = "Discard",
        [CR_OP_PLANNED_FAILOVER] = "InitiatePlannedFailover",
        [CR_OP_REVERT_PLANNED_FAILOVER] = "RevertPlannedFailover",
        [CR_OP_SUSPEND] = "SuspendReplication",
        [CR_OP_RESUME] = "ResumeReplication",
        [CR_OP_RESYNCHRONIZE] = "Resynchronize",
        [CR_OP_TEST_FAILOVER] = "TestReplicaCollection",
        [CR_OP_REVERT_TEST_FAILOVER] = "RevertTestReplicaCollection",
        [CR_OP_CANCEL_INITIAL] = "CancelInitialReplication",
        [CR_OP_CANCEL_RESYNCHRONIZE] = "CancelResynchronize",
        [CR_OP_CANCEL_UPDATE_DISKS] = "CancelUpdateDiskSet",
        [CR_OP_UPDATE_DISKS] = "UpdateDiskSet",
        [CR_OP_IMPORT_INITIAL] = "ImportInitialReplication",
        [CR_OP_VERIFY] = "Verify",
        [CR_OP_RESET_STATISTICS] = "ResetReplicationStatistics",
        [CR_OP_RECEIVE] = "Receive",
        [CR_OP_ESTIMATE] = "Estimate",
        [CR_OP_ESTABLISH] = "Establish",
        [CR_OP_DISSOLVE] = "Dissolve",
        [CR_OP_DIGEST] = "Digest",
        [CR_OP_SEED] = "Seed",
        [CR_OP_ADAPT_DISKS] = "AdaptDisks",
        [CR_OP_REGISTER_PREPARATION] = "RegisterPreparation",
        [CR_OP_RECOVER] = "Recover",
};
G_STATIC_ASSERT(G_N_ELEMENTS(operation_words) == CR_N_OPERATIONS);

#define BIT(value) (1u << (value))
#define S(name) BIT(CR_STATE_##name)
#define R(name) BIT(CR_ROLE_##name)
#define ANY (~0u)
#define PREPARED (S(PREPARED_FOR_FAILOVER) | S(PREPARED_FOR_REVERSE_REPLICATION))
#define DISK_UPDATES (S(DISK_UPDATE) | S(DISK_UPDATE_CRITICAL))
#define TAKEN_OVER (S(FAILED_OVER) | S(COMMITTED))
#define SUSPENDED_STATES (S(SUSPENDED) | S(RESYNCHRONIZATION_SUSPENDED))

/* What is allowed: an operation, for any of the roles in any of the states. What no row names is refused: a
 * definition, too, since whoever asks has a collection already. */
static const struct {
        CrOperation operation;
        guint roles, states;
} allowed[] = {
        /* The contract: neither while failed over and uncommitted, nor while prepared. */
        {CR_OP_DESTROY, R(NONE), S(DISABLED)},
        {CR_OP_DESTROY, R(PRIMARY), ANY & ~PREPARED & ~S(FAILED_OVER)},
        {CR_OP_DESTROY, R(REPLICA), ANY & ~PREPARED & ~TAKEN_OVER},
        {CR_OP_REMOVE_RELATIONSHIP, R(PRIMARY),
                S(READY) | S(INITIAL_REPLICATION) | S(REPLICATING) | S(CRITICAL) | S(SUSPENDED) |
                        S(COMMITTED) | DISK_UPDATES | S(WAITING_TO_RESYNCHRONIZE) |
                        S(RESYNCHRONIZATION_SUSPENDED)},
        {CR_OP_REMOVE_RELATIONSHIP, R(REPLICA),
                S(READY) | S(INITIAL_REPLICATION) | S(REPLICATING) | S(CRITICAL) | S(SUSPENDED)},

        {CR_OP_CREATE_RELATIONSHIP, R(NONE), S(DISABLED)},
        /* Disabled: its relationship was removed before. Ready: asked once more. */
        {CR_OP_ESTABLISH, R(REPLICA), S(DISABLED) | S(READY)},
        {CR_OP_DISSOLVE, R(NONE), ANY},
        {CR_OP_DISSOLVE, R(REPLICA), ANY & ~PREPARED & ~TAKEN_OVER},
        {CR_OP_MODIFY_SETTINGS, R(PRIMARY) | R(REPLICA), ANY & ~S(DISABLED)},

        /* Once more in initial-replication: the first try may have failed. */
        {CR_OP_START, R(PRIMARY), S(READY) | S(INITIAL_REPLICATION)},
        /* An update of the set of disks that failed is tried again by the next cycle. */
        {CR_OP_REPLICATE, R(PRIMARY), S(REPLICATING) | S(CRITICAL) | DISK_UPDATES},
        /* What was exported may have been imported over there. */
        {CR_OP_REPLICATE, R(PRIMARY), S(INITIAL_REPLICATION)},
        /* Replicating: it may be by the points of an earlier relationship. */
        {CR_OP_IMPORT_INITIAL, R(REPLICA), S(READY) | S(INITIAL_REPLICATION) | S(REPLICATING)},
        /* Taken over, and critical: a disk that is in the way of what follows is taken out, here alone. */
        {CR_OP_UPDATE_DISKS, R(NONE), S(DISABLED)},
        {CR_OP_UPDATE_DISKS, R(PRIMARY), S(READY) | S(REPLICATING) | S(CRITICAL) | TAKEN_OVER},
        {CR_OP_CANCEL_UPDATE_DISKS, R(PRIMARY), DISK_UPDATES},
        {CR_OP_ADAPT_DISKS, R(REPLICA),
                S(READY) | S(INITIAL_REPLICATION) | S(REPLICATING) | S(CRITICAL) |
                        S(PREPARED_FOR_REVERSE_REPLICATION)},
        {CR_OP_RECEIVE, R(REPLICA),
                S(READY) | S(INITIAL_REPLICATION) | S(REPLICATING) | S(CRITICAL) |
                        S(PREPARED_FOR_REVERSE_REPLICATION)},

        /* Once more: there is nothing to do. */
        {CR_OP_SUSPEND, R(PRIMARY) | R(REPLICA),
                S(REPLICATING) | S(CRITICAL) | S(WAITING_TO_RESYNCHRONIZE) | S(RESYNCHRONIZING) |
                        DISK_UPDATES | SUSPENDED_STATES},
        {CR_OP_RESUME, R(PRIMARY) | R(REPLICA), SUSPENDED_STATES | S(REPLICATING)},
        {CR_OP_CANCEL_INITIAL, R(PRIMARY), S(READY) | S(INITIAL_REPLICATION)},
        /* Ready: what was running here has been ended, and left nothing. */
        {CR_OP_CANCEL_INITIAL, R(REPLICA), S(READY) | S(INITIAL_REPLICATION)},
        {CR_OP_SEED, R(REPLICA), S(READY) | S(INITIAL_REPLICATION)},
        {CR_OP_CANCEL_RESYNCHRONIZE, R(PRIMARY),
                S(REPLICATING) | S(CRITICAL) | S(WAITING_TO_RESYNCHRONIZE) | S(RESYNCHRONIZING) |
                        SUSPENDED_STATES},

        {CR_OP_FAILOVER, R(REPLICA),
                S(REPLICATING) | S(SUSPENDED) | S(CRITICAL) | S(PREPARED_FOR_REVERSE_REPLICATION)},
        /* Resolves a tie of generations; no disk changes. */
        {CR_OP_FAILOVER, R(PRIMARY),
                S(REPLICATING) | S(CRITICAL) | S(WAITING_TO_RESYNCHRONIZE) | DISK_UPDATES | TAKEN_OVER},
        {CR_OP_REVERT_FAILOVER, R(PRIMARY), S(FAILED_OVER)},
        {CR_OP_COMMIT_FAILOVER, R(PRIMARY), S(FAILED_OVER)},

        /* A preview is there to tell what is in the way. */
        {CR_OP_PREVIEW, R(PRIMARY), ANY & ~S(FAILED_OVER)},
        {CR_OP_PREVIEW, R(REPLICA), S(PREPARED_FOR_REVERSE_REPLICATION)},
        /* Committed: it took over earlier and the other side has taken over since, which the proof of
           direction decides. */
        {CR_OP_PREPARE, R(PRIMARY),
                S(REPLICATING) | S(CRITICAL) | SUSPENDED_STATES | S(WAITING_TO_RESYNCHRONIZE) |
                        S(PREPARED_FOR_FAILOVER) | S(COMMITTED) | DISK_UPDATES},
        {CR_OP_PREPARE, R(REPLICA), S(PREPARED_FOR_REVERSE_REPLICATION)},
        {CR_OP_UNDO_PREPARE, R(REPLICA), S(PREPARED_FOR_REVERSE_REPLICATION)},
        {CR_OP_REGISTER_PREPARATION, R(PRIMARY), TAKEN_OVER},
        {CR_OP_ESTIMATE, R(PRIMARY), S(REPLICATING) | TAKEN_OVER},
        {CR_OP_REVERSE, R(PRIMARY), S(COMMITTED)},
        {CR_OP_RESYNCHRONIZE, R(PRIMARY),
                S(REPLICATING) | S(CRITICAL) | S(WAITING_TO_RESYNCHRONIZE) | SUSPENDED_STATES},
        {CR_OP_VERIFY, R(PRIMARY),
                S(REPLICATING) | S(CRITICAL) | S(WAITING_TO_RESYNCHRONIZE) | SUSPENDED_STATES},
        {CR_OP_DIGEST, R(REPLICA),
                S(READY) | S(INITIAL_REPLICATION) | S(REPLICATING) | S(CRITICAL) | S(SUSPENDED)},

        /* Once more when prepared: its last point may not have arrived. */
        {CR_OP_PLANNED_FAILOVER, R(PRIMARY), S(REPLICATING) | S(CRITICAL) | S(PREPARED_FOR_FAILOVER)},
        {CR_OP_REVERT_PLANNED_FAILOVER, R(PRIMARY), S(PREPARED_FOR_FAILOVER)},
        {CR_OP_TEST_FAILOVER, R(REPLICA),
                S(REPLICATING) | S(SUSPENDED) | S(CRITICAL) | S(PREPARED_FOR_REVERSE_REPLICATION)},
        /* Whatever became of the replica meanwhile. */
        {CR_OP_REVERT_TEST_FAILOVER, R(PRIMARY) | R(REPLICA), ANY},

        /* What they need is a divergence; what the rest is does not matter. */
        {CR_OP_EXPORT, ANY, ANY},
        {CR_OP_DISCARD, ANY, ANY},
        {CR_OP_RECOVER, ANY, ANY},
        {CR_OP_RESET_STATISTICS, ANY, ANY},
};

static const guint states_of_role[] = {
        [CR_ROLE_NONE] = S(DISABLED),
        [CR_ROLE_PRIMARY] = S(READY) | S(INITIAL_REPLICATION) | S(REPLICATING) | S(PREPARED_FOR_FAILOVER) |
                            TAKEN_OVER | S(SUSPENDED) | S(CRITICAL) | S(WAITING_TO_RESYNCHRONIZE) |
                            S(RESYNCHRONIZING) | S(RESYNCHRONIZATION_SUSPENDED) | S(DISK_UPDATE) |
                            S(DISK_UPDATE_CRITICAL),
        [CR_ROLE_REPLICA] = S(DISABLED) | S(READY) | S(INITIAL_REPLICATION) | S(REPLICATING) | S(SUSPENDED) |
                            S(CRITICAL) | S(PREPARED_FOR_REVERSE_REPLICATION),
        [CR_ROLE_TEST_REPLICA] = S(TEST_FAILOVER),
};

/* The way out of a refusal; the first row that matches. Operations first where they have something better to
 * say than the state. */
#define EVERY CR_N_OPERATIONS
static const struct {
        CrOperation operation;
        guint roles, states;
        const char *text;
} hints[] = {
        {CR_OP_DEFINE, ANY, ANY, "it is defined already; choose another name, or destroy it first"},
        {CR_OP_CREATE_RELATIONSHIP, R(PRIMARY) | R(REPLICA), ANY & ~S(DISABLED),
                "it has a relationship already; remove that first (RemoveReplicationRelationship)"},
        {CR_OP_CREATE_RELATIONSHIP, R(REPLICA), ANY,
                "this site holds the copy; create the relationship on the site that has the disks"},
        {CR_OP_ESTABLISH, ANY, ANY, "this site has a collection of this id in use; destroy it here first"},
        {CR_OP_START, R(PRIMARY), S(REPLICATING) | S(CRITICAL),
                "it replicates already; ReplicateNow sends at once"},
        {CR_OP_IMPORT_INITIAL, R(PRIMARY), ANY, "this side exports; import on the site that keeps the copy"},
        {CR_OP_FAILOVER, R(REPLICA), S(READY) | S(INITIAL_REPLICATION),
                "nothing complete has arrived yet; wait for the initial replication"},
        {CR_OP_FAILOVER, R(REPLICA), S(DISABLED),
                "its relationship was removed; create a new one on the other site first"},
        {CR_OP_FAILOVER, R(PRIMARY), ANY, "this site is the primary already; nothing has to fail over"},
        {CR_OP_REVERT_FAILOVER, R(PRIMARY), S(COMMITTED),
                "the failover is committed and can't be reverted; reverse the replication instead"},
        {CR_OP_COMMIT_FAILOVER, R(PRIMARY), S(COMMITTED), "the failover is committed already"},
        {CR_OP_REVERT_FAILOVER, ANY, ANY, "there is no failover here to revert; ask the site that took over"},
        {CR_OP_COMMIT_FAILOVER, ANY, ANY, "there is no failover here to commit; ask the site that took over"},
        {CR_OP_PREVIEW, R(PRIMARY), S(FAILED_OVER),
                "this is the side that took over; ask the former primary"},
        {CR_OP_PREPARE, R(PRIMARY), S(FAILED_OVER),
                "this is the side that took over; prepare the former primary, or revert the failover here"},
        {CR_OP_PREPARE, R(PRIMARY), S(READY) | S(INITIAL_REPLICATION),
                "the other site has nothing complete that it could have failed over to; let the initial "
                "replication complete"},
        {CR_OP_UPDATE_DISKS, R(PRIMARY), DISK_UPDATES,
                "an update of the set of disks is under way: the next cycle tries it again, or cancel it "
                "(CancelUpdateDiskSet)"},
        {CR_OP_CANCEL_UPDATE_DISKS, ANY, ANY,
                "no update of the set of disks is under way; take a disk out with UpdateDiskSet"},
        {CR_OP_ADAPT_DISKS, R(PRIMARY), ANY,
                "this side is the primary; its disks are changed here (UpdateDiskSet)"},
        {CR_OP_UNDO_PREPARE, ANY, ANY,
                "there is no preparation here to undo; ask the site that was prepared"},
        {CR_OP_RESUME, R(PRIMARY) | R(REPLICA),
                S(READY) | S(INITIAL_REPLICATION) | S(CRITICAL) | DISK_UPDATES,
                "it is not suspended; nothing has to be resumed"},
        {CR_OP_REVERSE, R(PRIMARY), S(FAILED_OVER), "commit the failover first (CommitFailover)"},
        {CR_OP_REVERSE, R(PRIMARY), ANY,
                "it replicates from here, and nothing has failed over; reverse is for the side that took "
                "over"},
        {CR_OP_REVERSE, R(REPLICA), ANY, "ask the site that took over: it sends, this one receives"},
        {CR_OP_RECEIVE, R(PRIMARY), ANY, "this side is the primary; two sites must not send to one another"},
        {CR_OP_ESTIMATE, ANY, ANY, "this side has not taken over; ask the one that has"},
        {CR_OP_DIGEST, R(PRIMARY), ANY,
                "this side is the primary; only a replica is compared with, and by its primary"},
        {CR_OP_REGISTER_PREPARATION, ANY, ANY,
                "this side has not taken over; prepare only after a failover to it"},
        {CR_OP_PLANNED_FAILOVER, R(PRIMARY), S(READY) | S(INITIAL_REPLICATION),
                "the other site has nothing complete that it could fail over to; let the initial replication "
                "complete"},
        {CR_OP_PLANNED_FAILOVER, R(REPLICA), ANY,
                "ask the primary: a planned failover begins there, and InitiateFailover follows here"},
        {CR_OP_TEST_FAILOVER, R(PRIMARY), ANY,
                "ask the recovery side: it has the copy that a test is made of"},
        {CR_OP_TEST_FAILOVER, R(REPLICA), S(READY) | S(INITIAL_REPLICATION),
                "nothing complete has arrived yet; wait for the initial replication"},
        {CR_OP_REVERT_TEST_FAILOVER, R(TEST_REPLICA), ANY,
                "it is the test copy itself; call this on the collection that it was made of"},
        {CR_OP_REVERT_PLANNED_FAILOVER, R(REPLICA), ANY,
                "ask the site where the planned failover was initiated"},
        {CR_OP_REVERT_PLANNED_FAILOVER, R(PRIMARY), S(FAILED_OVER),
                "revert the failover first (RevertFailover), then the planned one on the other site"},
        {CR_OP_REVERT_PLANNED_FAILOVER, R(PRIMARY), ANY, "there is no planned failover here to revert"},
        {CR_OP_DISSOLVE, R(PRIMARY), ANY,
                "this side is the primary; remove the relationship here (RemoveReplicationRelationship)"},

        {EVERY, R(NONE), ANY, "it has no relationship; create one first (CreateReplicationRelationship)"},
        {EVERY, R(TEST_REPLICA), ANY, "it is a test copy; end the test first (RevertTestReplicaCollection)"},
        {EVERY, ANY, S(FAILED_OVER), "commit or revert the failover first (CommitFailover, RevertFailover)"},
        {EVERY, ANY, S(PREPARED_FOR_REVERSE_REPLICATION),
                "undo the preparation first (RevertPrepareForReverseReplication), or reverse on the other "
                "site"},
        {EVERY, ANY, S(PREPARED_FOR_FAILOVER), "revert the planned failover first (RevertPlannedFailover)"},
        {EVERY, ANY, S(COMMITTED), "reverse the replication first (ReverseReplicationRelationship)"},
        {EVERY, ANY, S(DISABLED), "its relationship was removed; create a new one first"},
        {EVERY, R(PRIMARY), S(READY), "start the replication first (StartReplication)"},
        {EVERY, ANY, SUSPENDED_STATES, "resume the replication first (ResumeReplication)"},
        {EVERY, ANY, S(WAITING_TO_RESYNCHRONIZE),
                "the two sites' disks differ, or share no point; resynchronize them (Resynchronize)"},
        {EVERY, ANY, S(RESYNCHRONIZING),
                "wait until the resynchronization has ended, or cancel it (CancelResynchronize)"},
        {EVERY, ANY, DISK_UPDATES,
                "let the update of the set of disks complete, or cancel it (CancelUpdateDiskSet)"},
        {EVERY, R(REPLICA), ANY, "this site only receives; ask the primary site"},
        {EVERY, ANY, ANY, "wait until what is under way has ended, and try again"},
};

const char *cr_state_word(CrState state)
{
        for (gsize i = 0; i < G_N_ELEMENTS(state_words); i++)
                if (state_words[i].state == state)
                        return state_words[i].word;
        return "unknown";
}

gboolean cr_state_from_word(const char *word, CrState *ret)
{
        for (gsize i = 0; i < G_N_ELEMENTS(state_words); i++)
                if (g_strcmp0(state_words[i].word, word) == 0) {
                        *ret = state_words[i].state;
                        return TRUE;
                }
        return FALSE;
}

static gboolean find_word(const char *const *words, gsize count, const char *word, gsize *ret)
{
        for (gsize i = 0; i < count; i++)
                if (g_strcmp0(words[i], word) == 0) {
                        *ret = i;
                        return TRUE;
                }
        return FALSE;
}

const char *cr_role_word(CrRole role)
{
        return role_words[(gsize)role < G_N_ELEMENTS(role_words) ? role : CR_ROLE_NONE];
}

gboolean cr_role_from_word(const char *word, CrRole *ret)
{
        gsize found;

        if (!find_word(role_words, G_N_ELEMENTS(role_words), word, &found))
                return FALSE;
        *ret = (CrRole)found;
        return TRUE;
}

const char *cr_operation_word(CrOperation operation)
{
        return (gsize)operation < CR_N_OPERATIONS ? operation_words[operation] : "unknown";
}

gboolean cr_operation_from_word(const char *word, CrOperation *ret)
{
        gsize found;

        if (!find_word(operation_words, CR_N_OPERATIONS, word, &found))
                return FALSE;
        *ret = (CrOperation)found;
        return TRUE;
}

static gboolean is_allowed(CrRole role, CrState state, CrOperation operation)
{
        for (gsize i = 0; i < G_N_ELEMENTS(allowed); i++)
                if (allowed[i].operation == operation && (allowed[i].roles & BIT(role)) &&
                        (allowed[i].states & BIT(state)))
                        return TRUE;
        return FALSE;
}

const char *cr_state_way_out(CrRole role, CrState state, CrOperation operation)
{
        gsize i = 0;

        if (is_allowed(role, state, operation))
                return NULL;
        /* The last row matches everything. */
        while ((hints[i].operation != operation && hints[i].operation != EVERY) ||
                !(hints[i].roles & BIT(role)) || !(hints[i].states & BIT(state)))
                i++;
        return hints[i].text;
}

gboolean cr_state_check(
        const char *collection, CrRole role, CrState state, CrOperation operation, GError **error)
{
        const char *way_out = cr_state_way_out(role, state, operation);

        if (!way_out)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "collection '%s' has the role %s and the state %s, which do not allow %s: %s", collection,
                cr_role_word(role), cr_state_word(state), cr_operation_word(operation), way_out);
        return FALSE;
}

gboolean cr_state_occurs(CrRole role, CrState state)
{
        return states_of_role[role] & BIT(state);
}

gboolean cr_state_has_head(CrRole role, CrState state)
{
        /* A collection without a relationship is the disks as their machines know them. */
        return role == CR_ROLE_NONE || role == CR_ROLE_TEST_REPLICA ||
               (role == CR_ROLE_PRIMARY && !(BIT(state) & PREPARED));
}
