/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer/changes.h"

#include <string.h>

#include "core/error.h"
#include "transfer/changes_merge.h"
#include "transfer/changes_step.h"
#include "transfer/nbd_io.h"

/* Asked for at once: the longest that a request's 32 bits hold, in whole 64 KiB. A server may answer for
 * less. */
#define WINDOW ((G_GUINT64_CONSTANT(4) << 30) - (64u << 10))

struct CrChanges {
        CrChangesSpec spec;
        CrMerge *merge;
};

CrChanges *cr_changes_new(const CrChangesSpec *spec)
{
        CrChanges *changes = g_new0(CrChanges, 1);

        changes->spec = *spec;
        changes->merge = cr_merge_new(cr_nbd_size(spec->view), spec->changed_from, spec->depth == G_MAXUINT);
        return changes;
}

void cr_changes_free(CrChanges *changes)
{
        if (!changes)
                return;
        cr_merge_free(changes->merge);
        g_free(changes);
}

/* One request for metadata. */
typedef struct Question {
        CrMerge *merge;
        CrTrack depth_track; /* where the depth goes */
        guint depth;         /* and which depths count as changed */
        gboolean with_zero;
        gboolean answered;
        int errnum;
} Question;

static int on_extents(
        void *userdata, const char *context, uint64_t offset, uint32_t *entries, size_t n_entries, int *error)
{
        Question *question = userdata;
        gboolean is_depth = strcmp(context, CR_NBD_DEPTH_CONTEXT) == 0;

        if (!is_depth && !question->with_zero)
                return 0;
        for (size_t i = 0; i + 1 < n_entries; i += 2) {
                guint32 length = entries[i], told = entries[i + 1];

                if (is_depth)
                        cr_merge_feed(question->merge, question->depth_track, offset, length,
                                told >= 1 && told <= question->depth);
                else
                        cr_merge_feed(question->merge, CR_TRACK_ZERO, offset, length,
                                (told & LIBNBD_STATE_ZERO) != 0);
                offset += length;
        }
        return 0;
}

static int on_answer(void *userdata, int *error)
{
        Question *question = userdata;

        question->answered = TRUE;
        question->errnum = *error;
        return 1; /* libnbd need not remember it any longer */
}

static gboolean ask(CrNbd *nbd, Question *question, guint64 offset, guint64 end, GError **error)
{
        CrNbdWait wait = {.nbds = {nbd}};

        if (!cr_nbd_handle(nbd) ||
                nbd_aio_block_status(cr_nbd_handle(nbd), MIN(WINDOW, end - offset), offset,
                        (nbd_extent_callback){.callback = on_extents, .user_data = question},
                        (nbd_completion_callback){.callback = on_answer, .user_data = question}, 0) < 0)
                return cr_nbd_set_error(nbd, 0, error, "Asking what changed");
        while (!question->answered)
                if (!cr_nbd_wait(&wait, 1000, error)) {
                        cr_nbd_abandon(nbd); /* the question is about to leave the stack */
                        return FALSE;
                }
        if (question->errnum)
                return cr_nbd_set_error(nbd, question->errnum, error,
                        "Asking what changed from byte %" G_GUINT64_FORMAT, offset);
        return TRUE;
}

static gboolean feed_view(CrChanges *changes, guint64 offset, GError **error)
{
        Question question = {.merge = changes->merge,
                .depth_track = CR_TRACK_VIEW,
                .depth = changes->spec.depth,
                .with_zero = TRUE};

        return ask(changes->spec.view, &question, offset, cr_nbd_size(changes->spec.view), error);
}

static gboolean feed_other(CrChanges *changes, guint64 offset, GError **error)
{
        Question question = {.merge = changes->merge,
                .depth_track = CR_TRACK_OTHER,
                .depth = changes->spec.other_depth,
                .with_zero = FALSE};
        guint64 size = cr_nbd_size(changes->spec.view);
        guint64 end = changes->spec.other ? MIN(size, cr_nbd_size(changes->spec.other)) : 0;

        if (offset < end)
                return ask(changes->spec.other, &question, offset, end, error);
        /* Where the other branch ends it has nothing to say. */
        cr_merge_feed(changes->merge, CR_TRACK_OTHER, offset, size - offset, FALSE);
        return TRUE;
}

/* Asks for the track that the merge waits for. */
static gboolean feed(CrChanges *changes, GError **error)
{
        guint64 view =
                MIN(cr_merge_fed(changes->merge, CR_TRACK_ZERO), cr_merge_fed(changes->merge, CR_TRACK_VIEW));
        guint64 other = cr_merge_fed(changes->merge, CR_TRACK_OTHER);
        guint64 before = MIN(view, other), after;

        if (!(view <= other ? feed_view(changes, view, error) : feed_other(changes, other, error)))
                return FALSE;
        after = view <= other ? MIN(cr_merge_fed(changes->merge, CR_TRACK_ZERO),
                                        cr_merge_fed(changes->merge, CR_TRACK_VIEW))
                              : cr_merge_fed(changes->merge, CR_TRACK_OTHER);
        if (after > before)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED,
                "The NBD server told nothing of what changed from byte %" G_GUINT64_FORMAT, before);
        return FALSE;
}

CrChangesStep cr_changes_step(CrChanges *changes, CrExtent *ret, GError **error)
{
        for (gboolean fed = FALSE;; fed = TRUE)
                switch (cr_merge_next(changes->merge, ret)) {
                case CR_MERGE_EXTENT:
                        return CR_CHANGES_EXTENT;
                case CR_MERGE_END:
                        return CR_CHANGES_END;
                case CR_MERGE_HUNGRY:
                        if (fed)
                                return CR_CHANGES_AGAIN;
                        if (!feed(changes, error))
                                return CR_CHANGES_FAILED;
                }
}

gboolean cr_changes_next(CrChanges *changes, CrExtent *ret, GError **error)
{
        CrChangesStep step;

        do
                step = cr_changes_step(changes, ret, error);
        while (step == CR_CHANGES_AGAIN);
        return step == CR_CHANGES_EXTENT;
}
