/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/path_policy.h"
#include "worker/export_folder.h"

struct CrExportFolder {
        CrWorker *worker;
        CrId collection;
        char *directory;
        int fd;
        CrId token;
        GPtrArray *names;
};

CrExportFolder *cr_export_folder_open(
        CrWorker *worker, const CrId *collection, const char *directory, GError **error)
{
        int fd = cr_path_open_directory(worker->config->export_directories, directory, error);

        if (fd < 0)
                return NULL;
        CrExportFolder *folder = g_new0(CrExportFolder, 1);
        folder->worker = worker;
        folder->collection = *collection;
        folder->directory = g_strdup(directory);
        folder->fd = fd;
        folder->token = cr_id_new();
        folder->names = g_ptr_array_new_with_free_func(g_free);
        return folder;
}

void cr_export_folder_close(CrExportFolder *folder)
{
        close(folder->fd);
        g_ptr_array_unref(folder->names);
        g_free(folder->directory);
        g_free(folder);
}

/* With a random part: what a killed export left is deleted by this name, so nobody else's file may have it.
 */
static char *partial_name(const CrExportFolder *folder, const char *name)
{
        return g_strdup_printf(".%s-%s.part", folder->token.text, name);
}

char *cr_export_folder_path(const CrExportFolder *folder, const char *name)
{
        return g_build_filename(folder->directory, name, NULL);
}

gboolean cr_export_folder_add(CrExportFolder *folder, const char *name, GError **error)
{
        struct stat st;

        g_ptr_array_add(folder->names, g_strdup(name));
        if (fstatat(folder->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "%s/%s exists already: choose an empty folder", folder->directory, name);
        return FALSE;
}

gboolean cr_export_folder_note(CrExportFolder *folder, GError **error)
{
        g_auto(GStrv) paths = g_new0(char *, folder->names->len + 1);

        for (guint i = 0; i < folder->names->len; i++) {
                g_autofree char *name = partial_name(folder, g_ptr_array_index(folder->names, i));

                paths[i] = cr_export_folder_path(folder, name);
        }
        return cr_store_stage(folder->worker->store, &folder->collection, paths, error);
}

gboolean cr_export_folder_write_image(CrExportFolder *folder, const CrEngine *engine, const char *name,
        GPtrArray *chain, void (*progress)(guint64 done, guint64 total, void *), void *userdata,
        GError **error)
{
        g_autofree char *part = partial_name(folder, name);

        return engine->export_image(
                folder->worker->config, chain, folder->fd, part, progress, userdata, error);
}

static gboolean write_all(int fd, const char *text)
{
        for (gsize left = strlen(text); left > 0;) {
                ssize_t written = write(fd, text, left);

                if (written < 0 && errno != EINTR)
                        return FALSE;
                text += MAX(written, 0);
                left -= (gsize)MAX(written, 0);
        }
        return TRUE;
}

gboolean cr_export_folder_write_text(
        CrExportFolder *folder, const char *name, const char *text, GError **error)
{
        g_autofree char *part = partial_name(folder, name);
        int fd = openat(folder->fd, part, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600);
        int errnum = 0;

        if (fd < 0)
                return cr_error_set_errno(error, errno, "%s/%s", folder->directory, name);
        if (!write_all(fd, text) || fsync(fd) < 0)
                errnum = errno;
        close(fd);
        return errnum == 0 || cr_error_set_errno(error, errnum, "%s/%s", folder->directory, name);
}

static gboolean give_name(const CrExportFolder *folder, const char *name, GError **error)
{
        g_autofree char *part = partial_name(folder, name);

        return renameat2(folder->fd, part, folder->fd, name, RENAME_NOREPLACE) == 0 ||
               cr_error_set_errno(error, errno, "%s/%s", folder->directory, name);
}

static void take_names_back(const CrExportFolder *folder, guint n)
{
        for (guint i = 0; i < n; i++) {
                const char *name = g_ptr_array_index(folder->names, i);
                g_autofree char *part = partial_name(folder, name);

                (void)renameat(folder->fd, name, folder->fd, part);
        }
}

gboolean cr_export_folder_publish(CrExportFolder *folder, GError **error)
{
        for (guint i = 0; i < folder->names->len; i++) {
                if (give_name(folder, g_ptr_array_index(folder->names, i), error))
                        continue;
                take_names_back(folder, i);
                return FALSE;
        }
        return fsync(folder->fd) == 0 || cr_error_set_errno(error, errno, "%s", folder->directory);
}
