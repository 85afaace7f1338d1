/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watching a job until it ends.
 */
#pragma once

#include "client/client.h"

/* Shows progress on stdout unless @quiet: a bar redrawn in place on a terminal, plain lines elsewhere.
 * Returns TRUE when the job completed; its failure and its cancellation are errors, as the service names
 * them. An interrupt (SIGINT, SIGTERM) leaves the job alone and is CR_CLIENT_ERROR_FAILED, as is a service
 * that went away. */
gboolean cr_follow(CrClient *client, const char *job, gboolean quiet, GError **error);
