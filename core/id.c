/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/id.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#define ID_BYTES (CR_ID_LENGTH / 2)

static void random_bytes(guint8 *bytes, gsize length)
{
        /* Up to 256 bytes come whole once the kernel's generator is seeded; only a signal before that
         * interrupts. */
        while (getrandom(bytes, length, 0) != (gssize)length)
                if (errno != EINTR)
                        g_error("getrandom: %s", g_strerror(errno));
}

CrId cr_id_new(void)
{
        static const char digits[] = "0123456789abcdef";
        guint8 bytes[ID_BYTES];
        CrId id = CR_ID_NONE;

        random_bytes(bytes, sizeof bytes);
        for (gsize i = 0; i < sizeof bytes; i++) {
                id.text[2 * i] = digits[bytes[i] >> 4];
                id.text[2 * i + 1] = digits[bytes[i] & 0xf];
        }
        return id;
}

gboolean cr_id_parse(const char *text, CrId *ret)
{
        if (!text || strlen(text) != CR_ID_LENGTH || strspn(text, "0123456789abcdef") != CR_ID_LENGTH)
                return FALSE;
        memcpy(ret->text, text, sizeof ret->text);
        return TRUE;
}

gboolean cr_id_equal(const CrId *a, const CrId *b)
{
        return strcmp(a->text, b->text) == 0;
}

gboolean cr_id_is_none(const CrId *id)
{
        return id->text[0] == '\0';
}

guint cr_id_hash(gconstpointer id)
{
        return g_str_hash(((const CrId *)id)->text);
}

gboolean cr_id_hash_equal(gconstpointer a, gconstpointer b)
{
        return cr_id_equal(a, b);
}
