/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/state.h"
#include "unit.h"

#include <string.h>

#define EVERY_STATE                                                                                          \
        "disabled ready initial-replication replicating prepared-for-failover failed-over committed "        \
        "suspended critical waiting-to-resynchronize resynchronizing resynchronization-suspended "           \
        "failover-in-progress disk-update disk-update-critical unknown prepared-for-reverse-replication "    \
        "test-failover"
#define EVERY_ROLE "none primary replica test-replica"
#define N_STATES 18

/* What is allowed, read from the contract and the design, in their words. Everything else is not. */
static const struct {
        const char *operation, *roles, *states;
} expected[] = {
        {"DestroyCollection", "none", "disabled"},
        {"DestroyCollection", "primary",
                "disabled ready initial-replication replicating committed suspended critical "
                "waiting-to-resynchronize resynchronizing resynchronization-suspended failover-in-progress "
                "disk-update disk-update-critical unknown test-failover"},
        {"DestroyCollection", "replica",
                "disabled ready initial-replication replicating suspended critical "
                "waiting-to-resynchronize resynchronizing resynchronization-suspended failover-in-progress "
                "disk-update disk-update-critical unknown test-failover"},
        {"CreateReplicationRelationship", "none", "disabled"},
        {"RemoveReplicationRelationship", "primary",
                "ready initial-replication replicating suspended critical committed disk-update "
                "disk-update-critical waiting-to-resynchronize resynchronization-suspended"},
        {"RemoveReplicationRelationship", "replica",
                "ready initial-replication replicating critical suspended"},
        {"SuspendReplication", "primary replica",
                "replicating critical waiting-to-resynchronize resynchronizing suspended "
                "resynchronization-suspended disk-update disk-update-critical"},
        {"ResumeReplication", "primary replica", "suspended resynchronization-suspended replicating"},
        {"CancelInitialReplication", "primary replica", "ready initial-replication"},
        {"ImportInitialReplication", "replica", "ready initial-replication replicating"},
        {"Seed", "replica", "ready initial-replication"},
        {"CancelResynchronize", "primary",
                "replicating critical waiting-to-resynchronize resynchronizing suspended "
                "resynchronization-suspended"},
        {"Resynchronize", "primary",
                "replicating critical waiting-to-resynchronize suspended resynchronization-suspended"},
        {"Verify", "primary",
                "replicating critical waiting-to-resynchronize suspended resynchronization-suspended"},
        {"ModifyReplicationSettings", "primary replica",
                "ready initial-replication replicating prepared-for-failover failed-over committed suspended "
                "critical waiting-to-resynchronize resynchronizing resynchronization-suspended "
                "failover-in-progress disk-update disk-update-critical unknown "
                "prepared-for-reverse-replication test-failover"},
        {"StartReplication", "primary", "ready initial-replication"},
        {"ReplicateNow", "primary",
                "initial-replication replicating critical disk-update disk-update-critical"},
        {"UpdateDiskSet", "none", "disabled"},
        {"UpdateDiskSet", "primary", "ready replicating critical failed-over committed"},
        {"CancelUpdateDiskSet", "primary", "disk-update disk-update-critical"},
        {"AdaptDisks", "replica",
                "ready initial-replication replicating critical prepared-for-reverse-replication"},
        {"InitiateFailover", "replica", "replicating suspended critical prepared-for-reverse-replication"},
        {"InitiateFailover", "primary",
                "replicating critical waiting-to-resynchronize failed-over committed disk-update "
                "disk-update-critical"},
        {"RevertFailover", "primary", "failed-over"},
        {"CommitFailover", "primary", "failed-over"},
        {"PreviewReverseReplication", "primary",
                "disabled ready initial-replication replicating prepared-for-failover committed suspended "
                "critical "
                "waiting-to-resynchronize resynchronizing resynchronization-suspended failover-in-progress "
                "disk-update disk-update-critical unknown prepared-for-reverse-replication test-failover"},
        {"PreviewReverseReplication", "replica", "prepared-for-reverse-replication"},
        {"PrepareForReverseReplication", "primary",
                "replicating critical suspended prepared-for-failover committed disk-update "
                "disk-update-critical waiting-to-resynchronize resynchronization-suspended"},
        {"PrepareForReverseReplication", "replica", "prepared-for-reverse-replication"},
        {"RevertPrepareForReverseReplication", "replica", "prepared-for-reverse-replication"},
        {"ReverseReplicationRelationship", "primary", "committed"},
        {"InitiatePlannedFailover", "primary", "replicating critical prepared-for-failover"},
        {"RevertPlannedFailover", "primary", "prepared-for-failover"},
        {"TestReplicaCollection", "replica",
                "replicating suspended critical prepared-for-reverse-replication"},
        {"RevertTestReplicaCollection", "primary replica", EVERY_STATE},
        {"Export", EVERY_ROLE, EVERY_STATE},
        {"Discard", EVERY_ROLE, EVERY_STATE},
        {"Receive", "replica",
                "ready initial-replication replicating critical prepared-for-reverse-replication"},
        {"Estimate", "primary", "failed-over committed replicating"},
        {"Digest", "replica", "ready initial-replication replicating suspended critical"},
        {"Establish", "replica", "disabled ready"},
        {"Dissolve", "none", EVERY_STATE},
        {"Dissolve", "replica",
                "disabled ready initial-replication replicating suspended critical "
                "waiting-to-resynchronize resynchronizing resynchronization-suspended failover-in-progress "
                "disk-update disk-update-critical unknown test-failover"},
        {"RegisterPreparation", "primary", "failed-over committed"},
        {"Recover", EVERY_ROLE, EVERY_STATE},
        {"ResetReplicationStatistics", EVERY_ROLE, EVERY_STATE},
};

static gboolean has_word(const char *words, const char *word)
{
        g_auto(GStrv) list = g_strsplit(words, " ", -1);

        return g_strv_contains((const char *const *)list, word);
}

static gboolean is_expected(const char *operation, const char *role, const char *state)
{
        for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
                if (strcmp(expected[i].operation, operation) == 0 && has_word(expected[i].roles, role) &&
                        has_word(expected[i].states, state))
                        return TRUE;
        return FALSE;
}

/* A refusal names the collection, what was found and what would help. */
static void check_message(const char *message, const char *role, const char *state, const char *operation)
{
        const char *way_out = strstr(message, operation);

        ck_assert_msg(
                strstr(message, "'shop'") && strstr(message, role) && strstr(message, state), "%s", message);
        ck_assert_msg(way_out && strlen(way_out) > strlen(operation) + 20, "%s", message);
}

static void check_triple(CrRole role, CrState state, CrOperation operation)
{
        const char *role_word = cr_role_word(role), *state_word = cr_state_word(state);
        const char *operation_word = cr_operation_word(operation);
        gboolean wanted = is_expected(operation_word, role_word, state_word);
        g_autoptr(GError) error = NULL;

        ck_assert_msg(cr_state_check("shop", role, state, operation, &error) == wanted, "%s %s %s: %s",
                role_word, state_word, operation_word, error ? error->message : "allowed");
        if (wanted)
                return;
        ck_assert(g_error_matches(error, CR_ERROR, CR_ERROR_INVALID_STATE));
        check_message(error->message, role_word, state_word, operation_word);
}

START_TEST(every_operation_in_every_role_and_state)
{
        g_auto(GStrv) roles = g_strsplit(EVERY_ROLE, " ", -1), states = g_strsplit(EVERY_STATE, " ", -1);

        ck_assert_uint_eq(g_strv_length(states), N_STATES);
        for (char **r = roles; *r; r++)
                for (char **s = states; *s; s++)
                        for (CrOperation operation = 0; operation < CR_N_OPERATIONS; operation++) {
                                CrRole role;
                                CrState state;

                                ck_assert(cr_role_from_word(*r, &role) && cr_state_from_word(*s, &state));
                                check_triple(role, state, operation);
                        }
}
END_TEST

START_TEST(every_expectation_is_of_an_operation)
{
        CrOperation operation;

        for (gsize i = 0; i < G_N_ELEMENTS(expected); i++)
                ck_assert_msg(cr_operation_from_word(expected[i].operation, &operation), "%s",
                        expected[i].operation);
}
END_TEST

START_TEST(words_and_numbers_go_both_ways)
{
        static const struct {
                int state;
                const char *word;
        } numbers[] = {{0, "disabled"}, {3, "replicating"}, {5, "failed-over"}, {17, "unknown"},
                {20, "prepared-for-reverse-replication"}, {21, "test-failover"}};
        CrOperation operation;
        CrState state;
        CrRole role;

        for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
                ck_assert_str_eq(cr_state_word((CrState)numbers[i].state), numbers[i].word);
                ck_assert(cr_state_from_word(numbers[i].word, &state) && (int)state == numbers[i].state);
        }
        for (CrOperation i = 0; i < CR_N_OPERATIONS; i++)
                ck_assert(cr_operation_from_word(cr_operation_word(i), &operation) && operation == i);
        for (int i = 0; i < 4; i++)
                ck_assert(cr_role_from_word(cr_role_word((CrRole)i), &role) && (int)role == i);
}
END_TEST

START_TEST(strange_words_and_numbers_are_none)
{
        CrOperation operation;
        CrState state;
        CrRole role;

        ck_assert_str_eq(cr_state_word((CrState)13), "unknown");
        ck_assert_str_eq(cr_state_word((CrState)99), "unknown");
        ck_assert_str_eq(cr_role_word((CrRole)4), "none");
        ck_assert_str_eq(cr_operation_word(CR_N_OPERATIONS), "unknown");
        ck_assert(!cr_state_from_word("Replicating", &state) && !cr_state_from_word("", &state));
        ck_assert(!cr_role_from_word("boss", &role) && !cr_role_from_word(NULL, &role));
        ck_assert(!cr_operation_from_word("unknown", &operation));
}
END_TEST

START_TEST(who_has_a_head)
{
        static const struct {
                CrRole role;
                CrState state;
                gboolean head;
        } table[] = {
                {CR_ROLE_NONE, CR_STATE_DISABLED, TRUE},
                {CR_ROLE_PRIMARY, CR_STATE_READY, TRUE},
                {CR_ROLE_PRIMARY, CR_STATE_REPLICATING, TRUE},
                {CR_ROLE_PRIMARY, CR_STATE_CRITICAL, TRUE},
                {CR_ROLE_PRIMARY, CR_STATE_FAILED_OVER, TRUE},
                {CR_ROLE_PRIMARY, CR_STATE_COMMITTED, TRUE},
                {CR_ROLE_PRIMARY, CR_STATE_PREPARED_FOR_FAILOVER, FALSE},
                {CR_ROLE_REPLICA, CR_STATE_REPLICATING, FALSE},
                {CR_ROLE_REPLICA, CR_STATE_DISABLED, FALSE},
                {CR_ROLE_REPLICA, CR_STATE_PREPARED_FOR_REVERSE_REPLICATION, FALSE},
                {CR_ROLE_TEST_REPLICA, CR_STATE_TEST_FAILOVER, TRUE},
        };

        for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
                ck_assert_msg(cr_state_has_head(table[i].role, table[i].state) == table[i].head, "%s %s",
                        cr_role_word(table[i].role), cr_state_word(table[i].state));
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {every_operation_in_every_role_and_state,
                every_expectation_is_of_an_operation, words_and_numbers_go_both_ways,
                strange_words_and_numbers_are_none, who_has_a_head, NULL};

        return run_tests("state", tests);
}
