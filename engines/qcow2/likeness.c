/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/likeness.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "core/error.h"

/* trusted.* stays behind: there libvirt notes whom a running machine's file belonged to. */
static gboolean is_copied(const char *name)
{
        return g_str_has_prefix(name, "user.") || g_str_has_prefix(name, "security.") ||
               g_str_equal(name, "system.posix_acl_access");
}

static gboolean copy_attribute(int from, int to, const char *name, GError **error)
{
        gssize size = fgetxattr(from, name, NULL, 0);
        g_autofree char *value = g_malloc0(MAX(size, 0) + 1);

        if (size < 0 || (size = fgetxattr(from, name, value, (gsize)size)) < 0 ||
                fsetxattr(to, name, value, (gsize)size, 0) < 0)
                return cr_error_set_errno(error, errno, "can't copy the attribute %s", name);
        return TRUE;
}

static gboolean copy_attributes(int from, int to, GError **error)
{
        gssize size = flistxattr(from, NULL, 0);
        g_autofree char *names = g_malloc0(MAX(size, 0) + 1);

        if (size < 0 && errno == ENOTSUP)
                return TRUE; /* a file system without any */
        if (size < 0 || (size = flistxattr(from, names, (gsize)size)) < 0)
                return cr_error_set_errno(error, errno, "can't list the attributes");
        for (const char *name = names; name < names + size; name += strlen(name) + 1)
                if (is_copied(name) && !copy_attribute(from, to, name, error))
                        return FALSE;
        return TRUE;
}

gboolean cr_likeness_copy(int from, int to, const char *path, GError **error)
{
        struct stat st;

        /* The owner first: changing it takes away mode bits and capabilities. */
        if (fstat(from, &st) < 0 || fchown(to, st.st_uid, st.st_gid) < 0 ||
                fchmod(to, st.st_mode & 07777) < 0)
                return cr_error_set_errno(error, errno, "can't give '%s' its owner and mode", path);
        if (copy_attributes(from, to, error))
                return TRUE;
        g_prefix_error(error, "for '%s': ", path);
        return FALSE;
}
