/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <sys/vfs.h>

#include "core/error.h"
#include "engines/qcow2/chain.h"
#include "engines/qcow2/fd.h"

/* QEMU's lock bytes: block/file-posix.c, RAW_LOCK_PERM_BASE and RAW_LOCK_SHARED_BASE, plus the permission's
 * bit. */
#define BYTE_USED 100
#define BYTE_REFUSED 200
#define PERMISSION_READ 0
#define PERMISSION_WRITE 1
#define PERMISSION_RESIZE 3
#define PERMISSIONS 8 /* more than QEMU has: looked at when nobody at all may have it open */

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif

#define LOOK_AGAIN_US 2000u

struct CrFence {
        GArray *fds;
};

static gboolean refuse(GError **error, const char *path)
{
        g_set_error(error, CR_ERROR, CR_ERROR_IN_USE,
                "image '%s' is open in another process; shut the virtual machine down first", path);
        return FALSE;
}

/* Others are told: this permission is not granted. */
static gboolean hold(int fd, const char *path, int permission, GError **error)
{
        struct flock lock = {
                .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = BYTE_REFUSED + permission, .l_len = 1};

        if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
                return TRUE;
        if (errno == EAGAIN || errno == EACCES)
                return refuse(error, path);
        return cr_error_set_errno(error, errno, "can't lock image '%s'", path);
}

/* Whether another open file holds a lock in the range. */
static gboolean probe(int fd, int first, int n, gboolean *ret, GError **error)
{
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = first, .l_len = n};

        if (fcntl(fd, F_OFD_GETLK, &lock) < 0)
                return cr_error_set_errno(error, errno, "can't look at an image's locks");
        *ret = lock.l_type != F_UNLCK;
        return TRUE;
}

/* Where a lease is a matter of this host alone. Elsewhere (NFS) it depends on the server, and says nothing
 * about writers. */
static gboolean has_local_leases(int fd)
{
        struct statfs st;

        if (fstatfs(fd, &st) < 0)
                return FALSE;
        return st.f_type == EXT4_SUPER_MAGIC || st.f_type == XFS_SUPER_MAGIC ||
               st.f_type == BTRFS_SUPER_MAGIC || st.f_type == TMPFS_MAGIC || st.f_type == F2FS_SUPER_MAGIC;
}

/* The kernel grants a read lease only while nobody has the file open for writing, in whatever way. It is
 * given back at once; who opens meanwhile would cause a signal, which is made one that is ignored. */
static gboolean is_open_for_writing(int fd)
{
        gboolean refused;

        if (!has_local_leases(fd))
                return FALSE;
        (void)fcntl(fd, F_SETSIG, SIGURG);
        refused = fcntl(fd, F_SETLEASE, F_RDLCK) < 0 && errno == EAGAIN;
        (void)fcntl(fd, F_SETLEASE, F_UNLCK);
        return refused;
}

static gboolean hold_all(int fd, const char *path, CrFenceMode mode, GError **error)
{
        return hold(fd, path, PERMISSION_WRITE, error) && hold(fd, path, PERMISSION_RESIZE, error) &&
               (mode == CR_FENCE_WRITERS || hold(fd, path, PERMISSION_READ, error));
}

static gboolean is_used(int fd, CrFenceMode mode, gboolean *ret, GError **error)
{
        gboolean written = FALSE, resized = FALSE, used = FALSE;

        if (!probe(fd, BYTE_USED + PERMISSION_WRITE, 1, &written, error) ||
                !probe(fd, BYTE_USED + PERMISSION_RESIZE, 1, &resized, error) ||
                (mode == CR_FENCE_EVERYONE && !probe(fd, BYTE_USED, PERMISSIONS, &used, error)))
                return FALSE;
        *ret = written || resized || used || is_open_for_writing(fd);
        return TRUE;
}

/* Who just tries to open it has the file open, and even a lock on it, for a moment before he gives up: that
 * is not a use. */
static gboolean look(int fd, const char *path, CrFenceMode mode, gint64 deadline, GError **error)
{
        gboolean used;

        while (is_used(fd, mode, &used, error)) {
                if (!used)
                        return TRUE;
                if (g_get_monotonic_time() > deadline)
                        return refuse(error, path);
                g_usleep(LOOK_AGAIN_US);
        }
        return FALSE;
}

/* First hold, then look: whoever comes in between sees the locks, or is seen. */
gboolean cr_fence_file(int fd, const char *path, CrFenceMode mode, guint wait_ms, GError **error)
{
        return hold_all(fd, path, mode, error) &&
               look(fd, path, mode, g_get_monotonic_time() + wait_ms * 1000ll, error);
}

static void clear_fd(gpointer fd)
{
        cr_fd_clear(fd);
}

static gboolean hold_layer(
        const CrConfig *config, CrFence *fence, const CrLayer *layer, CrFenceMode mode, GError **error)
{
        int fd = cr_chain_open_layer(config, layer, error);

        if (fd < 0)
                return FALSE;
        g_array_append_val(fence->fds, fd);
        return hold_all(fd, layer->path, mode, error);
}

CrFence *cr_fence_take(const CrConfig *config, GPtrArray *layers, CrFenceMode mode, GError **error)
{
        CrFence *fence = g_new0(CrFence, 1);
        gint64 deadline = g_get_monotonic_time() + CR_FENCE_SHORT_MS * 1000ll;
        gboolean ok = TRUE;

        fence->fds = g_array_new(FALSE, FALSE, sizeof(int));
        g_array_set_clear_func(fence->fds, clear_fd);
        for (guint i = 0; ok && i < layers->len; i++)
                ok = hold_layer(config, fence, g_ptr_array_index(layers, i), mode, error);
        for (guint i = 0; ok && i < layers->len; i++) {
                const CrLayer *layer = g_ptr_array_index(layers, i);

                ok = look(g_array_index(fence->fds, int, i), layer->path, mode, deadline, error);
        }
        if (ok)
                return fence;
        cr_fence_release(fence);
        return NULL;
}

void cr_fence_release(CrFence *fence)
{
        if (!fence)
                return;
        g_array_unref(fence->fds);
        g_free(fence);
}
