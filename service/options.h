/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's command line. */
#pragma once

#include "service/service.h"

typedef enum CrCommand {
        CR_COMMAND_RUN,
        CR_COMMAND_VERSION,
        CR_COMMAND_LIST_FAILPOINTS,
} CrCommand;

/* --help is carried out here, and ends the process. An error is a wrong usage. */
gboolean cr_options_parse(
        int *argc, char ***argv, CrServiceOptions *ret, CrCommand *ret_command, GError **error);
void cr_options_clear(CrServiceOptions *options);
