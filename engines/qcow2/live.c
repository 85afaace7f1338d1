/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/live.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/failpoint.h"
#include "engines/qcow2/fd.h"
#include "engines/qcow2/machine.h"
#include "engines/qcow2/place.h"

#define LINK_START "/proc/self/fd/"

/* A conversation with one machine, and what it has open. */
typedef struct Talk {
        CrQmp *qmp; /* NULL: it is off */
        GPtrArray *images;
} Talk;

static void talk_clear(Talk *talk)
{
        g_clear_pointer(&talk->qmp, cr_qmp_close);
        g_clear_pointer(&talk->images, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Talk, talk_clear)

/* TRUE, with no conversation, when the machine is off. */
static gboolean talk_open(
        const CrConfig *config, const char *socket, gint64 deadline, Talk *talk, GError **error)
{
        g_autoptr(GError) problem = NULL;

        talk->qmp = cr_qmp_open(config, socket, deadline, &problem);
        if (talk->qmp)
                talk->images = cr_machine_images(talk->qmp, &problem);
        if (talk->images)
                return TRUE;
        g_clear_pointer(&talk->qmp, cr_qmp_close);
        if (g_error_matches(problem, CR_ERROR, CR_ERROR_NOT_AVAILABLE))
                return TRUE;
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
}

/* The image that the machine writes to, in the file @inode; a cut may have taken @path, its name, away. */
static const CrMachineImage *find_head(GPtrArray *images, const char *path, ino_t inode)
{
        for (guint i = 0; images && i < images->len; i++) {
                const CrMachineImage *image = g_ptr_array_index(images, i);

                if (image->read_only || image->is_below || !image->is_used)
                        continue;
                if (image->inode == inode || (image->inode == 0 && strcmp(image->file, path) == 0))
                        return image;
        }
        return NULL;
}

/* ---- which machines have heads open ---- */

static gboolean ask_machine(const CrConfig *config, const CrCollection *collection, const char *socket,
        gint64 deadline, GPtrArray *machines, GError **error)
{
        g_auto(Talk) talk = {0};
        gboolean runs;

        if (!talk_open(config, socket, deadline, &talk, error))
                return FALSE;
        if (!talk.qmp)
                return TRUE;
        if (!cr_machine_runs(talk.qmp, &runs, error))
                return FALSE;
        CrMachine *machine = g_new0(CrMachine, 1);
        *machine = (CrMachine){
                .socket = g_strdup(socket), .runs = runs, .disks = g_array_new(FALSE, FALSE, sizeof(CrId))};
        g_ptr_array_add(machines, machine);
        for (guint i = 0; i < collection->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(collection->disks, i);
                const CrLayer *head = cr_collection_head(collection, &disk->id);

                if (head && find_head(talk.images, head->path, head->inode))
                        g_array_append_val(machine->disks, disk->id);
        }
        if (machine->disks->len == 0)
                g_ptr_array_set_size(machines, (gint)machines->len - 1);
        return TRUE;
}

GPtrArray *cr_live_machines(const CrConfig *config, const CrCollection *collection, GError **error)
{
        g_autoptr(GPtrArray) machines = g_ptr_array_new_with_free_func((GDestroyNotify)cr_machine_free);
        g_auto(GStrv) sockets = g_strsplit(collection->machines ? collection->machines : "", "\n", -1);
        gint64 deadline = CR_QMP_DEADLINE;

        for (char **socket = sockets; *socket; socket++)
                if (!ask_machine(config, collection, *socket, deadline, machines, error))
                        return NULL;
        return g_steal_pointer(&machines);
}

/* ---- overlays, before anything happens ---- */

/* The cuts of @plan that the machine has part in and has not made: CrStep; *@ret_heads their images. */
static GPtrArray *open_cuts(const CrPlan *plan, const Talk *talk, GPtrArray **ret_heads)
{
        GPtrArray *cuts = g_ptr_array_new();

        *ret_heads = g_ptr_array_new();
        for (guint i = 0; i < plan->steps->len; i++) {
                const CrStep *step = g_ptr_array_index(plan->steps, i);
                const CrMachineImage *head =
                        step->kind == CR_STEP_CUT ? find_head(talk->images, step->path, step->inode) : NULL;

                if (!head)
                        continue;
                g_ptr_array_add(cuts, (gpointer)step);
                g_ptr_array_add(*ret_heads, (gpointer)head);
        }
        return cuts;
}

static gboolean add_overlays(const Talk *talk, GPtrArray *cuts, GPtrArray *heads, GError **error)
{
        for (guint i = 0; i < cuts->len; i++) {
                const CrStep *cut = g_ptr_array_index(cuts, i);
                g_autofree char *name = cr_machine_overlay_name(cut->staged);

                if (!cr_machine_image(talk->images, name) &&
                        !cr_machine_add_overlay(talk->qmp, cut->staged, g_ptr_array_index(heads, i), error))
                        return FALSE;
        }
        return TRUE;
}

static gboolean introduce(const CrConfig *config, const CrPlan *plan, const char *socket, GError **error)
{
        g_auto(Talk) talk = {0};
        g_autoptr(GPtrArray) cuts = NULL, heads = NULL;

        if (!talk_open(config, socket, CR_QMP_DEADLINE, &talk, error))
                return FALSE;
        if (!talk.qmp)
                return TRUE;
        cr_machine_forget_overlays(talk.qmp, talk.images);
        cuts = open_cuts(plan, &talk, &heads);
        return add_overlays(&talk, cuts, heads, error);
}

gboolean cr_live_introduce(const CrConfig *config, const CrPlan *plan, GError **error)
{
        for (guint i = 0; i < plan->steps->len; i++) {
                const CrStep *step = g_ptr_array_index(plan->steps, i);

                if (step->kind == CR_STEP_SNAPSHOT && !introduce(config, plan, step->path, error))
                        return FALSE;
        }
        return TRUE;
}

/* ---- the snapshot ---- */

static gboolean is_our_link(const CrPlace *path)
{
        char text[sizeof LINK_START];
        ssize_t length = readlinkat(path->folder, path->name, text, sizeof text);

        return length >= (ssize_t)strlen(LINK_START) && strncmp(text, LINK_START, strlen(LINK_START)) == 0;
}

gboolean cr_live_clear_path(const CrPlace *path, GError **error)
{
        if (!is_our_link(path) || unlinkat(path->folder, path->name, 0) == 0 || errno == ENOENT)
                return TRUE;
        return cr_error_set_errno(error, errno, "can't remove the link '%s'", path->path);
}

/* Opens the head, wherever an earlier try left it. */
static int open_head(const CrPlace *path, const CrPlace *target, ino_t inode, GError **error)
{
        const CrPlace *const places[] = {path, target};

        for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
                CR_AUTO_FD int fd = openat(
                        places[i]->folder, places[i]->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
                struct stat st;

                if (fd >= 0 && fstat(fd, &st) == 0 && st.st_ino == inode && S_ISREG(st.st_mode))
                        return cr_fd_steal(&fd);
        }
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "a file that this service did not put there is at '%s'; move it away", path->path);
        return -1;
}

/* The machine finds the file that it has open behind the name that it knows; nobody else finds any. */
static gboolean leave_link(const Talk *talk, const CrPlace *path, int head, GError **error)
{
        g_autofree char *text = NULL;
        int number;

        if (!cr_machine_give_file(talk->qmp, head, &number, error) || !cr_live_clear_path(path, error))
                return FALSE;
        text = g_strdup_printf(LINK_START "%d", number);
        if (symlinkat(text, path->folder, path->name) == 0)
                return TRUE;
        return cr_error_set_errno(error, errno, "can't leave a link at '%s'", path->path);
}

/* The head gets its frozen place, and loses its own path. */
static gboolean withdraw(const CrConfig *config, const Talk *talk, const CrStep *cut,
        const CrMachineImage *image, GError **error)
{
        CR_AUTO_PLACE CrPlace path = CR_PLACE_NONE, target = CR_PLACE_NONE;
        CR_AUTO_FD int head = -1;

        if (!cr_place_open(config, cut->path, &path, error) ||
                !cr_place_make(config, cut->target, &target, error))
                return FALSE;
        head = open_head(&path, &target, cut->inode, error);
        if (head < 0 || !cr_place_link(&target, head, error) || !cr_place_sync(&target, error))
                return FALSE;
        CR_FAILPOINT("qcow2.snapshot.linked");
        if (!cr_place_unlink(&path, cut->inode, error))
                return FALSE;
        CR_FAILPOINT("qcow2.snapshot.withdrawn");
        return (strcmp(image->file, cut->target) == 0 || leave_link(talk, &path, head, error)) &&
               cr_place_sync(&path, error);
}

static gboolean switch_over(const CrConfig *config, const Talk *talk, const CrPlan *plan, GError **error)
{
        g_autoptr(GPtrArray) heads = NULL, paths = g_ptr_array_new();
        g_autoptr(GPtrArray) cuts = open_cuts(plan, talk, &heads);

        if (cuts->len == 0)
                return TRUE;
        if (!add_overlays(talk, cuts, heads, error))
                return FALSE;
        for (guint i = 0; i < cuts->len; i++) {
                const CrStep *cut = g_ptr_array_index(cuts, i);

                if (!withdraw(config, talk, cut, g_ptr_array_index(heads, i), error))
                        return FALSE;
                g_ptr_array_add(paths, cut->staged);
        }
        CR_FAILPOINT("qcow2.snapshot.begun");
        if (!cr_machine_snapshot(talk->qmp, heads, paths, error))
                return FALSE;
        CR_FAILPOINT("qcow2.snapshot.done");
        return TRUE;
}

static gboolean snapshot(const CrConfig *config, const CrPlan *plan, const CrStep *step, GError **error)
{
        g_auto(Talk) talk = {0};

        return talk_open(config, step->path, CR_QMP_DEADLINE, &talk, error) &&
               (!talk.qmp || switch_over(config, &talk, plan, error));
}

/* ---- standing still ---- */

/* TRUE also when the machine is off. */
static gboolean tell(const CrConfig *config, const char *socket, const char *command, GError **error)
{
        g_autoptr(GError) problem = NULL;
        g_autoptr(CrQmp) qmp = cr_qmp_open(config, socket, CR_QMP_DEADLINE, &problem);

        if ((qmp && cr_qmp_do(qmp, command, NULL, &problem)) ||
                g_error_matches(problem, CR_ERROR, CR_ERROR_NOT_AVAILABLE))
                return TRUE;
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
}

static gboolean pause_machine(const CrConfig *config, const char *socket, GError **error)
{
        if (!tell(config, socket, "stop", error))
                return FALSE;
        CR_FAILPOINT("qcow2.machine.paused");
        return TRUE;
}

static gboolean resume_machine(const CrConfig *config, const char *socket, GError **error)
{
        if (!tell(config, socket, "cont", error))
                return FALSE;
        CR_FAILPOINT("qcow2.machine.resumed");
        return TRUE;
}

/* A plan that is stuck is no reason for its machines to be. */
static void resume_all(const CrConfig *config, const CrPlan *plan)
{
        for (guint i = 0; i < plan->steps->len; i++) {
                const CrStep *step = g_ptr_array_index(plan->steps, i);

                if (step->kind == CR_STEP_RESUME)
                        (void)resume_machine(config, step->path, NULL);
        }
}

gboolean cr_live_apply(const CrConfig *config, const CrPlan *plan, const CrStep *step, GError **error)
{
        gboolean ok;

        if (step->kind == CR_STEP_SNAPSHOT)
                ok = snapshot(config, plan, step, error);
        else if (step->kind == CR_STEP_PAUSE)
                ok = pause_machine(config, step->path, error);
        else
                ok = resume_machine(config, step->path, error);
        if (!ok)
                resume_all(config, plan);
        return ok;
}
