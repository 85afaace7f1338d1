/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "worker/compare.h"

#include "worker/digest_answer.h"

/* How far this side reads on while the peer's answer is under way: as many blocks as one answer tells. */
#define AHEAD_MAX 4096u

/* One range of the disk, in blocks of one size. */
typedef struct Comparing {
        const CrCompareSpec *spec;
        CrDigestRange range;
        CrBlockDigests *ours;
        CrDifferences *differences;
        guint64 peer_size;
} Comparing;

/* FALSE at the end, too. */
static gboolean read_block(Comparing *comparing, GError **error)
{
        CrBlockRun run;

        if (!cr_block_digests_next(comparing->ours, &run, error))
                return FALSE;
        cr_differences_add(comparing->differences, CR_SIDE_OURS, &run);
        return TRUE;
}

static gboolean read_ahead(Comparing *comparing, GError **error)
{
        g_autoptr(GError) failure = NULL;

        while (cr_differences_pending(comparing->differences, CR_SIDE_OURS) < AHEAD_MAX &&
                read_block(comparing, &failure))
                ;
        if (failure)
                g_propagate_error(error, g_steal_pointer(&failure));
        return !failure;
}

static gboolean catch_up(Comparing *comparing, GError **error)
{
        const CrDifferences *differences = comparing->differences;

        while (cr_differences_told(differences, CR_SIDE_OURS) <
                cr_differences_told(differences, CR_SIDE_THEIRS))
                if (!read_block(comparing, error))
                        return FALSE;
        return TRUE;
}

/* Both sides are at work between the question and its answer. */
static gboolean ask(Comparing *comparing, GError **error)
{
        CrPeer *peer = comparing->spec->peer;
        CrDigestRange *range = &comparing->range;

        if (!cr_peer_ask(peer, "Digest", g_variant_new("(@a{sv})", cr_digest_range_describe(range)), error) ||
                !read_ahead(comparing, error))
                return FALSE;
        g_autoptr(GVariant) answer = cr_peer_answer(peer, "(tta(tay))", error);
        if (!answer ||
                !cr_digest_answer_read(answer, range, comparing->differences, &comparing->peer_size, error))
                return FALSE;
        range->offset = cr_differences_told(comparing->differences, CR_SIDE_THEIRS);
        return catch_up(comparing, error);
}

static gboolean report(const Comparing *comparing, GError **error)
{
        const CrCompareSpec *spec = comparing->spec;
        guint64 done = MIN(cr_differences_compared(comparing->differences), cr_nbd_size(spec->view));

        if (!spec->progress || spec->progress(done, spec->userdata))
                return TRUE;
        g_set_error_literal(error, CR_ERROR, CR_ERROR_CANCELLED, "The comparison was cancelled");
        return FALSE;
}

/* From @from to @end in blocks of @block_size. NULL: an error. */
static CrDifferences *compare_range(const CrCompareSpec *spec, guint64 from, guint64 end, guint32 block_size,
        guint64 *ret_peer_size, GError **error)
{
        g_autoptr(CrDifferences) differences =
                cr_differences_new(from, cr_nbd_size(spec->view), CR_DIFFERENCES_MAX);
        g_autoptr(CrBlockDigests) ours = cr_block_digests_new(spec->view, from, end, block_size);
        Comparing comparing = {.spec = spec, .ours = ours, .differences = differences};

        comparing.range = (CrDigestRange){.point = spec->point,
                .disk = spec->disk,
                .offset = from,
                .end = end,
                .block_size = block_size};
        while (cr_differences_compared(differences) < end)
                if (!ask(&comparing, error) || !report(&comparing, error))
                        return NULL;
        *ret_peer_size = comparing.peer_size;
        return g_steal_pointer(&differences);
}

CrComparison *cr_compare(const CrCompareSpec *spec, GError **error)
{
        g_autoptr(CrComparison) comparison = g_new0(CrComparison, 1);
        guint64 block = CR_BLOCK_DIGEST_USUAL, end = (cr_nbd_size(spec->view) + block - 1) / block * block;

        comparison->differences =
                compare_range(spec, 0, end, CR_BLOCK_DIGEST_USUAL, &comparison->peer_size, error);
        if (!comparison->differences)
                return NULL;
        comparison->extents = cr_differences_extents(comparison->differences);
        for (guint i = 0; i < comparison->extents->len; i++) {
                const CrExtent *extent = &g_array_index(comparison->extents, CrExtent, i);

                comparison->bytes += extent->zero ? 0 : extent->length;
        }
        return g_steal_pointer(&comparison);
}

void cr_comparison_free(CrComparison *comparison)
{
        cr_differences_free(comparison->differences);
        g_free(comparison);
}

/* The offset of the first block of @size that differs, between @from and @end. *@ret stays when none does. */
static gboolean first_of(
        const CrCompareSpec *spec, guint64 from, guint64 end, guint32 size, guint64 *ret, GError **error)
{
        guint64 peer_size;
        g_autoptr(CrDifferences) differences = compare_range(spec, from, end, size, &peer_size, error);

        if (!differences)
                return FALSE;
        const GArray *extents = cr_differences_extents(differences);
        if (extents->len > 0)
                *ret = g_array_index(extents, CrExtent, 0).offset;
        return TRUE;
}

gboolean cr_compare_locate(const CrCompareSpec *spec, const CrComparison *comparison, gboolean *ret_equal,
        guint64 *ret_offset, GError **error)
{
        guint64 size = cr_nbd_size(spec->view), offset;
        CrCompareSpec quiet = *spec;

        quiet.progress = NULL;
        *ret_offset = MIN(size, comparison->peer_size);
        *ret_equal = size == comparison->peer_size && comparison->extents->len == 0;
        if (comparison->extents->len == 0)
                return TRUE;
        offset = g_array_index(comparison->extents, CrExtent, 0).offset;
        if (!first_of(&quiet, offset, offset + CR_BLOCK_DIGEST_USUAL, 512, &offset, error) ||
                !first_of(&quiet, offset, offset + 512, 1, &offset, error))
                return FALSE;
        *ret_offset = MIN(*ret_offset, offset);
        return TRUE;
}
