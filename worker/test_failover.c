/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TestReplicaCollection and its revert: a writable copy of a replica at one of its points, in a folder of its
 * own. Its heads are clones of the replica's layers, which replication leaves as they are; the point is
 * pinned until the test ends. The copy comes and goes in the same transaction as the note of it in the
 * replica.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/failpoint.h"
#include "worker/heads.h"
#include "worker/operations.h"
#include "worker/replica.h"

#define SUFFIX "-test"

typedef struct Test {
        CrWorker *worker;
        const CrEngine *engine;
        const CrCollection *replica;
        const CrCollection *copy;
        CrId point;
        GPtrArray *staged; /* CrStagedLayer, in the order of the copy's disks */
        CrTestHead *heads; /* likewise */
} Test;

static gboolean check_name(CrWorker *worker, const char *name, GError **error)
{
        g_autoptr(GError) failure = NULL;
        CrId other;

        if (!cr_name_check("collection", name, error))
                return FALSE;
        if (cr_store_find_name(worker->store, name, &other, &failure))
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "a collection named '%s' exists already: a test copy would have this name", name);
        else if (failure)
                g_propagate_error(error, g_steal_pointer(&failure));
        else
                return TRUE;
        return FALSE;
}

static gboolean check_untested(const CrCollection *replica, GError **error)
{
        if (cr_id_is_none(&replica->test_collection))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "collection '%s' has a test copy already: end that test first (RevertTestReplicaCollection)",
                replica->name);
        return FALSE;
}

static const CrLayer *base_of(const Test *test, const CrDisk *disk)
{
        const CrDisk *original = cr_collection_disk_by_name(test->replica, disk->name);

        return cr_collection_layer_at(test->replica, &original->id, &test->point);
}

/* How the replica's layers look now is what the clones are checked against. */
static gboolean plan_heads(Test *test, GError **error)
{
        for (guint i = 0; i < test->copy->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(test->copy->disks, i);
                const CrLayer *base = base_of(test, disk);
                CrStagedLayer *staged =
                        cr_staged_layer_new(test->engine, test->copy, disk, base->virtual_size);
                struct stat st;

                g_ptr_array_add(test->staged, staged);
                if (lstat(base->path, &st) < 0)
                        return cr_error_set_errno(error, errno, "layer %s", base->path);
                test->heads[i] = (CrTestHead){.staged = staged,
                        .base = base,
                        .base_size = (guint64)st.st_size,
                        .base_mtime = st.st_mtim.tv_sec * G_USEC_PER_SEC + st.st_mtim.tv_nsec / 1000};
        }
        return TRUE;
}

static gboolean create_heads(Test *test, GError **error)
{
        g_autofree CrNewLayer *layers = g_new0(CrNewLayer, test->staged->len);

        for (guint i = 0; i < test->staged->len; i++)
                layers[i] = (CrNewLayer){.below = test->heads[i].base,
                        .path = test->heads[i].staged->path,
                        .virtual_size = test->heads[i].staged->virtual_size,
                        .like = test->heads[i].base->path};
        if (!test->engine->create(test->worker->config, layers, test->staged->len, error))
                return FALSE;
        for (guint i = 0; i < test->staged->len; i++)
                ((CrStagedLayer *)g_ptr_array_index(test->staged, i))->inode = layers[i].inode;
        return TRUE;
}

static gboolean make_copy(Test *test, GError **error)
{
        CrWorker *worker = test->worker;

        cr_worker_phase("making the test copy");
        if (!plan_heads(test, error) || !cr_replica_make_folder(worker, test->copy, error) ||
                !cr_heads_note_staged(worker, test->replica, test->staged, error))
                return FALSE;
        CR_FAILPOINT("test-failover.noted");
        if (!create_heads(test, error))
                return FALSE;
        CR_FAILPOINT("test-failover.created");
        g_autoptr(CrPlan) plan = cr_plan_test_failover(test->replica, test->copy, &test->point, test->heads);
        if (!cr_worker_run_plan(worker, test->engine, plan, error))
                return FALSE;
        cr_worker_result(g_variant_new_parsed("{'BytesSent': <@t 0>, 'Point': <%s>, 'Collection': <%s>}",
                test->point.text, test->copy->name));
        return TRUE;
}

static gboolean test_point(CrWorker *worker, const CrEngine *engine, const CrCollection *replica,
        const CrId *point, const char *name, GError **error)
{
        g_autofree char *folder = cr_replica_folder(worker, name);
        g_autoptr(CrCollection) copy = cr_plan_test_copy(replica, point, name, folder);
        Test test = {.worker = worker, .engine = engine, .replica = replica, .copy = copy, .point = *point};
        gboolean ok;

        if (!cr_heads_check_absent(copy, error) ||
                !cr_worker_ready(worker, g_variant_new_parsed("{'Collection': <%s>}", name), error))
                return FALSE;
        test.staged = g_ptr_array_new_with_free_func((GDestroyNotify)cr_staged_layer_free);
        test.heads = g_new0(CrTestHead, copy->disks->len);
        ok = make_copy(&test, error);
        g_ptr_array_unref(test.staged);
        g_free(test.heads);
        return ok;
}

gboolean cr_operation_test_failover(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) replica = cr_worker_load(worker, error);
        const CrEngine *engine = replica ? cr_worker_engine(replica, error) : NULL;
        g_autofree char *name = NULL;
        CrId point;

        if (!engine || !check_untested(replica, error) ||
                !cr_worker_get_id(worker, "Point", TRUE, &point, error))
                return FALSE;
        name = g_strconcat(replica->name, SUFFIX, NULL);
        return check_name(worker, name, error) && cr_heads_choose_point(replica, &point, error) &&
               test_point(worker, engine, replica, &point, name, error);
}

/* What was deleted by hand, or replaced, is nobody's to close. */
static GPtrArray *own_layers(const CrCollection *copy)
{
        GPtrArray *layers = g_ptr_array_new();

        for (guint i = 0; i < copy->layers->len; i++) {
                CrLayer *layer = g_ptr_array_index(copy->layers, i);
                struct stat st;

                if (lstat(layer->path, &st) == 0 && st.st_ino == layer->inode)
                        g_ptr_array_add(layers, layer);
        }
        return layers;
}

/* Also those of copies whose making was cut short. Not empty: something that is not the service's lies there,
 * and stays. */
static void remove_folders(CrWorker *worker, const CrEngine *engine, const CrCollection *copy)
{
        g_autofree char *folder = cr_replica_folder(worker, copy->name);
        g_autofree char *path = engine->layer_path(copy, g_ptr_array_index(copy->disks, 0), &copy->id);
        g_autofree char *inner = g_path_get_dirname(path), *outer = g_path_get_dirname(inner);
        g_autoptr(GDir) copies = g_dir_open(outer, 0, NULL);
        const char *name;

        while (copies && (name = g_dir_read_name(copies))) {
                g_autofree char *one = g_build_filename(outer, name, NULL);

                (void)rmdir(one);
        }
        (void)rmdir(outer);
        (void)rmdir(folder);
}

static gboolean delete_copy(CrWorker *worker, const CrEngine *engine, const CrCollection *replica,
        const CrCollection *copy, GError **error)
{
        g_autoptr(CrPlan) plan = cr_plan_revert_test_failover(replica, copy);

        cr_worker_phase("deleting the test copy");
        if (!cr_worker_run_plan(worker, engine, plan, error))
                return FALSE;
        remove_folders(worker, engine, copy);
        return TRUE;
}

gboolean cr_operation_revert_test_failover(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) replica = cr_worker_load(worker, error);
        const CrEngine *engine = replica ? cr_worker_engine(replica, error) : NULL;

        if (!engine)
                return FALSE;
        if (cr_id_is_none(&replica->test_collection)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "collection '%s' has no test copy: TestReplicaCollection makes one", replica->name);
                return FALSE;
        }
        g_autoptr(CrCollection) copy =
                cr_store_load(worker->store, &replica->test_collection, CR_LOAD_ALL, error);
        g_autoptr(GPtrArray) layers = copy ? own_layers(copy) : NULL;
        CrFence *fence = layers ? engine->fence(worker->config, layers, CR_FENCE_EVERYONE, error) : NULL;
        if (!fence) {
                g_prefix_error(error, "the test copy of collection '%s': ", replica->name);
                return FALSE;
        }
        gboolean ok =
                cr_worker_ready(worker, NULL, error) && delete_copy(worker, engine, replica, copy, error);
        engine->unfence(fence);
        return ok;
}
