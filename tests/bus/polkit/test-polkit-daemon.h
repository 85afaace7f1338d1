/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The polkitd of the private bus, and what can happen to it. */

#include <sys/types.h>

/* The one that private-bus.sh started. */
pid_t polkitd_of_bus(void);

/* Starts one and waits until it can be asked. */
pid_t polkitd_start(void);

/* Ends it at once, and waits until its name is free. `ours`: it came from polkitd_start(). */
void polkitd_kill(pid_t pid, int ours);

/* Makes it neither answer nor go, and answer again. */
void polkitd_freeze(pid_t pid);
void polkitd_thaw(pid_t pid);
