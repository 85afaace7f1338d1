/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text-mode authentication agent, pkttyagent, for callers without a desktop that has one.
 */
#pragma once

#include <gio/gio.h>

/* Starts it for this process and waits until it is registered. NULL where nobody could answer (no terminal,
 * or root, who is not asked), or where there is no agent: the service then says that authentication is
 * needed.
 * @bus_address: the bus that the service is on. */
GSubprocess *cr_agent_start(const char *bus_address);

/* Ends it and drops the reference. */
void cr_agent_stop(GSubprocess *agent);
