/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bus/contract/latecomer.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* QEMU's block/file-posix.c: RAW_LOCK_PERM_BASE and RAW_LOCK_SHARED_BASE, plus BLK_PERM_WRITE's bit. */
#define BYTE_WRITES 101
#define BYTE_WRITES_REFUSED 201

#define DELAY_USEC                                                                                           \
        300000 /* at most, between opening and locking: less than what a cut waits for latecomers */
#define PAUSE_USEC 200000 /* at most, between two starts */

/* Shared with the latecomer's process. */
typedef struct Runs {
        gint n, astray;
} Runs;

struct Latecomer {
        pid_t pid;
        Runs *runs;
};

static gboolean takes_lock(int fd)
{
        struct flock mine = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = BYTE_WRITES, .l_len = 1};
        struct flock refused = {
                .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = BYTE_WRITES_REFUSED, .l_len = 1};

        return fcntl(fd, F_OFD_SETLK, &mine) == 0 && fcntl(fd, F_OFD_GETLK, &refused) == 0 &&
               refused.l_type == F_UNLCK;
}

static gboolean is_at(int fd, const char *path)
{
        struct stat open_file, named;

        return fstat(fd, &open_file) == 0 && stat(path, &named) == 0 && open_file.st_ino == named.st_ino;
}

static _Noreturn void live(Runs *runs, const char *head)
{
        g_autoptr(GRand) random = g_rand_new_with_seed(1);

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
                int fd = open(head, O_RDWR | O_CLOEXEC);

                g_usleep((gulong)g_rand_int_range(random, 0, DELAY_USEC));
                if (fd >= 0 && takes_lock(fd)) {
                        g_atomic_int_inc(&runs->n);
                        if (!is_at(fd, head))
                                g_atomic_int_inc(&runs->astray);
                }
                if (fd >= 0)
                        close(fd);
                g_usleep((gulong)g_rand_int_range(random, 0, PAUSE_USEC));
        }
}

Latecomer *latecomer_start(const char *head)
{
        Latecomer *latecomer = g_new0(Latecomer, 1);

        latecomer->runs = mmap(
                NULL, sizeof *latecomer->runs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        ck_assert(latecomer->runs != MAP_FAILED);
        latecomer->pid = fork();
        ck_assert_int_ge(latecomer->pid, 0);
        if (latecomer->pid == 0)
                live(latecomer->runs, head);
        return latecomer;
}

guint latecomer_count(const Latecomer *latecomer)
{
        return (guint)g_atomic_int_get(&latecomer->runs->n);
}

void latecomer_end(Latecomer *latecomer)
{
        ck_assert_int_eq(kill(latecomer->pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(latecomer->pid, NULL, 0), latecomer->pid);
        ck_assert_msg(latecomer->runs->astray == 0,
                "it ran %d times on a file that was not its disk any more", latecomer->runs->astray);
        ck_assert_int_eq(munmap(latecomer->runs, sizeof *latecomer->runs), 0);
        g_free(latecomer);
}
