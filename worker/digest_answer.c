/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "worker/digest_answer.h"

#include <string.h>

#include "core/error.h"

/* Digests that follow one another. */
typedef struct Run {
        guint64 offset, end;
        const guint8 *digests;
} Run;

GVariant *cr_digest_range_describe(const CrDigestRange *range)
{
        GVariantDict what;

        g_variant_dict_init(&what, NULL);
        g_variant_dict_insert(&what, "Point", "s", range->point.text);
        g_variant_dict_insert(&what, "Disk", "s", range->disk.text);
        g_variant_dict_insert(&what, "Offset", "t", range->offset);
        g_variant_dict_insert(&what, "Length", "t", range->end - range->offset);
        g_variant_dict_insert(&what, "BlockSize", "u", range->block_size);
        return g_variant_dict_end(&what);
}

/* FALSE: it is not made of whole digests, or goes beyond @end. The digests belong to @runs. */
static gboolean read_run(GVariant *runs, gsize i, const CrDigestRange *range, guint64 end, Run *ret)
{
        g_autoptr(GVariant) digests = NULL;
        gsize length = 0;

        g_variant_get_child(runs, i, "(t@ay)", &ret->offset, &digests);
        ret->digests = g_variant_get_fixed_array(digests, &length, 1);
        if (length == 0 || length % CR_BLOCK_DIGEST_SIZE != 0 || ret->offset % range->block_size != 0 ||
                ret->offset >= end || length / CR_BLOCK_DIGEST_SIZE > (end - ret->offset) / range->block_size)
                return FALSE;
        ret->end = ret->offset + length / CR_BLOCK_DIGEST_SIZE * range->block_size;
        return TRUE;
}

static gboolean check_runs(GVariant *runs, const CrDigestRange *range, guint64 end)
{
        guint64 position = range->offset;

        for (gsize i = 0; i < g_variant_n_children(runs); i++) {
                Run run;

                if (!read_run(runs, i, range, end, &run) || run.offset < position)
                        return FALSE;
                position = run.end;
        }
        return TRUE;
}

static void add_zeroes(CrDifferences *differences, guint64 end)
{
        guint64 offset = cr_differences_told(differences, CR_SIDE_THEIRS);
        CrBlockRun zeroes = {.offset = offset, .length = end - offset, .zero = TRUE};

        if (zeroes.length > 0)
                cr_differences_add(differences, CR_SIDE_THEIRS, &zeroes);
}

static void add_run(CrDifferences *differences, const CrDigestRange *range, const Run *run)
{
        CrBlockRun block = {.offset = run->offset, .length = range->block_size};

        add_zeroes(differences, run->offset);
        for (const guint8 *digest = run->digests; block.offset < run->end; digest += CR_BLOCK_DIGEST_SIZE) {
                memcpy(block.digest, digest, CR_BLOCK_DIGEST_SIZE);
                cr_differences_add(differences, CR_SIDE_THEIRS, &block);
                block.offset += range->block_size;
        }
}

gboolean cr_digest_answer_read(GVariant *answer, const CrDigestRange *range, CrDifferences *differences,
        guint64 *ret_size, GError **error)
{
        g_autoptr(GVariant) runs = NULL;
        guint64 next;

        g_variant_get(answer, "(tt@a(tay))", ret_size, &next, &runs);
        if (next <= range->offset || next > range->end || next % range->block_size != 0 ||
                *ret_size > G_MAXINT64 || (*ret_size == 0 && g_variant_n_children(runs) > 0) ||
                !check_runs(runs, range, next)) {
                g_set_error(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN,
                        "the peer's digests of disk %s from byte %" G_GUINT64_FORMAT " on can't be right",
                        range->disk.text, range->offset);
                return FALSE;
        }
        for (gsize i = 0; i < g_variant_n_children(runs); i++) {
                Run run;

                if (read_run(runs, i, range, next, &run))
                        add_run(differences, range, &run);
        }
        add_zeroes(differences, next);
        return TRUE;
}
