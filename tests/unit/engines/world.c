/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "world.h"

#include <check.h>
#include <libnbd.h>
#include <string.h>
#include <sys/stat.h>

World world;
const Images *world_images;

static char *make_folder(const char *name)
{
        char *path = g_build_filename(world.root, name, NULL);

        ck_assert_int_eq(g_mkdir_with_parents(path, 0755), 0);
        return path;
}

void world_setup(void)
{
        world = (World){.images = world_images, .root = g_dir_make_tmp("cr-engine-XXXXXX", NULL)};
        ck_assert_ptr_nonnull(world.root);
        world.engine = cr_engine_find(world_images->engine, NULL);
        ck_assert_ptr_nonnull(world.engine);
        world.image_folder = make_folder("images");
        world.export_folder = make_folder("exports");
        world.runtime_folder = make_folder("run");
        world.config.image_directories = g_new0(char *, 2);
        world.config.image_directories[0] = g_strdup(world.image_folder);
        world.config.replica_directory = make_folder("replicas");
        world.points = g_hash_table_new_full(
                cr_id_hash, cr_id_hash_equal, g_free, (GDestroyNotify)g_byte_array_unref);
}

void world_teardown(void)
{
        images_must("rm -rf '%s'", world.root);
        g_free(world.root);
        g_free(world.image_folder);
        g_free(world.export_folder);
        g_free(world.runtime_folder);
        g_strfreev(world.config.image_directories);
        g_free(world.config.replica_directory);
        g_clear_pointer(&world.collection, cr_collection_free);
        g_clear_pointer(&world.head, g_byte_array_unref);
        g_hash_table_unref(world.points);
}

char *world_path(const char *name)
{
        return g_build_filename(world.image_folder, name, NULL);
}

CrLayer *world_probe(const char *path)
{
        CrLayer *layer = cr_layer_new();
        CrImageInfo info = {0};
        g_autoptr(GError) error = NULL;

        ck_assert_msg(
                world.engine->probe(&world.config, path, &info, &error), "%s", error ? error->message : "");
        layer->id = cr_id_new();
        layer->kind = CR_LAYER_HEAD;
        layer->path = g_strdup(path);
        layer->inode = info.inode;
        layer->virtual_size = info.virtual_size;
        layer->template_path = g_strdup(info.template_path);
        layer->template_inode = info.template_inode;
        layer->template_size = info.template_size;
        layer->template_mtime = info.template_mtime;
        cr_image_info_clear(&info);
        return layer;
}

static GByteArray *model_of(const char *template)
{
        GByteArray *model = g_byte_array_new();

        if (template) {
                g_autoptr(GBytes) content = world.images->read(template);

                g_byte_array_append(model, g_bytes_get_data(content, NULL), (guint)g_bytes_get_size(content));
        }
        while (model->len < WORLD_SIZE) {
                static const guint8 zeroes[4096];

                g_byte_array_append(model, zeroes, sizeof zeroes);
        }
        return model;
}

void world_define(const char *template)
{
        CrDisk *disk = cr_disk_new();
        CrLayer *head;

        disk->id = cr_id_new();
        disk->name = g_strdup("root");
        disk->head_path = world_path("vm.qcow2");
        world.images->make(disk->head_path, WORLD_SIZE, template);
        head = world_probe(disk->head_path);
        head->disk = disk->id;
        world.collection = cr_collection_new("shop");
        world.collection->role = CR_ROLE_PRIMARY;
        world.collection->state = CR_STATE_REPLICATING;
        g_ptr_array_add(world.collection->disks, disk);
        g_ptr_array_add(world.collection->layers, head);
        world.disk = disk;
        world.head = model_of(template);
}

void world_forget_head(void)
{
        CrLayer *head = world_probe(world.disk->head_path);

        head->disk = world.disk->id;
        ck_assert_uint_eq(world.collection->layers->len, 1);
        g_ptr_array_set_size(world.collection->layers, 0);
        g_ptr_array_add(world.collection->layers, head);
}

void world_write(guint8 pattern, guint64 block)
{
        ck_assert(world.images->write(world.disk->head_path, pattern, block * WORLD_BLOCK, WORLD_BLOCK));
        memset(world.head->data + block * WORLD_BLOCK, pattern, WORLD_BLOCK);
}

void world_resize(guint64 size)
{
        guint old = world.head->len;

        world.images->resize(world.disk->head_path, size);
        g_byte_array_set_size(world.head, (guint)size);
        if (size > old)
                memset(world.head->data + old, 0, size - old);
}

gboolean world_create(const CrNewLayer *layer, ino_t *ret_inode, GError **error)
{
        CrNewLayer copy = *layer;
        gboolean ok = world.engine->create(&world.config, &copy, 1, error);

        *ret_inode = copy.inode;
        return ok;
}

static CrStagedLayer *stage(const char *like, const CrLayer *below, const char *backing_path, guint64 size)
{
        CrStagedLayer *staged = cr_staged_layer_new(world.engine, world.collection, world.disk, size);
        const CrNewLayer layer = {.below = below,
                .backing_path = backing_path,
                .path = staged->path,
                .virtual_size = size,
                .like = like};
        g_autoptr(GError) error = NULL;

        ck_assert_msg(world_create(&layer, &staged->inode, &error), "%s", error ? error->message : "");
        return staged;
}

CrPlan *world_plan_cut(void)
{
        g_autoptr(GPtrArray) staged = g_ptr_array_new_with_free_func((GDestroyNotify)cr_staged_layer_free);
        CrCutSpec spec = {.point = cr_id_new(), .host = cr_id_new(), .now = 1, .staged = staged};
        CrLayer *head = world_head();
        g_autofree char *place = world.engine->layer_path(world.collection, world.disk, &head->id);
        g_autoptr(GError) error = NULL;
        CrPlan *plan;

        ck_assert(world.engine->normalize(&world.config, head, NULL));
        g_ptr_array_add(staged, stage(head->path, head, place, world.head->len));
        plan = cr_plan_cut(world.collection, CR_OP_REPLICATE, world.engine, &spec, &error);
        ck_assert_msg(plan != NULL, "%s", error ? error->message : "");
        return plan;
}

CrPlan *world_plan_prepare(const CrId *common)
{
        CrPrepareSpec spec = {.common_point = *common,
                .preparation = cr_id_new(),
                .generation = {.number = 2, .id = cr_id_new()},
                .now = 2};

        return cr_plan_prepare(world.collection, world.engine, &spec, NULL);
}

CrPlan *world_plan_failover(const CrId *point)
{
        g_autoptr(GPtrArray) staged = g_ptr_array_new_with_free_func((GDestroyNotify)cr_staged_layer_free);
        CrGeneration generation = {.number = 3, .id = cr_id_new()};
        CrLayer *below = world_layer_at(point);

        g_ptr_array_add(staged, stage(below->path, below, NULL, below->virtual_size));
        return cr_plan_failover(world.collection, point, &generation, staged, NULL);
}

gboolean world_apply(const CrPlan *plan, GError **error)
{
        for (guint i = 0; i < plan->steps->len; i++)
                if (!world.engine->apply(&world.config, plan, g_ptr_array_index(plan->steps, i), error))
                        return FALSE;
        return TRUE;
}

void world_adopt(CrPlan *plan)
{
        cr_collection_free(world.collection);
        world.collection = g_steal_pointer(&plan->after);
        world.disk = g_ptr_array_index(world.collection->disks, 0);
        cr_plan_free(plan);
}

void world_carry_out(CrPlan *plan)
{
        g_autoptr(GError) error = NULL;

        ck_assert_ptr_nonnull(plan);
        for (guint i = 0; i < 2; i++)
                ck_assert_msg(world_apply(plan, &error), "time %u: %s", i + 1, error ? error->message : "");
        world_adopt(plan);
}

void world_note_point(const CrId *point)
{
        g_hash_table_insert(world.points, g_memdup2(point, sizeof *point),
                g_byte_array_append(g_byte_array_new(), world.head->data, world.head->len));
}

CrId world_cut(void)
{
        CrPlan *plan = world_plan_cut();
        CrId point = plan->dropped_point;

        world_carry_out(plan);
        world_note_point(&point);
        return point;
}

CrLayer *world_head(void)
{
        return cr_collection_head(world.collection, &world.disk->id);
}

CrLayer *world_layer_at(const CrId *point)
{
        CrLayer *layer = cr_collection_layer_at(world.collection, &world.disk->id, point);

        ck_assert_ptr_nonnull(layer);
        return layer;
}

GPtrArray *world_chain(const CrLayer *layer)
{
        GPtrArray *chain = cr_lineage_chain(world.collection, &layer->id, NULL);

        ck_assert_ptr_nonnull(chain);
        return chain;
}

static GBytes *read_socket(const char *socket)
{
        struct nbd_handle *nbd = nbd_create();
        gint64 size;
        char *data;

        ck_assert_msg(nbd_connect_unix(nbd, socket) == 0, "%s", nbd_get_error());
        size = nbd_get_size(nbd);
        ck_assert(size >= 0);
        data = g_malloc((gsize)size + 1);
        for (gint64 at = 0; at < size; at += (gint64)WORLD_BLOCK)
                ck_assert_msg(nbd_pread(nbd, data + at, MIN((gsize)WORLD_BLOCK, (gsize)(size - at)),
                                      (guint64)at, 0) == 0,
                        "%s", nbd_get_error());
        nbd_shutdown(nbd, 0);
        nbd_close(nbd);
        return g_bytes_new_take(data, (gsize)size);
}

GBytes *world_view(const CrLayer *layer)
{
        g_autoptr(GPtrArray) chain = world_chain(layer);
        g_autoptr(GError) error = NULL;
        CrExport *export = world.engine->serve(&world.config, chain, FALSE, world.runtime_folder, &error);
        const char *socket = export ? world.engine->export_socket(export, &error) : NULL;
        GBytes *view;

        ck_assert_msg(socket != NULL, "%s", error ? error->message : "");
        view = read_socket(socket);
        ck_assert_msg(world.engine->stop(&export, 1, &error), "%s", error ? error->message : "");
        return view;
}

/* Where they begin to differ; @n when nowhere. */
static gsize first_difference(const guint8 *a, const guint8 *b, gsize n)
{
        gsize i = 0;

        while (i < n && a[i] == b[i])
                i++;
        return i;
}

void world_check_layer(const CrLayer *layer, const GByteArray *expected)
{
        g_autoptr(GBytes) view = world_view(layer);
        gsize size, same;
        const guint8 *data = g_bytes_get_data(view, &size);

        ck_assert_uint_eq(size, expected->len);
        same = first_difference(data, expected->data, size);
        ck_assert_msg(same == size, "%s: at %zu is %u, not %u", layer->path, same, data[same],
                expected->data[same]);
}

void world_check_point(const CrId *point)
{
        world_check_layer(world_layer_at(point), g_hash_table_lookup(world.points, point));
}

/* By the engine, and by the path as the machine sees it: so the headers are right too. */
void world_check_head(void)
{
        g_autoptr(GBytes) seen = world.images->read(world.disk->head_path);
        gsize size;
        const void *data = g_bytes_get_data(seen, &size);

        world_check_layer(world_head(), world.head);
        ck_assert_uint_eq(size, world.head->len);
        ck_assert_msg(memcmp(data, world.head->data, size) == 0, "the machine sees something else");
}

/* No file lies among the layers that is none. */
static void check_files(void)
{
        g_autofree char *folder = g_build_filename(
                world.image_folder, ".collection-replication", world.collection->id.text, NULL);
        g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

        for (const char *name; dir && (name = g_dir_read_name(dir));) {
                g_autofree char *path = g_build_filename(folder, name, NULL);
                guint i = 0;

                while (i < world.collection->layers->len &&
                        !g_str_equal(((CrLayer *)g_ptr_array_index(world.collection->layers, i))->path, path))
                        i++;
                ck_assert_msg(i < world.collection->layers->len, "'%s' was left over", path);
        }
}

void world_check_all(void)
{
        GHashTableIter iter;
        gpointer point;

        g_hash_table_iter_init(&iter, world.points);
        while (g_hash_table_iter_next(&iter, &point, NULL)) {
                /* Not there: its cut is yet to come. */
                if (cr_collection_layer_at(world.collection, &world.disk->id, point))
                        world_check_point(point);
        }
        check_files();
        if (world_head())
                world_check_head();
}

ino_t world_inode(const char *path)
{
        struct stat st;

        return lstat(path, &st) == 0 ? st.st_ino : 0;
}

void world_assert_error(GError **error, CrError code, const char *what)
{
        ck_assert_ptr_nonnull(*error);
        ck_assert_msg((*error)->domain == CR_ERROR && (*error)->code == (int)code, "%d: %s", (*error)->code,
                (*error)->message);
        ck_assert_msg(strstr((*error)->message, what), "'%s' is not named: %s", what, (*error)->message);
        g_clear_error(error);
}
