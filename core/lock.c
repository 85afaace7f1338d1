/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

#define RETRY_US 10000

/* 0, or the errno; EWOULDBLOCK when the lock is still held after @wait_ms. flock has no time limit of its
 * own. */
static int lock_file(int file, guint wait_ms)
{
        gint64 end = g_get_monotonic_time() + (gint64)wait_ms * 1000;

        while (flock(file, LOCK_EX | LOCK_NB) < 0) {
                if (errno == EINTR)
                        continue;
                if (errno != EWOULDBLOCK || g_get_monotonic_time() >= end)
                        return errno;
                g_usleep(RETRY_US);
        }
        return 0;
}

int cr_lock_take(const char *directory, const CrId *collection, guint wait_ms, GError **error)
{
        g_autofree char *path = g_strdup_printf("%s/%s.lock", directory, collection->text);
        int file, errnum;

        if (g_mkdir_with_parents(directory, 0700) < 0) {
                cr_error_set_errno(error, errno, "folder '%s'", directory);
                return -1;
        }
        /* No O_CLOEXEC: the children hold the lock as long as they live. Never unlinked: two could hold locks
         * on two files of one name. */
        file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
        if (file < 0) {
                cr_error_set_errno(error, errno, "lock file '%s'", path);
                return -1;
        }
        errnum = lock_file(file, wait_ms);
        if (errnum == 0)
                return file;
        if (errnum == EWOULDBLOCK)
                g_set_error(error, CR_ERROR, CR_ERROR_IN_USE,
                        "another job holds the collection %s; wait until it has ended, or cancel it",
                        collection->text);
        else
                cr_error_set_errno(error, errnum, "lock file '%s'", path);
        close(file);
        return -1;
}
