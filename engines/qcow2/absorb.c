/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engines/qcow2/absorb.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/error.h"
#include "core/failpoint.h"
#include "engines/qcow2/chain.h"
#include "engines/qcow2/fd.h"
#include "engines/qcow2/image.h"
#include "engines/qcow2/machine.h"

/* How often a machine is asked whether it is done. */
#define ASK_AGAIN_US 20000u

/* Three layers, from top to bottom: the first takes in the second and stands on the third then. */
typedef struct Task {
        const CrLayer *upper, *lower, *base;
        const char
                *head_path; /* by which the machine may know the lower one: it was the head when it started */
} Task;

static gboolean refuse(GError **error, const CrLayer *layer, const char *problem)
{
        g_set_error(error, CR_ERROR, CR_ERROR_IN_USE, "layer '%s' %s", layer->path, problem);
        return FALSE;
}

static gboolean find_task(const CrCollection *collection, const CrLayer *upper, Task *ret, GError **error)
{
        const CrLayer *lower = cr_collection_layer(collection, &upper->parent);
        const CrLayer *base = lower ? cr_collection_layer(collection, &lower->parent) : NULL;
        const CrDisk *disk = cr_collection_disk(collection, &upper->disk);

        if (!base || !disk)
                return refuse(error, upper, "does not stand on two others");
        *ret = (Task){upper, lower, base, disk->head_path};
        return TRUE;
}

static const CrMachineImage *find_inode(GPtrArray *images, ino_t inode)
{
        for (guint i = 0; i < images->len; i++) {
                const CrMachineImage *image = g_ptr_array_index(images, i);

                if (image->inode == inode && image->is_below)
                        return image;
        }
        return NULL;
}

/* The machine's own view: @ret_lower is what it has between the two; NULL: nothing any more. */
static gboolean find_lower(const Task *task, GPtrArray *images, const CrMachineImage *upper,
        const CrMachineImage **ret_lower, GError **error)
{
        const CrMachineImage *below = upper->below ? cr_machine_image(images, upper->below) : NULL;

        *ret_lower = NULL;
        if (below && (below->inode == task->lower->inode || strcmp(below->file, task->head_path) == 0)) {
                *ret_lower = below;
                return below->below || refuse(error, task->lower, "stands on nothing in its machine");
        }
        if (below && (below->inode == task->base->inode))
                return TRUE;
        return refuse(error, task->upper, "stands on something else in its machine");
}

/* Its header says what it stands on: the machine writes that last. */
static gboolean check_header(const CrConfig *config, const Task *task, GError **error)
{
        CR_AUTO_FD int fd = cr_chain_open_layer(config, task->upper, error);
        g_auto(CrImage) image = {0};

        if (fd < 0 || !cr_image_read(fd, task->upper->path, &image, error))
                return FALSE;
        if (g_strcmp0(image.backing, task->base->path) != 0)
                return refuse(error, task->upper, "did not take in the one below it");
        return fsync(fd) == 0 || cr_error_set_errno(error, errno, "can't flush '%s'", task->upper->path);
}

static gboolean await_job(CrQmp *qmp, const char *job, GError **error)
{
        gboolean runs = TRUE;

        for (;;) {
                cr_qmp_set_deadline(qmp, CR_QMP_DEADLINE);
                if (!cr_machine_has_job(qmp, job, &runs, error))
                        return FALSE;
                if (!runs)
                        return TRUE;
                g_usleep(ASK_AGAIN_US);
        }
}

static gboolean stream(const Task *task, CrQmp *qmp, const CrMachineImage *upper, const CrMachineImage *lower,
        GError **error)
{
        g_autofree char *job = g_strdup_printf("cr-%s", task->upper->id.text);
        gboolean runs;

        /* A worker that died may have left it at work. */
        if (!cr_machine_has_job(qmp, job, &runs, error) ||
                (!runs && !cr_machine_stream(qmp, job, upper, lower, task->base->path, error)))
                return FALSE;
        CR_FAILPOINT("qcow2.absorb.begun");
        if (!await_job(qmp, job, error))
                return FALSE;
        cr_machine_forget(qmp, lower);
        CR_FAILPOINT("qcow2.absorb.done");
        return TRUE;
}

/* TRUE, with *@ret_found FALSE, when this machine does not have it open. */
static gboolean absorb_in(
        const CrConfig *config, const Task *task, const char *socket, gboolean *ret_found, GError **error)
{
        g_autoptr(CrQmp) qmp = cr_qmp_open(config, socket, CR_QMP_DEADLINE, error);
        g_autoptr(GPtrArray) images = qmp ? cr_machine_images(qmp, error) : NULL;
        const CrMachineImage *upper = images ? find_inode(images, task->upper->inode) : NULL, *lower;

        *ret_found = upper != NULL;
        if (!upper)
                return images != NULL;
        return find_lower(task, images, upper, &lower, error) &&
               (!lower || stream(task, qmp, upper, lower, error));
}

gboolean cr_absorb(
        const CrConfig *config, const CrCollection *collection, const CrLayer *upper, GError **error)
{
        g_auto(GStrv) sockets = g_strsplit(collection->machines ? collection->machines : "", "\n", -1);
        Task task;

        if (!find_task(collection, upper, &task, error))
                return FALSE;
        for (char **socket = sockets; *socket; socket++) {
                g_autoptr(GError) problem = NULL;
                gboolean found;

                if (absorb_in(config, &task, *socket, &found, &problem) && !found)
                        continue;
                if (g_error_matches(problem, CR_ERROR, CR_ERROR_NOT_AVAILABLE))
                        continue;
                if (!problem)
                        return check_header(config, &task, error);
                g_propagate_error(error, g_steal_pointer(&problem));
                return FALSE;
        }
        return refuse(error, upper, "is open in no machine");
}
