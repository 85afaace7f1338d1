/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Prints docs/states.md: what the table of core/state.c says of each method. */
#include <stdio.h>

#include "core/state.h"

#define LAST_STATE CR_STATE_TEST_FAILOVER

/* What the peer or the daemon asks, by no method of the manager or a divergence. */
static gboolean is_internal(CrOperation operation)
{
        return operation >= CR_OP_RECEIVE;
}

/* The next state of @role after *@state in which the way out is @way_out (NULL: that allows it). */
static gboolean next_state(CrRole role, CrOperation operation, const char *way_out, int *state)
{
        while (++*state <= LAST_STATE)
                if (cr_state_occurs(role, (CrState)*state) &&
                        g_strcmp0(cr_state_way_out(role, (CrState)*state, operation), way_out) == 0)
                        return TRUE;
        return FALSE;
}

static void print_states(CrRole role, CrOperation operation, const char *way_out)
{
        gboolean is_first = TRUE;

        for (int state = -1; next_state(role, operation, way_out, &state); is_first = FALSE)
                printf("%s%s", is_first ? "" : ", ", cr_state_word((CrState)state));
}

/* One row for all states of @role that have the same way out as @first, unless it was printed before. */
static void print_row(CrRole role, CrOperation operation, int first)
{
        const char *way_out = cr_state_way_out(role, (CrState)first, operation);
        int earliest = -1;

        if (!next_state(role, operation, way_out, &earliest) || earliest != first)
                return;
        printf("| %s | ", cr_role_word(role));
        print_states(role, operation, way_out);
        printf(" | %s |\n", way_out ? way_out : "**allowed**");
}

static void print_operation(CrOperation operation)
{
        printf("\n## %s\n\n| role | state | |\n|---|---|---|\n", cr_operation_word(operation));
        for (CrRole role = CR_ROLE_NONE; role <= CR_ROLE_TEST_REPLICA; role++)
                for (int state = 0; state <= LAST_STATE; state++)
                        if (cr_state_occurs(role, (CrState)state))
                                print_row(role, operation, state);
}

int main(void)
{
        puts("<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->\n"
             "# What is allowed when\n"
             "\n"
             "Made from the one table in `core/state.c` by `tests/source/print-states.c`, and a test "
             "compares "
             "the two: after a change of the\n"
             "table, `build/tests/source/print-states > docs/states.md`.\n"
             "\n"
             "For each method: in which role and state of the collection it is allowed, and otherwise what "
             "its refusal (32775 InvalidState)\n"
             "says would help. A method that is allowed may still be refused for another reason.");
        for (CrOperation operation = 0; operation < CR_N_OPERATIONS; operation++)
                if (operation != CR_OP_DEFINE && !is_internal(operation))
                        print_operation(operation);
        return 0;
}
