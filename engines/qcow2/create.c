/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/create.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/failpoint.h"
#include "engines/qcow2/chain.h"
#include "engines/qcow2/child.h"
#include "engines/qcow2/fd.h"
#include "engines/qcow2/likeness.h"
#include "engines/qcow2/place.h"

/* 4 KiB sub-clusters keep a delta of small random writes small: 16 MiB for 4096 of 4 KiB, not 254 MiB. */
#define LAYER_OPTIONS "compat=1.1,cluster_size=128k,extended_l2=on,lazy_refcounts=off"

/* The longest name that a qcow2 header can hold. Source: QEMU's docs/interop/qcow2.txt. */
#define BACKING_NAME_MAX 1023u

char *cr_create_layer_path(const CrCollection *collection, const CrDisk *disk, const CrId *layer)
{
        g_autofree char *folder = g_path_get_dirname(disk->head_path);

        return g_strdup_printf("%s/" CR_LAYERS_FOLDER "/%s/%s-%s.qcow2", folder, collection->id.text,
                disk->name, layer->text);
}

/* @backing NULL: none. -u: the backing file is not looked at, it need not be there yet. */
static gboolean format(int fd, const char *backing, guint64 virtual_size, GError **error)
{
        g_autofree char *file = g_strdup_printf("/proc/self/fd/%d", fd);
        g_autofree char *size = g_strdup_printf("%" G_GUINT64_FORMAT, virtual_size);
        g_autoptr(GPtrArray) argv = g_ptr_array_new();
        static const char *const start[] = {"qemu-img", "create", "-q", "-f", "qcow2", "-o", LAYER_OPTIONS};
        CrChildSpec spec = {.fds = &fd, .n_fds = 1, .timeout_ms = CR_CHILD_TIMEOUT_MS};

        for (gsize i = 0; i < G_N_ELEMENTS(start); i++)
                g_ptr_array_add(argv, (char *)start[i]);
        if (backing) {
                g_ptr_array_add(argv, (char *)"-u");
                g_ptr_array_add(argv, (char *)"-F");
                g_ptr_array_add(argv, (char *)"qcow2");
                g_ptr_array_add(argv, (char *)"-b");
                g_ptr_array_add(argv, (char *)backing);
        }
        g_ptr_array_add(argv, file);
        g_ptr_array_add(argv, size);
        g_ptr_array_add(argv, NULL);
        spec.argv = (const char *const *)argv->pdata;
        return cr_child_run(&spec, NULL, error);
}

static gboolean dress(const CrConfig *config, int fd, const char *path, const char *like, GError **error)
{
        CR_AUTO_FD int model = like ? cr_place_open_file(config, like, error) : -1;

        if (like && model < 0)
                return FALSE;
        return !like || cr_likeness_copy(model, fd, path, error);
}

static gboolean fill(const CrConfig *config, const CrPlace *place, int fd, const char *backing,
        guint64 virtual_size, const char *like, ino_t *ret_inode, GError **error)
{
        struct stat st;

        if (!format(fd, backing, virtual_size, error) || !dress(config, fd, place->path, like, error))
                return FALSE;
        CR_FAILPOINT("qcow2.create.filled");
        if (fsync(fd) < 0 || fstat(fd, &st) < 0)
                return cr_error_set_errno(error, errno, "can't flush '%s'", place->path);
        *ret_inode = st.st_ino;
        return cr_place_sync(place, error);
}

static gboolean check_backing(const char *backing, GError **error)
{
        if (!backing || strlen(backing) <= BACKING_NAME_MAX)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "the path '%s' is too long: at most %u bytes fit an image's header", backing,
                BACKING_NAME_MAX);
        return FALSE;
}

gboolean cr_create_layer(const CrConfig *config, const CrLayer *below, const char *backing_path,
        const char *path, guint64 virtual_size, const char *like, ino_t *ret_inode, GError **error)
{
        const char *backing = backing_path ? backing_path : below ? below->path : NULL;
        CR_AUTO_PLACE CrPlace place = CR_PLACE_NONE;
        CR_AUTO_FD int fd = -1;

        if (!check_backing(backing, error) || !cr_place_make(config, path, &place, error))
                return FALSE;
        fd = openat(place.folder, place.name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0 && errno == EEXIST) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE, "there is a file at '%s' already", path);
                return FALSE;
        }
        if (fd < 0)
                return cr_error_set_errno(error, errno, "can't make '%s'", path);
        CR_FAILPOINT("qcow2.create.opened");
        if (fill(config, &place, fd, backing, virtual_size, like, ret_inode, error))
                return TRUE;
        g_prefix_error(error, "layer '%s': ", path);
        (void)unlinkat(place.folder, place.name, 0);
        return FALSE;
}
