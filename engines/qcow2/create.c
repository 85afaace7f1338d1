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

/* Tools that work at once: their start takes much longer than their work. */
#define TOGETHER_MAX 8u

/* The longest name that a qcow2 header can hold. Source: QEMU's docs/interop/qcow2.txt. */
#define BACKING_NAME_MAX 1023u

char *cr_create_layer_path(const CrCollection *collection, const CrDisk *disk, const CrId *layer)
{
        g_autofree char *folder = g_path_get_dirname(disk->head_path);

        return g_strdup_printf("%s/" CR_LAYERS_FOLDER "/%s/%s-%s.qcow2", folder, collection->id.text,
                disk->name, layer->text);
}

/* One that is being made. */
typedef struct Making {
        CrPlace place;
        int fd;         /* -1: nothing was made */
        CrChild *child; /* that writes the header; NULL: none runs */
} Making;

/* @backing NULL: none. -u: the backing file is not looked at, it need not be there yet. */
static CrChild *format(int fd, const char *backing, guint64 virtual_size, GError **error)
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
        return cr_child_begin(&spec, error);
}

static gboolean dress(const CrConfig *config, int fd, const char *path, const char *like, GError **error)
{
        CR_AUTO_FD int model = like ? cr_place_open_file(config, like, error) : -1;

        if (like && model < 0)
                return FALSE;
        return !like || cr_likeness_copy(model, fd, path, error);
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

static gboolean begin(const CrConfig *config, const CrNewLayer *layer, Making *making, GError **error)
{
        const char *backing = layer->backing_path ? layer->backing_path
                              : layer->below      ? layer->below->path
                                                  : NULL;
        CrPlace *place = &making->place;

        if (!check_backing(backing, error) || !cr_place_make(config, layer->path, place, error))
                return FALSE;
        making->fd =
                openat(place->folder, place->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (making->fd < 0 && errno == EEXIST) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE, "there is a file at '%s' already",
                        layer->path);
                return FALSE;
        }
        if (making->fd < 0)
                return cr_error_set_errno(error, errno, "can't make '%s'", layer->path);
        CR_FAILPOINT("qcow2.create.opened");
        making->child = format(making->fd, backing, layer->virtual_size, error);
        return making->child != NULL;
}

static gboolean finish(const CrConfig *config, CrNewLayer *layer, Making *making, GError **error)
{
        struct stat st;

        if (!cr_child_finish(g_steal_pointer(&making->child), NULL, error) ||
                !dress(config, making->fd, layer->path, layer->like, error))
                return FALSE;
        CR_FAILPOINT("qcow2.create.filled");
        if (fsync(making->fd) < 0 || fstat(making->fd, &st) < 0)
                return cr_error_set_errno(error, errno, "can't flush '%s'", layer->path);
        layer->inode = st.st_ino;
        return cr_place_sync(&making->place, error);
}

/* Begins all before it waits for the first. */
static gboolean make(
        const CrConfig *config, CrNewLayer *layers, Making *makings, guint n, guint *ret_at, GError **error)
{
        for (*ret_at = 0; *ret_at < n; ++*ret_at)
                if (!begin(config, &layers[*ret_at], &makings[*ret_at], error))
                        return FALSE;
        for (*ret_at = 0; *ret_at < n; ++*ret_at)
                if (!finish(config, &layers[*ret_at], &makings[*ret_at], error))
                        return FALSE;
        return TRUE;
}

static void making_clear(Making *making, gboolean unmake)
{
        cr_child_abandon(making->child);
        if (unmake && making->fd >= 0)
                (void)unlinkat(making->place.folder, making->place.name, 0);
        cr_fd_clear(&making->fd);
        cr_place_clear(&making->place);
}

static gboolean create_some(const CrConfig *config, CrNewLayer *layers, guint n, GError **error)
{
        Making makings[TOGETHER_MAX];
        gboolean ok;
        guint at;

        for (guint i = 0; i < n; i++)
                makings[i] = (Making){.place = CR_PLACE_NONE, .fd = -1};
        ok = make(config, layers, makings, n, &at, error);
        if (!ok)
                g_prefix_error(error, "layer '%s': ", layers[at].path);
        for (guint i = 0; i < n; i++)
                making_clear(&makings[i], !ok);
        return ok;
}

static void unmake(const CrConfig *config, const CrNewLayer *layers, guint n)
{
        for (guint i = 0; i < n; i++) {
                CR_AUTO_PLACE CrPlace place = CR_PLACE_NONE;

                if (cr_place_open(config, layers[i].path, &place, NULL))
                        (void)cr_place_unlink(&place, layers[i].inode, NULL);
        }
}

gboolean cr_create_layers(const CrConfig *config, CrNewLayer *layers, guint n, GError **error)
{
        for (guint done = 0; done < n; done += TOGETHER_MAX) {
                if (create_some(config, layers + done, MIN(n - done, TOGETHER_MAX), error))
                        continue;
                unmake(config, layers, done);
                return FALSE;
        }
        return TRUE;
}
