/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* An authentication agent, which stands for a person at a dialog. Runs as root in the test's process. */

#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

typedef enum AgentHabit {
        AGENT_AUTHENTICATES, /* as an administrator */
        AGENT_DISMISSES,
        AGENT_WAITS, /* leaves the dialog open */
} AgentHabit;

typedef struct Agent {
        sd_bus *bus;
        AgentHabit habit;
        unsigned n_begun;
        unsigned n_cancelled; /* polkit closed the dialog */
        char *last_action;
        char *last_message; /* what the dialog says */
} Agent;

void agent_start(Agent *a, sd_event *event, AgentHabit habit);
void agent_stop(Agent *a);

/* From now on the agent answers for this process. */
void agent_serve(Agent *a, pid_t pid);
