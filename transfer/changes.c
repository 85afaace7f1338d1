/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer/changes.h"

#include <errno.h>
#include <string.h>

#include "transfer/changes_merge.h"
#include "transfer/changes_step.h"
#include "transfer/nbd_io.h"

/* Asked for at once: the longest that a request's 32 bits hold, in whole 64 KiB. A server may answer for
 * less. */
#define WINDOW ((G_GUINT64_CONSTANT(4) << 30) - (64u << 10))

/* A request for metadata that is under way. */
typedef struct Question {
        CrNbd *nbd;        /* whom; NULL: none is under way */
        guint64 offset;    /* from where on */
        CrTrack track;     /* where the depth goes */
        guint depth;       /* which depths count as changed */
        gboolean answered; /* to its end */
        int errnum;
} Question;

struct CrChanges {
        CrChangesSpec spec;
        CrMerge *merge;
        Question question;
        guint n_told; /* of what was compared */
};

CrChanges *cr_changes_new(const CrChangesSpec *spec)
{
        CrChanges *changes = g_new0(CrChanges, 1);

        changes->spec = *spec;
        changes->merge = cr_merge_new(cr_nbd_size(spec->view), spec->changed_from, spec->depth == G_MAXUINT);
        cr_merge_begin_at(changes->merge, spec->from);
        return changes;
}

void cr_changes_free(CrChanges *changes)
{
        if (!changes)
                return;
        /* What comes in would be told to us. */
        if (changes->question.nbd && !changes->question.answered)
                cr_nbd_abandon(changes->question.nbd);
        cr_merge_free(changes->merge);
        g_free(changes);
}

static int on_extents(
        void *userdata, const char *context, uint64_t offset, uint32_t *entries, size_t n_entries, int *error)
{
        CrChanges *changes = userdata;
        gboolean is_depth = strcmp(context, CR_NBD_DEPTH_CONTEXT) == 0;

        if (!is_depth && changes->question.track == CR_TRACK_OTHER)
                return 0;
        for (size_t i = 0; i + 1 < n_entries; i += 2) {
                guint32 length = entries[i], told = entries[i + 1];

                if (is_depth)
                        cr_merge_feed(changes->merge, changes->question.track, offset, length,
                                told >= 1 && told <= changes->question.depth);
                else
                        cr_merge_feed(changes->merge, CR_TRACK_ZERO, offset, length,
                                (told & LIBNBD_STATE_ZERO) != 0);
                offset += length;
        }
        return 0;
}

static int on_answer(void *userdata, int *error)
{
        CrChanges *changes = userdata;

        changes->question.answered = TRUE;
        changes->question.errnum = *error;
        return 0;
}

static gboolean ask(CrChanges *changes, const Question *question, guint64 end, GError **error)
{
        CrNbd *nbd = question->nbd;

        changes->question = *question;
        if (cr_nbd_handle(nbd) &&
                nbd_aio_block_status(cr_nbd_handle(nbd), MIN(WINDOW, end - question->offset),
                        question->offset, (nbd_extent_callback){.callback = on_extents, .user_data = changes},
                        (nbd_completion_callback){.callback = on_answer, .user_data = changes}, 0) >= 0)
                return TRUE;
        changes->question.nbd = NULL;
        return cr_nbd_set_error(nbd, 0, error, "Asking what changed");
}

/* Up to where the view, and the other branch, told everything. */
static guint64 told_by_view(const CrChanges *changes)
{
        return MIN(cr_merge_fed(changes->merge, CR_TRACK_ZERO), cr_merge_fed(changes->merge, CR_TRACK_VIEW));
}

static guint64 told_by_other(const CrChanges *changes)
{
        return cr_merge_fed(changes->merge, CR_TRACK_OTHER);
}

static gboolean ask_view(CrChanges *changes, GError **error)
{
        const CrChangesSpec *spec = &changes->spec;
        Question question = {.nbd = spec->view,
                .offset = told_by_view(changes),
                .track = CR_TRACK_VIEW,
                .depth = spec->depth};

        return ask(changes, &question, cr_nbd_size(spec->view), error);
}

static gboolean ask_other(CrChanges *changes, GError **error)
{
        const CrChangesSpec *spec = &changes->spec;
        Question question = {.nbd = spec->other,
                .offset = told_by_other(changes),
                .track = CR_TRACK_OTHER,
                .depth = spec->other_depth};
        guint64 size = cr_nbd_size(spec->view), end = spec->other ? MIN(size, cr_nbd_size(spec->other)) : 0;

        if (question.offset < end)
                return ask(changes, &question, end, error);
        /* Where the other branch ends it has nothing to say. */
        cr_merge_feed(changes->merge, CR_TRACK_OTHER, question.offset, size - question.offset, FALSE);
        return TRUE;
}

/* An answer must bring us on, or we would ask for ever. */
static gboolean take_answer(CrChanges *changes, GError **error)
{
        const Question question = changes->question;
        guint64 told = question.track == CR_TRACK_OTHER ? told_by_other(changes) : told_by_view(changes);
        int errnum = question.errnum ?: told > question.offset ? 0 : EPROTO;

        changes->question = (Question){0};
        if (errnum == 0)
                return TRUE;
        return cr_nbd_set_error(question.nbd, errnum, error,
                "Asking what changed from byte %" G_GUINT64_FORMAT " on", question.offset);
}

/* Takes an answer that came, or asks who told less. */
static gboolean go_on(CrChanges *changes, GError **error)
{
        if (changes->question.nbd)
                return take_answer(changes, error);
        return told_by_view(changes) <= told_by_other(changes) ? ask_view(changes, error)
                                                               : ask_other(changes, error);
}

static CrChangesStep tell_compared(CrChanges *changes, CrExtent *ret)
{
        const GArray *compared = changes->spec.compared;

        if (changes->n_told == compared->len)
                return CR_CHANGES_END;
        *ret = g_array_index(compared, CrExtent, changes->n_told++);
        return CR_CHANGES_EXTENT;
}

CrChangesStep cr_changes_step(CrChanges *changes, CrExtent *ret, GError **error)
{
        if (changes->spec.compared)
                return tell_compared(changes, ret);
        for (;;) {
                if (changes->question.nbd && !changes->question.answered)
                        return CR_CHANGES_WAIT;
                switch (changes->question.nbd ? CR_MERGE_HUNGRY : cr_merge_next(changes->merge, ret)) {
                case CR_MERGE_EXTENT:
                        return CR_CHANGES_EXTENT;
                case CR_MERGE_END:
                        return CR_CHANGES_END;
                case CR_MERGE_HUNGRY:
                        if (!go_on(changes, error))
                                return CR_CHANGES_FAILED;
                }
        }
}

gboolean cr_changes_next(CrChanges *changes, CrExtent *ret, GError **error)
{
        CrNbdWait wait = {.nbds = {changes->spec.view, changes->spec.other}};
        CrChangesStep step;

        while ((step = cr_changes_step(changes, ret, error)) == CR_CHANGES_WAIT)
                if (!cr_nbd_wait(&wait, 1000, error))
                        return FALSE;
        return step == CR_CHANGES_EXTENT;
}
