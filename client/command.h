/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line: global options, the verb, its options and arguments.
 */
#pragma once

/* Runs one command line (without the program's name, NULL at the end); returns the exit status: 0 done, 1
 * failed with the message on stderr, 2 wrong usage. */
int cr_command_run(char *const *words);
