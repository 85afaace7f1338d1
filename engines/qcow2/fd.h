/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A descriptor that is closed where its name ends. */
#pragma once

#include <unistd.h>

static inline void cr_fd_clear(int *fd)
{
        if (*fd >= 0)
                close(*fd);
        *fd = -1;
}

/* Gives the descriptor away: the variable no longer owns it. */
static inline int cr_fd_steal(int *fd)
{
        int stolen = *fd;

        *fd = -1;
        return stolen;
}

#define CR_AUTO_FD __attribute__((cleanup(cr_fd_clear)))
