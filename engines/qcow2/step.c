/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/step.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/failpoint.h"
#include "engines/qcow2/fd.h"
#include "engines/qcow2/fence.h"
#include "engines/qcow2/live.h"
#include "engines/qcow2/merge.h"
#include "engines/qcow2/place.h"

static gboolean refuse_stranger(const CrPlace *place, GError **error)
{
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "a file that this service did not put there is at '%s'; move it away", place->path);
        return FALSE;
}

/* Opens the file at @place, which must have @inode. -1 on error. */
static int open_inode(const CrPlace *place, ino_t inode, GError **error)
{
        CR_AUTO_FD int fd =
                openat(place->folder, place->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat st;

        if (fd < 0 && errno != ELOOP) {
                cr_error_set_errno(error, errno, "can't open '%s'", place->path);
                return -1;
        }
        if (fd < 0 || fstat(fd, &st) < 0 || st.st_ino != inode || !S_ISREG(st.st_mode)) {
                refuse_stranger(place, error);
                return -1;
        }
        return cr_fd_steal(&fd);
}

static gboolean is_at(const CrPlace *place, ino_t inode, gboolean *ret, GError **error)
{
        ino_t there;

        if (!cr_place_inode(place, &there, error))
                return FALSE;
        *ret = there == inode;
        return TRUE;
}

static gboolean sync_both(const CrPlace *a, const CrPlace *b, GError **error)
{
        return cr_place_sync(a, error) && cr_place_sync(b, error);
}

/* The overlay took the head's name. Whoever opened the head by it before may still come to the locks: wait
 * for him to give up. */
static gboolean cut_finish(const CrStep *step, const CrPlace *path, const CrPlace *target, GError **error)
{
        CR_AUTO_FD int frozen = open_inode(target, step->inode, error);

        return frozen >= 0 &&
               cr_fence_file(frozen, step->path, CR_FENCE_WRITERS, CR_FENCE_SETTLE_MS, error) &&
               sync_both(path, target, error);
}

/* After a snapshot the head's path is absent: the overlay is placed there, and keeps the name by which the
 * machine opened it. A machine that still writes to the frozen layer is waited for. */
static gboolean cut_present(const CrConfig *config, const CrStep *step, const CrPlace *path,
        const CrPlace *target, GError **error)
{
        CR_AUTO_PLACE CrPlace staged = CR_PLACE_NONE;
        CR_AUTO_FD int frozen = open_inode(target, step->inode, error), overlay = -1;

        if (frozen < 0 || !cr_fence_file(frozen, step->path, CR_FENCE_WRITERS, CR_FENCE_SETTLE_MS, error) ||
                !cr_place_open(config, step->staged, &staged, error))
                return FALSE;
        overlay = open_inode(&staged, step->staged_inode, error);
        if (overlay < 0 || !cr_live_clear_path(path, error) || !cr_place_link(path, overlay, error))
                return FALSE;
        CR_FAILPOINT("qcow2.cut.presented");
        return sync_both(path, target, error);
}

/* The head is still at its path, and closed. */
static gboolean cut_closed(const CrConfig *config, const CrStep *step, const CrPlace *path,
        const CrPlace *target, GError **error)
{
        CR_AUTO_PLACE CrPlace staged = CR_PLACE_NONE;
        CR_AUTO_FD int head = open_inode(path, step->inode, error), overlay = -1;
        gboolean is_there;

        if (head < 0 || !cr_fence_file(head, step->path, CR_FENCE_WRITERS, CR_FENCE_SHORT_MS, error) ||
                !cr_place_open(config, step->staged, &staged, error))
                return FALSE;
        overlay = open_inode(&staged, step->staged_inode, error);
        if (overlay < 0 || !cr_place_link(target, head, error) || !cr_place_sync(target, error))
                return FALSE;
        CR_FAILPOINT("qcow2.cut.linked");
        if (!is_at(path, step->inode, &is_there, error))
                return FALSE;
        if (!is_there)
                return refuse_stranger(path, error);
        if (!cr_place_rename(&staged, path, error))
                return FALSE;
        CR_FAILPOINT("qcow2.cut.renamed");
        return cut_finish(step, path, target, error);
}

static gboolean cut(const CrConfig *config, const CrStep *step, GError **error)
{
        CR_AUTO_PLACE CrPlace path = CR_PLACE_NONE, target = CR_PLACE_NONE;
        ino_t at_path, at_target;

        if (!cr_place_open(config, step->path, &path, error) ||
                !cr_place_make(config, step->target, &target, error) ||
                !cr_place_inode(&path, &at_path, error) || !cr_place_inode(&target, &at_target, error))
                return FALSE;
        if (at_path == step->staged_inode)
                return cut_finish(step, &path, &target, error);
        if (at_path != step->inode && at_target == step->inode)
                return cut_present(config, step, &path, &target, error);
        return cut_closed(config, step, &path, &target, error);
}

static gboolean place_head(const CrConfig *config, const CrStep *step, GError **error)
{
        CR_AUTO_PLACE CrPlace path = CR_PLACE_NONE, staged = CR_PLACE_NONE;
        CR_AUTO_FD int overlay = -1;
        gboolean is_staged, is_placed;

        if (!cr_place_open(config, step->path, &path, error) ||
                !cr_place_open(config, step->staged, &staged, error) ||
                !is_at(&staged, step->staged_inode, &is_staged, error) ||
                !is_at(&path, step->staged_inode, &is_placed, error))
                return FALSE;
        if (is_placed && !is_staged)
                return sync_both(&path, &staged, error);
        overlay = open_inode(&staged, step->staged_inode, error);
        if (overlay < 0 || !cr_place_link(&path, overlay, error) || !cr_place_sync(&path, error))
                return FALSE;
        CR_FAILPOINT("qcow2.place-head.linked");
        if (!cr_place_unlink(&staged, step->staged_inode, error))
                return FALSE;
        CR_FAILPOINT("qcow2.place-head.unlinked");
        return cr_place_sync(&staged, error);
}

/* The head itself goes from one name to another, never overwriting anything, never without a name. */
static gboolean move(const CrStep *step, const CrPlace *from, const CrPlace *to, GError **error)
{
        CR_AUTO_FD int head = -1;
        gboolean is_moved, is_left;

        if (!is_at(to, step->inode, &is_moved, error) || !is_at(from, step->inode, &is_left, error))
                return FALSE;
        head = open_inode(is_moved ? to : from, step->inode, error);
        if (head < 0 || !cr_fence_file(head, step->path, CR_FENCE_WRITERS, CR_FENCE_SHORT_MS, error))
                return FALSE;
        if (is_left) {
                if (!cr_place_link(to, head, error) || !cr_place_sync(to, error))
                        return FALSE;
                CR_FAILPOINT("qcow2.move.linked");
                if (!cr_place_unlink(from, step->inode, error))
                        return FALSE;
                CR_FAILPOINT("qcow2.move.unlinked");
        }
        return cr_fence_file(head, step->path, CR_FENCE_WRITERS, CR_FENCE_SETTLE_MS, error) &&
               sync_both(from, to, error);
}

static gboolean set_aside(const CrConfig *config, const CrStep *step, GError **error)
{
        CR_AUTO_PLACE CrPlace path = CR_PLACE_NONE, target = CR_PLACE_NONE;

        return cr_place_open(config, step->path, &path, error) &&
               cr_place_make(config, step->target, &target, error) && move(step, &path, &target, error);
}

/* Once it is at its path again somebody may have started the machine: then the step was done before, and its
 * file is left alone. */
static gboolean put_back(const CrConfig *config, const CrStep *step, GError **error)
{
        CR_AUTO_PLACE CrPlace path = CR_PLACE_NONE, target = CR_PLACE_NONE;
        gboolean is_back, is_aside;

        if (!cr_place_open(config, step->path, &path, error) ||
                !cr_place_make(config, step->target, &target, error) ||
                !is_at(&path, step->inode, &is_back, error) || !is_at(&target, step->inode, &is_aside, error))
                return FALSE;
        if (is_back && !is_aside)
                return sync_both(&path, &target, error);
        return move(step, &target, &path, error);
}

static gboolean delete (const CrConfig *config, const CrStep *step, GError **error)
{
        CR_AUTO_PLACE CrPlace path = CR_PLACE_NONE;
        g_autoptr(GError) missing = NULL;
        ino_t inode = step->inode;

        if (!cr_place_open(config, step->path, &path, &missing)) {
                if (g_error_matches(missing, CR_ERROR, CR_ERROR_FILE_NOT_FOUND))
                        return TRUE;
                g_propagate_error(error, g_steal_pointer(&missing));
                return FALSE;
        }
        /* A layer whose creation was cut short is known by its name alone, which is nobody else's. */
        if (step->inode == 0 && !cr_place_inode(&path, &inode, error))
                return FALSE;
        if (!cr_place_unlink(&path, inode, error))
                return FALSE;
        CR_FAILPOINT("qcow2.delete.unlinked");
        return cr_place_sync(&path, error);
}

gboolean cr_step_apply(const CrConfig *config, const CrPlan *plan, const CrStep *step, GError **error)
{
        switch (step->kind) {
        case CR_STEP_CUT:
                return cut(config, step, error);
        case CR_STEP_PLACE_HEAD:
                return place_head(config, step, error);
        case CR_STEP_SET_ASIDE:
                return set_aside(config, step, error);
        case CR_STEP_PUT_BACK:
                return put_back(config, step, error);
        case CR_STEP_DELETE:
                return delete (config, step, error);
        case CR_STEP_MERGE:
                return cr_merge_apply(config, plan, step, error);
        case CR_STEP_SNAPSHOT:
        case CR_STEP_PAUSE:
        case CR_STEP_RESUME:
                return cr_live_apply(config, plan, step, error);
        }
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "the engine knows no step of kind %d", step->kind);
        return FALSE;
}
