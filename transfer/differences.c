/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer/differences.h"

#include <string.h>

/* What a side told and the other did not yet. */
typedef struct Side {
        GQueue runs; /* CrBlockRun, owned */
        guint64 told;
} Side;

struct CrDifferences {
        guint64 size;
        guint max;
        Side sides[CR_N_SIDES];
        guint64 compared;
        GArray *extents; /* CrExtent */
};

CrDifferences *cr_differences_new(guint64 from, guint64 size, guint max)
{
        CrDifferences *differences = g_new0(CrDifferences, 1);

        differences->size = size;
        differences->max = max;
        differences->compared = from;
        for (guint i = 0; i < CR_N_SIDES; i++)
                differences->sides[i] = (Side){.runs = G_QUEUE_INIT, .told = from};
        differences->extents = g_array_new(FALSE, FALSE, sizeof(CrExtent));
        return differences;
}

void cr_differences_free(CrDifferences *differences)
{
        if (!differences)
                return;
        for (guint i = 0; i < CR_N_SIDES; i++)
                g_queue_clear_full(&differences->sides[i].runs, g_free);
        g_array_unref(differences->extents);
        g_free(differences);
}

/* Zeroes of many calls are one run. */
static gboolean joins(const CrBlockRun *last, const CrBlockRun *run)
{
        return last && last->zero && run->zero;
}

/* What is left over of a run, from where both were compared. */
static guint64 left_of(const CrDifferences *differences, const CrBlockRun *run)
{
        return run->offset + run->length - differences->compared;
}

static void note(CrDifferences *differences, guint64 length, gboolean zero)
{
        GArray *extents = differences->extents;
        CrExtent extent = {.offset = differences->compared, .zero = zero};
        CrExtent *last = extents->len > 0 ? &g_array_index(extents, CrExtent, extents->len - 1) : NULL;

        if (extent.offset >= differences->size)
                return;
        extent.length = MIN(length, differences->size - extent.offset);
        if (last && last->offset + last->length == extent.offset && last->zero == zero) {
                last->length += extent.length;
        } else if (extents->len == differences->max) {
                last->length = extent.offset + extent.length - last->offset;
                last->zero = FALSE;
        } else {
                g_array_append_val(extents, extent);
        }
}

static void drop_used(CrDifferences *differences, Side *side)
{
        const CrBlockRun *run = g_queue_peek_head(&side->runs);

        if (left_of(differences, run) == 0)
                g_free(g_queue_pop_head(&side->runs));
}

/* One stretch in which neither side's run ends. */
static void compare(CrDifferences *differences)
{
        const CrBlockRun *ours = g_queue_peek_head(&differences->sides[CR_SIDE_OURS].runs);
        const CrBlockRun *theirs = g_queue_peek_head(&differences->sides[CR_SIDE_THEIRS].runs);
        guint64 length = MIN(left_of(differences, ours), left_of(differences, theirs));
        gboolean same = ours->zero == theirs->zero &&
                        (ours->zero || memcmp(ours->digest, theirs->digest, CR_BLOCK_DIGEST_SIZE) == 0);

        if (!same)
                note(differences, length, ours->zero);
        differences->compared += length;
}

void cr_differences_add(CrDifferences *differences, CrDifferencesSide which, const CrBlockRun *run)
{
        Side *side = &differences->sides[which];
        CrBlockRun *last = g_queue_peek_tail(&side->runs);

        if (joins(last, run))
                last->length += run->length;
        else
                g_queue_push_tail(&side->runs, g_memdup2(run, sizeof *run));
        side->told = run->offset + run->length;
        while (!g_queue_is_empty(&differences->sides[CR_SIDE_OURS].runs) &&
                !g_queue_is_empty(&differences->sides[CR_SIDE_THEIRS].runs)) {
                compare(differences);
                for (guint i = 0; i < CR_N_SIDES; i++)
                        drop_used(differences, &differences->sides[i]);
        }
}

guint64 cr_differences_told(const CrDifferences *differences, CrDifferencesSide side)
{
        return differences->sides[side].told;
}

guint cr_differences_pending(const CrDifferences *differences, CrDifferencesSide side)
{
        return g_queue_get_length((GQueue *)&differences->sides[side].runs);
}

guint64 cr_differences_compared(const CrDifferences *differences)
{
        return differences->compared;
}

const GArray *cr_differences_extents(const CrDifferences *differences)
{
        return differences->extents;
}
