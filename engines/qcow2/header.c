/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/header.h"

#include <errno.h>
#include <unistd.h>

#include "core/error.h"

#define MAGIC 0x514649fbu /* "QFI\xfb" */

/* Incompatible features. Source: QEMU's docs/interop/qcow2.txt. */
#define FEATURE_DIRTY (1ull << 0)
#define FEATURE_CORRUPT (1ull << 1)
#define FEATURE_DATA_FILE (1ull << 2)
#define FEATURE_COMPRESSION_TYPE (1ull << 3)
#define FEATURE_EXTENDED_L2 (1ull << 4)
#define FEATURES_FINE (FEATURE_DIRTY | FEATURE_COMPRESSION_TYPE | FEATURE_EXTENDED_L2)

#define L1_ENTRY_SIZE 8u

/* As it lies in the file: big-endian. */
typedef struct __attribute__((packed)) Header {
        guint32 magic;
        guint32 version;
        guint64 backing_file_offset;
        guint32 backing_file_size;
        guint32 cluster_bits;
        guint64 size;
        guint32 crypt_method;
        guint32 l1_size;
        guint64 l1_table_offset;
        guint64 refcount_table_offset;
        guint32 refcount_table_clusters;
        guint32 n_snapshots;
        guint64 snapshots_offset;
        guint64 incompatible_features; /* from version 3 on, here and below */
} Header;

G_STATIC_ASSERT(sizeof(Header) == 80);

static gboolean refuse(GError **error, const char *path, const char *why)
{
        g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED, "image '%s' %s", path, why);
        return FALSE;
}

static gboolean check_features(guint64 features, const char *path, GError **error)
{
        if (features & FEATURE_DATA_FILE)
                return refuse(error, path,
                        "keeps its data in another file (data-file); copy it into one file with qemu-img "
                        "convert");
        if (features & FEATURE_CORRUPT)
                return refuse(error, path, "is marked corrupt; repair it with qemu-img check -r all");
        if (features & ~FEATURES_FINE)
                return refuse(error, path, "has features that this version does not know");
        return TRUE;
}

static gboolean read_header(int fd, const char *path, Header *ret, GError **error)
{
        gssize n = pread(fd, ret, sizeof *ret, 0);
        guint32 version = GUINT32_FROM_BE(ret->version);

        if (n < 0)
                return cr_error_set_errno(error, errno, "can't read image '%s'", path);
        if (GUINT32_FROM_BE(ret->magic) != MAGIC)
                return refuse(error, path,
                        "is not a qcow2 image; convert it (qemu-img convert -O qcow2) and let the machine "
                        "use that");
        if (n < (gssize)sizeof *ret || (version != 2 && version != 3))
                return refuse(error, path, "is of a qcow2 version that this service does not know");
        if (ret->crypt_method != 0)
                return refuse(error, path, "is encrypted; encrypted images can't be replicated");
        if (ret->n_snapshots != 0)
                return refuse(
                        error, path, "has internal snapshots; delete them (qemu-img snapshot -d) first");
        return version == 2 || check_features(GUINT64_FROM_BE(ret->incompatible_features), path, error);
}

gboolean cr_header_check(int fd, const char *path, GError **error)
{
        Header header = {0};

        return read_header(fd, path, &header, error);
}

gboolean cr_header_size(int fd, const char *path, guint64 *ret_size, GError **error)
{
        Header header = {0};

        if (!read_header(fd, path, &header, error))
                return FALSE;
        *ret_size = GUINT64_FROM_BE(header.size);
        return TRUE;
}

static gboolean is_zero(const guint8 *bytes, gsize n)
{
        while (n > 0 && *bytes == 0)
                bytes++, n--;
        return n == 0;
}

/* The first-level table points to all others, and those to all contents. */
gboolean cr_header_is_empty(int fd, const char *path, gboolean *ret, GError **error)
{
        Header header = {0};
        guint8 table[4096];
        guint64 offset, left;

        *ret = FALSE;
        if (!read_header(fd, path, &header, error))
                return FALSE;
        offset = GUINT64_FROM_BE(header.l1_table_offset);
        left = GUINT32_FROM_BE(header.l1_size) * (guint64)L1_ENTRY_SIZE;
        while (left > 0) {
                gssize n = pread(fd, table, MIN(left, sizeof table), (off_t)offset);

                if (n < 0)
                        return cr_error_set_errno(error, errno, "can't read image '%s'", path);
                if (n == 0 || !is_zero(table, (gsize)n))
                        return TRUE;
                offset += (guint64)n;
                left -= (guint64)n;
        }
        *ret = TRUE;
        return TRUE;
}
