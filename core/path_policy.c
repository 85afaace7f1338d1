/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/path_policy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"

gboolean cr_path_is_normal(const char *path)
{
        g_auto(GStrv) names = NULL;

        if (path[0] != '/')
                return FALSE;
        names = g_strsplit(path + 1, "/", -1);
        for (char **name = names; *name; name++)
                if (**name == '\0' || strcmp(*name, ".") == 0 || strcmp(*name, "..") == 0)
                        return FALSE;
        return names[0] != NULL;
}

/* What of @path is below @directory, without the slash between them; NULL when it is not inside. */
static const char *below(const char *directory, const char *path)
{
        gsize length = strlen(directory);

        if (!g_str_has_prefix(path, directory) || path[length] != '/')
                return NULL;
        return path + length + 1;
}

/* The most specific of @directories that @path is inside of, since that one may be a link below another;
 * NULL: none. */
static const char *find_directory(char *const *directories, const char *path)
{
        const char *found = NULL;

        for (char *const *directory = directories; *directory; directory++)
                if (below(*directory, path) && (!found || strlen(*directory) > strlen(found)))
                        found = *directory;
        return found;
}

gboolean cr_path_is_inside(char *const *directories, const char *path)
{
        return cr_path_is_normal(path) && find_directory(directories, path);
}

static gboolean refuse(GError **error, const char *path, const char *problem)
{
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "path '%s' %s", path, problem);
        return FALSE;
}

/* Finds out which configured directory @path is in. */
static const char *check_inside(char *const *directories, const char *path, GError **error)
{
        const char *directory;

        if (!cr_path_is_normal(path)) {
                refuse(error, path, "is not an absolute path without '.', '..', '//' or a '/' at its end");
                return NULL;
        }
        directory = find_directory(directories, path);
        if (!directory)
                refuse(error, path, "is not inside one of the configured directories");
        return directory;
}

static int set_open_error(int errnum, const char *path, GError **error)
{
        if (errnum == ELOOP || errnum == ENOTDIR)
                refuse(error, path,
                        "leads through a symbolic link, which is not followed, or something else that is not "
                        "a folder");
        else
                cr_error_set_errno(error, errnum, "path '%s'", path);
        return -1;
}

/* Opens @relative below the folder @directory, a component at a time; "" is the folder itself. With neither
 * links nor ".." no rename on the way leads out of it. -1 and errno. */
static int open_below(const char *directory, const char *relative, int flags)
{
        g_auto(GStrv) names = g_strsplit(*relative ? relative : ".", "/", -1);
        int folder = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

        for (char **name = names; *name && folder >= 0; name++) {
                int how = name[1] ? O_PATH | O_DIRECTORY : flags;
                int next = openat(folder, *name, how | O_NOFOLLOW | O_CLOEXEC), errnum = errno;

                close(folder);
                errno = errnum;
                folder = next;
        }
        return folder;
}

int cr_path_open_parent(char *const *directories, const char *path, const char **ret_name, GError **error)
{
        const char *directory = check_inside(directories, path, error), *relative, *slash;
        g_autofree char *folder = NULL;
        int result;

        if (!directory)
                return -1;
        relative = below(directory, path);
        slash = strrchr(relative, '/');
        folder = slash ? g_strndup(relative, (gsize)(slash - relative)) : g_strdup("");
        result = open_below(directory, folder, O_PATH | O_DIRECTORY);
        if (result < 0)
                return set_open_error(errno, path, error);
        *ret_name = slash ? slash + 1 : relative;
        return result;
}

/* Opens what @found (an O_PATH descriptor) is; only a regular file, so that no device or fifo acts on being
 * opened. */
static int open_regular(int found, const char *path, int flags, GError **error)
{
        g_autofree char *magic = g_strdup_printf("/proc/self/fd/%d", found);
        struct stat status;
        int result;

        if (fstat(found, &status) < 0)
                return set_open_error(errno, path, error);
        if (S_ISLNK(status.st_mode))
                return set_open_error(ELOOP, path, error);
        if (!S_ISREG(status.st_mode)) {
                refuse(error, path, "is not a regular file");
                return -1;
        }
        result = open(magic, flags | O_CLOEXEC);
        return result < 0 ? set_open_error(errno, path, error) : result;
}

int cr_path_open_file(char *const *directories, const char *path, int flags, GError **error)
{
        const char *directory = check_inside(directories, path, error);
        int found, result;

        if (!directory)
                return -1;
        found = open_below(directory, below(directory, path), O_PATH | O_NOFOLLOW);
        if (found < 0)
                return set_open_error(errno, path, error);
        result = open_regular(found, path, flags, error);
        close(found);
        return result;
}

int cr_path_open_directory(char *const *directories, const char *path, GError **error)
{
        const char *directory, *relative = "";
        int result;

        if (g_strv_contains((const char *const *)directories, path)) {
                directory = path;
        } else {
                directory = check_inside(directories, path, error);
                if (!directory)
                        return -1;
                relative = below(directory, path);
        }
        result = open_below(directory, relative, O_RDONLY | O_DIRECTORY);
        return result < 0 ? set_open_error(errno, path, error) : result;
}
