/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer/digest.h"

#include <string.h>
#include <xxhash.h>

struct CrDigest {
        XXH3_state_t *state;
        guint64 offset, length; /* of the run that may still grow; length 0: none */
        gboolean zero;
};

/* What ends each run: without it different sets could have the same contents in a row. */
typedef struct Record {
        guint64 offset, length; /* little endian */
        guint8 kind[8];         /* 'D' or 'Z', then nothing */
} Record;

CrDigest *cr_digest_new(void)
{
        CrDigest *digest = g_new0(CrDigest, 1);

        digest->state = XXH3_createState();
        if (!digest->state)
                g_error("Out of memory"); /* as GLib does */
        XXH3_128bits_reset(digest->state);
        return digest;
}

void cr_digest_free(CrDigest *digest)
{
        if (!digest)
                return;
        XXH3_freeState(digest->state);
        g_free(digest);
}

static void end_run(CrDigest *digest)
{
        Record record = {
                .offset = GUINT64_TO_LE(digest->offset),
                .length = GUINT64_TO_LE(digest->length),
                .kind = {digest->zero ? 'Z' : 'D'},
        };

        if (digest->length > 0)
                XXH3_128bits_update(digest->state, &record, sizeof record);
        digest->length = 0;
}

void cr_digest_update(CrDigest *digest, guint64 offset, gconstpointer data, guint64 length)
{
        gboolean zero = data == NULL;

        if (digest->length == 0 || digest->zero != zero || digest->offset + digest->length != offset) {
                end_run(digest);
                digest->offset = offset;
                digest->zero = zero;
        }
        digest->length += length;
        if (!zero)
                XXH3_128bits_update(digest->state, data, length);
}

void cr_digest_finish(CrDigest *digest, char ret_text[CR_DIGEST_LENGTH + 1])
{
        XXH128_canonical_t canonical;

        end_run(digest);
        XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(digest->state));
        for (guint i = 0; i < sizeof canonical.digest; i++)
                g_snprintf(ret_text + (gsize)2 * i, 3, "%02x", canonical.digest[i]);
}

/* Comparing with itself, one byte on: as fast as memcmp is. */
gboolean cr_digest_is_zero(const guint8 *data, gsize length)
{
        return data[0] == 0 && memcmp(data, data + 1, length - 1) == 0;
}

gsize cr_digest_run(const guint8 *data, gsize length, gboolean *ret_zero)
{
        gsize end = MIN(length, CR_BLOCK_SIZE);

        *ret_zero = cr_digest_is_zero(data, end);
        while (end < length) {
                gsize block = MIN(length - end, CR_BLOCK_SIZE);

                if (cr_digest_is_zero(data + end, block) != *ret_zero)
                        break;
                end += block;
        }
        return end;
}
