/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer/changes_merge.h"

#define MAX_RUNS 65536u /* kept per track: 1 MiB */

typedef struct Run {
        guint64 end;
        gboolean value;
} Run;

typedef struct Track {
        GArray *runs; /* Run, ascending */
        guint head;   /* the first that was not used up */
        guint64 fed;
} Track;

struct CrMerge {
        guint64 size, changed_from;
        gboolean skip_zero;
        Track tracks[CR_N_TRACKS];
        guint64 position; /* all before it was taken in */
        /* What is known so far of the block that @position lies in. */
        gboolean block_changed, block_zero;
        CrExtent pending; /* may still grow; length 0: none */
};

CrMerge *cr_merge_new(guint64 size, guint64 changed_from, gboolean skip_zero)
{
        CrMerge *merge = g_new0(CrMerge, 1);

        merge->size = size;
        merge->changed_from = MIN(changed_from, size);
        merge->skip_zero = skip_zero;
        merge->block_zero = TRUE;
        for (guint i = 0; i < CR_N_TRACKS; i++)
                merge->tracks[i].runs = g_array_new(FALSE, FALSE, sizeof(Run));
        return merge;
}

void cr_merge_free(CrMerge *merge)
{
        if (!merge)
                return;
        for (guint i = 0; i < CR_N_TRACKS; i++)
                g_array_unref(merge->tracks[i].runs);
        g_free(merge);
}

void cr_merge_begin_at(CrMerge *merge, guint64 offset)
{
        merge->position = MIN(offset, merge->size);
        for (guint i = 0; i < CR_N_TRACKS; i++)
                merge->tracks[i].fed = merge->position;
}

guint64 cr_merge_fed(const CrMerge *merge, CrTrack track)
{
        return merge->tracks[track].fed;
}

static void forget_used_runs(Track *track)
{
        g_array_remove_range(track->runs, 0, track->head);
        track->head = 0;
}

void cr_merge_feed(CrMerge *merge, CrTrack which, guint64 offset, guint64 length, gboolean value)
{
        Track *track = &merge->tracks[which];
        guint64 end = length < merge->size - MIN(offset, merge->size) ? offset + length : merge->size;
        Run *last;

        if (offset > track->fed || end <= track->fed)
                return;
        last = track->runs->len > track->head ? &g_array_index(track->runs, Run, track->runs->len - 1) : NULL;
        if (last && last->value == !!value) {
                last->end = track->fed = end;
                return;
        }
        if (track->head > 0)
                forget_used_runs(track);
        if (track->runs->len == MAX_RUNS)
                return;
        g_array_append_val(track->runs, ((Run){.end = end, .value = !!value}));
        track->fed = end;
}

/* What holds from the position to *@ret_end. FALSE when a track ran dry. */
static gboolean look(CrMerge *merge, guint64 *ret_end, gboolean *ret_changed, gboolean *ret_zero)
{
        gboolean values[CR_N_TRACKS], beyond = merge->position >= merge->changed_from;
        guint64 end = beyond ? merge->size : merge->changed_from;

        for (guint i = 0; i < CR_N_TRACKS; i++) {
                Track *track = &merge->tracks[i];
                const Run *run;

                while (track->head < track->runs->len &&
                        g_array_index(track->runs, Run, track->head).end <= merge->position)
                        track->head++;
                if (track->head == track->runs->len)
                        return FALSE;
                run = &g_array_index(track->runs, Run, track->head);
                values[i] = run->value;
                end = MIN(end, run->end);
        }
        *ret_end = end;
        *ret_changed = beyond || values[CR_TRACK_VIEW] || values[CR_TRACK_OTHER];
        *ret_zero = values[CR_TRACK_ZERO];
        return TRUE;
}

/* Joins whole blocks to the pending extent. TRUE when that one ended: it is in *@ret. */
static gboolean push(CrMerge *merge, guint64 start, gboolean changed, gboolean zero, CrExtent *ret)
{
        guint64 length = merge->position - start;
        gboolean wanted = changed && !(zero && merge->skip_zero);

        if (wanted && merge->pending.length > 0 && merge->pending.zero == zero) {
                merge->pending.length += length;
                return FALSE;
        }
        *ret = merge->pending;
        merge->pending = wanted ? (CrExtent){.offset = start, .length = length, .zero = zero} : (CrExtent){0};
        return ret->length > 0;
}

static gboolean is_boundary(const CrMerge *merge, guint64 offset)
{
        return offset % CR_BLOCK_SIZE == 0 || offset == merge->size;
}

/* Takes in bytes up to @end, or up to the end of their first block when that is a mixed one. TRUE as push. */
static gboolean take(CrMerge *merge, guint64 end, gboolean changed, gboolean zero, CrExtent *ret)
{
        guint64 start = merge->position - merge->position % CR_BLOCK_SIZE;
        guint64 whole_end = is_boundary(merge, end) ? end : end - end % CR_BLOCK_SIZE;

        if (start == merge->position && whole_end > start) {
                merge->position = whole_end;
                return push(merge, start, changed, zero, ret);
        }
        merge->position = MIN(end, start + CR_BLOCK_SIZE);
        merge->block_changed |= changed;
        merge->block_zero &= zero;
        if (!is_boundary(merge, merge->position))
                return FALSE;
        changed = merge->block_changed;
        zero = merge->block_zero;
        merge->block_changed = FALSE;
        merge->block_zero = TRUE;
        return push(merge, start, changed, zero, ret);
}

CrMergeResult cr_merge_next(CrMerge *merge, CrExtent *ret)
{
        while (merge->position < merge->size) {
                gboolean changed, zero;
                guint64 end;

                if (!look(merge, &end, &changed, &zero))
                        return CR_MERGE_HUNGRY;
                if (take(merge, end, changed, zero, ret))
                        return CR_MERGE_EXTENT;
        }
        *ret = merge->pending;
        merge->pending = (CrExtent){0};
        return ret->length > 0 ? CR_MERGE_EXTENT : CR_MERGE_END;
}
