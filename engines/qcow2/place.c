/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/failpoint.h"
#include "core/path_policy.h"
#include "engines/qcow2/fd.h"

/* Whoever runs the machine must pass through to the layers below its disk, but need not list them. */
#define LAYERS_FOLDER_MODE 0711

void cr_place_clear(CrPlace *place)
{
        cr_fd_clear(&place->folder);
        g_clear_pointer(&place->path, g_free);
        place->name = NULL;
}

char **cr_place_directories(const CrConfig *config)
{
        GPtrArray *directories = g_ptr_array_new();

        for (guint i = 0; config->image_directories && config->image_directories[i]; i++)
                g_ptr_array_add(directories, g_strdup(config->image_directories[i]));
        if (config->replica_directory)
                g_ptr_array_add(directories, g_strdup(config->replica_directory));
        g_ptr_array_add(directories, NULL);
        return (char **)g_ptr_array_free(directories, FALSE);
}

gboolean cr_place_open(const CrConfig *config, const char *path, CrPlace *ret, GError **error)
{
        g_auto(GStrv) directories = cr_place_directories(config);
        CR_AUTO_PLACE CrPlace place = {.folder = -1, .path = g_strdup(path)};

        place.folder = cr_path_open_parent(directories, place.path, &place.name, error);
        if (place.folder < 0)
                return FALSE;
        *ret = place;
        place = CR_PLACE_NONE;
        return TRUE;
}

int cr_place_open_file(const CrConfig *config, const char *path, GError **error)
{
        g_auto(GStrv) directories = cr_place_directories(config);

        return cr_path_open_file(directories, path, O_RDONLY, error);
}

/* Makes the folder @place unless it is there. */
static gboolean make_folder(const CrPlace *place, GError **error)
{
        CR_AUTO_FD int fd = -1;

        if (mkdirat(place->folder, place->name, LAYERS_FOLDER_MODE) < 0) {
                if (errno == EEXIST)
                        return TRUE;
                return cr_error_set_errno(error, errno, "can't make folder '%s'", place->path);
        }
        fd = openat(place->folder, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 || fchmod(fd, LAYERS_FOLDER_MODE) < 0 || fsync(fd) < 0)
                return cr_error_set_errno(error, errno, "can't make folder '%s'", place->path);
        CR_FAILPOINT("qcow2.folder.made");
        return cr_place_sync(place, error);
}

static gboolean is_same_file_system(const CrPlace *a, const CrPlace *b, GError **error)
{
        struct stat of_a, of_b;

        if (fstat(a->folder, &of_a) < 0 || fstat(b->folder, &of_b) < 0)
                return cr_error_set_errno(error, errno, "can't look at folder of '%s'", b->path);
        if (of_a.st_dev == of_b.st_dev)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                "the folder of '%s' is on another file system than the one that holds it; unmount it",
                b->path);
        return FALSE;
}

gboolean cr_place_make(const CrConfig *config, const char *path, CrPlace *ret, GError **error)
{
        CR_AUTO_PLACE CrPlace outer = CR_PLACE_NONE, inner = CR_PLACE_NONE, place = CR_PLACE_NONE;
        g_autofree char *collection_folder = g_path_get_dirname(path);
        g_autofree char *layers_folder = g_path_get_dirname(collection_folder);

        if (!g_str_has_suffix(layers_folder, "/" CR_LAYERS_FOLDER))
                return cr_place_open(config, path, ret, error);
        if (!cr_place_open(config, layers_folder, &outer, error) || !make_folder(&outer, error) ||
                !cr_place_open(config, collection_folder, &inner, error) || !make_folder(&inner, error) ||
                !cr_place_open(config, path, &place, error) || !is_same_file_system(&outer, &place, error))
                return FALSE;
        *ret = place;
        place = CR_PLACE_NONE;
        return TRUE;
}

gboolean cr_place_inode(const CrPlace *place, ino_t *ret, GError **error)
{
        struct stat st;

        *ret = 0;
        if (fstatat(place->folder, place->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT || cr_error_set_errno(error, errno, "can't look at '%s'", place->path);
        *ret = st.st_ino;
        return TRUE;
}

gboolean cr_place_link(const CrPlace *place, int fd, GError **error)
{
        g_autofree char *opened = g_strdup_printf("/proc/self/fd/%d", fd);
        struct stat st;
        ino_t there;

        if (linkat(AT_FDCWD, opened, place->folder, place->name, AT_SYMLINK_FOLLOW) == 0)
                return TRUE;
        if (errno != EEXIST)
                return cr_error_set_errno(error, errno, "can't place a file at '%s'", place->path);
        if (fstat(fd, &st) < 0)
                return cr_error_set_errno(error, errno, "can't look at the file for '%s'", place->path);
        if (!cr_place_inode(place, &there, error))
                return FALSE;
        if (there == st.st_ino)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "a file that this service did not put there is at '%s'; move it away", place->path);
        return FALSE;
}

gboolean cr_place_unlink(const CrPlace *place, ino_t inode, GError **error)
{
        ino_t there;

        if (!cr_place_inode(place, &there, error))
                return FALSE;
        if (there != inode || unlinkat(place->folder, place->name, 0) == 0 || errno == ENOENT)
                return TRUE;
        return cr_error_set_errno(error, errno, "can't remove '%s'", place->path);
}

gboolean cr_place_rename(const CrPlace *from, const CrPlace *to, GError **error)
{
        if (renameat(from->folder, from->name, to->folder, to->name) == 0)
                return TRUE;
        return cr_error_set_errno(error, errno, "can't rename '%s' to '%s'", from->path, to->path);
}

gboolean cr_place_sync(const CrPlace *place, GError **error)
{
        CR_AUTO_FD int fd = openat(place->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd >= 0 && fsync(fd) == 0)
                return TRUE;
        return cr_error_set_errno(error, errno, "can't flush the folder of '%s'", place->path);
}
