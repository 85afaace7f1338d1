/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Named failpoints: places where a test ends the process as kill -9 would, or holds it there. Compiled in
 * only by the build option `failpoints`; otherwise nothing remains of them.
 *
 * A process takes its orders from the folder that COLLECTION_REPLICATION_FAILPOINTS names: the first one that
 * gets to NAME and can remove the file NAME.kill there is killed (SIGKILL); NAME.stop stops it there
 * (SIGSTOP; the test continues or kills it). So an order is carried out once, by whichever process of a site
 * comes first. Workers inherit their daemon's environment. Every process that has any lists them with
 * --list-failpoints, one name a line, so that tests find new ones by themselves.
 */
#pragma once

#include "config.h"

#if CR_FAILPOINTS
struct cr_failpoint {
        const char *name;
};
void cr_failpoint_reach(const struct cr_failpoint *point);
/* @name: a literal, "operation.step", unique within the project. The pointer in the section is what makes it
 * listable. */
#define CR_FAILPOINT(literal)                                                                                \
        do {                                                                                                 \
                static const struct cr_failpoint failpoint_here = {literal};                                 \
                static const struct cr_failpoint *const failpoint_listed                                     \
                        __attribute__((used, section("cr_failpoints"))) = &failpoint_here;                   \
                (void)failpoint_listed;                                                                      \
                cr_failpoint_reach(&failpoint_here);                                                         \
        } while (0)
#else
#define CR_FAILPOINT(literal)                                                                                \
        do {                                                                                                 \
        } while (0)
#endif

/* Prints the names of all failpoints linked into this process, sorted, one a line. Prints nothing in a build
 * without them. */
void cr_failpoint_list(void);
