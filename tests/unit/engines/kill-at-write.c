/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loaded into a tool (LD_PRELOAD): kills it before the change to a file that KILL_AT_WRITE counts to,
 * whichever of its threads does it. */
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/types.h>
#include <sys/uio.h>

static atomic_int n_changes;

static void count(void)
{
        const char *last = getenv("KILL_AT_WRITE");

        if (last && atomic_fetch_add(&n_changes, 1) + 1 == atoi(last))
                raise(SIGKILL);
}

/* Defines the wrapper of one function of the C library. */
#define WRAP(type, name, parameters, arguments)                                                              \
        type name parameters;                                                                                \
        type name parameters                                                                                 \
        {                                                                                                    \
                type(*real) parameters = (type(*) parameters)dlsym(RTLD_NEXT, #name);                        \
                count();                                                                                     \
                return real arguments;                                                                       \
        }

WRAP(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
WRAP(ssize_t, pwritev64, (int fd, const struct iovec *data, int n, off64_t at), (fd, data, n, at))
WRAP(int, fallocate64, (int fd, int mode, off64_t at, off64_t size), (fd, mode, at, size))
WRAP(int, ftruncate64, (int fd, off64_t size), (fd, size))
WRAP(int, fdatasync, (int fd), (fd))
