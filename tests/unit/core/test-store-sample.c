/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-store-sample.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include "core/store_private.h"

char *sample_folder;

GRand *sample_rand(void)
{
        const char *given = g_getenv("CR_TEST_SEED");
        guint32 seed = given ? (guint32)g_ascii_strtoull(given, NULL, 10) : g_random_int();

        printf("CR_TEST_SEED=%u\n", seed);
        fflush(stdout);
        /* Nothing that is read may be more than a library expects. */
        g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
        return g_rand_new_with_seed(seed);
}

/* ---- values ---- */

static guint64 any_number(GRand *rand)
{
        static const guint64 edges[] = {0, 1, G_MAXINT32, G_MAXUINT32, G_GUINT64_CONSTANT(1) << 53,
                G_MAXINT64, (guint64)G_MAXINT64 + 1, G_MAXUINT64};

        if (g_rand_boolean(rand))
                return edges[g_rand_int_range(rand, 0, G_N_ELEMENTS(edges))];
        return (guint64)g_rand_int(rand) << 32 | g_rand_int(rand);
}

static gint64 any_time(GRand *rand)
{
        return (gint64)any_number(rand);
}

static guint any_count(GRand *rand)
{
        return (guint)any_number(rand);
}

static CrId any_id(GRand *rand)
{
        CrId id;

        g_snprintf(id.text, sizeof id.text, "%08x%08x%08x%08x", g_rand_int(rand), g_rand_int(rand),
                g_rand_int(rand), g_rand_int(rand));
        return id;
}

static CrId any_id_or_none(GRand *rand)
{
        return g_rand_boolean(rand) ? any_id(rand) : CR_ID_NONE;
}

/* @alphabet: characters that are taken, of any length in bytes. */
static char *any_text(GRand *rand, const char *alphabet, gint n_characters)
{
        g_autoptr(GString) text = g_string_new(NULL);
        glong length = g_utf8_strlen(alphabet, -1);

        for (gint n = g_rand_int_range(rand, 0, n_characters + 1); n > 0; n--)
                g_string_append_unichar(text, g_utf8_get_char(g_utf8_offset_to_pointer(
                                                      alphabet, g_rand_int_range(rand, 0, (gint32)length))));
        return g_string_free(g_steal_pointer(&text), FALSE);
}

#define LETTERS "abcXYZ019 '\"\\%_-.;:#[]{}äß€😀"
#define HARD_TEXT LETTERS "/\n\t\r\001\033\177\302\205\357\277\276"

/* Never the same twice. */
static char *any_name(GRand *rand)
{
        g_autofree char *text = any_text(rand, LETTERS, 8);
        CrId id = any_id(rand);

        return g_strdup_printf("%.16s%s", id.text, text);
}

static char *any_path(GRand *rand)
{
        g_autofree char *text = any_text(rand, HARD_TEXT, 40);
        CrId id = any_id(rand);

        return g_strdup_printf("/%s/%s", text, id.text);
}

static CrGeneration any_generation(GRand *rand)
{
        CrGeneration generation = {any_number(rand), any_id_or_none(rand)};

        return generation;
}

static CrSettings *any_settings(GRand *rand)
{
        CrSettings *settings = cr_settings_new();

        g_free(settings->recovery_connection_point);
        settings->recovery_connection_point = g_strdup(g_rand_boolean(rand) ? "" : "ssh://root@[fe80::1]:22");
        g_free(settings->primary_connection_point);
        settings->primary_connection_point = g_strdup(g_rand_boolean(rand) ? "" : "unix:path=/run/a%20b");
        settings->replication_interval = (guint32)g_rand_int_range(rand, 30, 86401);
        settings->recovery_history = (guint16)g_rand_int_range(rand, 0, 17);
        settings->application_consistent_interval = (guint16)g_rand_int_range(rand, 0, 13);
        settings->auto_resynchronize = g_rand_boolean(rand);
        g_strfreev(settings->included_disks);
        settings->included_disks = g_new0(char *, 3);
        for (gint i = g_rand_int_range(rand, 0, 3); i > 0; i--)
                settings->included_disks[g_strv_length(settings->included_disks)] = any_name(rand);
        settings->compression = g_rand_boolean(rand);
        settings->bandwidth_limit = any_number(rand);
        settings->divergence_retention = any_count(rand);
        g_free(settings->seed_directory);
        settings->seed_directory = g_rand_boolean(rand) ? g_strdup("") : g_strdup("/seeds/'\"\\ä{[");
        return settings;
}

static CrState any_state(GRand *rand)
{
        static const CrState some[] = {CR_STATE_DISABLED, CR_STATE_REPLICATING, CR_STATE_FAILED_OVER,
                CR_STATE_COMMITTED, CR_STATE_CRITICAL, CR_STATE_PREPARED_FOR_REVERSE_REPLICATION,
                CR_STATE_TEST_FAILOVER};

        return some[g_rand_int_range(rand, 0, G_N_ELEMENTS(some))];
}

/* ---- collections ---- */

static void add_disk(GRand *rand, CrCollection *collection)
{
        CrDisk *disk = cr_disk_new();

        disk->id = any_id(rand);
        disk->name = any_name(rand);
        disk->head_path = any_path(rand);
        disk->virtual_size = any_number(rand);
        g_ptr_array_add(collection->disks, disk);
}

static void add_point(GRand *rand, CrCollection *collection)
{
        CrPoint *point = cr_point_new();
        GPtrArray *points = collection->points;

        point->id = any_id(rand);
        if (points->len && g_rand_boolean(rand))
                point->parent =
                        ((CrPoint *)g_ptr_array_index(points, g_rand_int_range(rand, 0, (gint32)points->len)))
                                ->id;
        else
                point->parent = any_id_or_none(rand); /* one that this site never had */
        point->origin = any_id_or_none(rand);
        point->created = any_time(rand);
        point->consistency = any_count(rand);
        point->size = any_number(rand);
        point->held = g_rand_boolean(rand);
        point->planned = g_rand_boolean(rand);
        g_ptr_array_add(points, point);
}

static void set_template(GRand *rand, CrLayer *layer)
{
        layer->template_path = any_path(rand);
        layer->template_inode = any_number(rand);
        layer->template_size = any_number(rand);
        layer->template_mtime = any_time(rand);
}

/* A layer above @below (NULL: the lowest). */
static CrLayer *add_layer(
        GRand *rand, CrCollection *collection, const CrDisk *disk, const CrLayer *below, CrLayerKind kind)
{
        CrLayer *layer = cr_layer_new();

        layer->id = any_id(rand);
        layer->disk = disk->id;
        if (below)
                layer->parent = below->id;
        else if (g_rand_boolean(rand))
                set_template(rand, layer);
        layer->kind = kind;
        layer->path = any_path(rand);
        layer->inode = any_number(rand);
        layer->virtual_size = any_number(rand);
        g_ptr_array_add(collection->layers, layer);
        return layer;
}

static void add_layers(GRand *rand, CrCollection *collection, const CrDisk *disk)
{
        CrLayer *below = NULL;

        for (guint i = 0; i < collection->points->len; i++) {
                if (g_rand_boolean(rand))
                        continue;
                below = add_layer(rand, collection, disk, below, CR_LAYER_FROZEN);
                below->point = ((CrPoint *)g_ptr_array_index(collection->points, i))->id;
        }
        for (CrLayerKind kind = CR_LAYER_HEAD; kind <= CR_LAYER_SET_ASIDE; kind++)
                if (g_rand_boolean(rand))
                        add_layer(rand, collection, disk, below, kind);
}

static void add_divergence(GRand *rand, CrCollection *collection)
{
        CrDivergence *divergence = cr_divergence_new();

        divergence->id = any_id(rand);
        divergence->common_point = any_id_or_none(rand);
        divergence->created = any_time(rand);
        divergence->expires = any_time(rand);
        divergence->undoable = g_rand_boolean(rand);
        for (guint i = 0; i < collection->layers->len; i++) {
                const CrLayer *layer = g_ptr_array_index(collection->layers, i);
                CrDivergentDisk *disk;

                if (layer->kind != CR_LAYER_SET_ASIDE)
                        continue;
                disk = g_new0(CrDivergentDisk, 1);
                disk->disk = layer->disk;
                disk->layer = layer->id;
                disk->bytes = any_number(rand);
                g_ptr_array_add(divergence->disks, disk);
        }
        g_ptr_array_add(collection->divergences, divergence);
}

static void fill_peer(GRand *rand, CrPeerRecord *peer)
{
        peer->host = any_id_or_none(rand);
        peer->generation = any_generation(rand);
        peer->sequence = any_number(rand);
        peer->confirmed_point = any_id_or_none(rand);
        peer->preparation = any_id_or_none(rand);
}

static void fill_receive(GRand *rand, CrReceive *receive)
{
        receive->transfer = any_id_or_none(rand);
        receive->point = any_id_or_none(rand);
        receive->parent = any_id_or_none(rand);
        receive->base = any_id_or_none(rand);
        receive->origin = any_id_or_none(rand);
        receive->created = any_time(rand);
        receive->consistency = any_count(rand);
}

static void fill_collection(GRand *rand, CrCollection *collection)
{
        collection->id = any_id(rand);
        collection->name = any_name(rand);
        collection->engine = any_name(rand);
        collection->state = any_state(rand);
        collection->role = (CrRole)g_rand_int_range(rand, CR_ROLE_NONE, CR_ROLE_TEST_REPLICA + 1);
        collection->generation = any_generation(rand);
        collection->former_generation = any_generation(rand);
        collection->former_state = any_state(rand);
        collection->preparation = any_id_or_none(rand);
        collection->base_point = any_id_or_none(rand);
        collection->failover_point = any_id_or_none(rand);
        collection->failed_over_type = any_count(rand);
        collection->has_relationship = g_rand_boolean(rand);
        cr_settings_free(collection->settings);
        collection->settings = any_settings(rand);
        fill_peer(rand, &collection->peer);
        fill_receive(rand, &collection->receive);
        collection->last_replication = any_time(rand);
        collection->last_apply = any_time(rand);
        collection->last_consistency = any_count(rand);
        collection->initial_type = any_count(rand);
        collection->scheduled_time = any_time(rand);
        collection->scheduled_operation = g_rand_boolean(rand) ? any_text(rand, HARD_TEXT, 60) : NULL;
        collection->scheduled_request = g_rand_boolean(rand) ? any_text(rand, HARD_TEXT, 60) : NULL;
        collection->suspended_state = any_state(rand);
        collection->test_collection = any_id_or_none(rand);
        collection->test_point = any_id_or_none(rand);
        collection->test_of = any_id_or_none(rand);
        collection->needs_resynchronize = g_rand_boolean(rand);
        collection->machines = g_rand_boolean(rand) ? any_text(rand, HARD_TEXT, 60) : NULL;
        collection->last_error_value = any_count(rand);
        g_free(collection->last_error);
        collection->last_error = any_text(rand, HARD_TEXT, 60);
}

CrCollection *sample_collection(GRand *rand)
{
        CrCollection *collection = cr_collection_new("");

        g_clear_pointer(&collection->name, g_free);
        g_clear_pointer(&collection->engine, g_free);
        fill_collection(rand, collection);
        for (gint i = g_rand_int_range(rand, 0, 4); i > 0; i--)
                add_disk(rand, collection);
        for (gint i = g_rand_int_range(rand, 0, 6); i > 0; i--)
                add_point(rand, collection);
        for (guint i = 0; i < collection->disks->len; i++)
                add_layers(rand, collection, g_ptr_array_index(collection->disks, i));
        for (gint i = g_rand_int_range(rand, 0, 3); i > 0; i--)
                add_divergence(rand, collection);
        return collection;
}

static void add_step(GRand *rand, CrPlan *plan)
{
        CrId disk = any_id_or_none(rand);
        CrStep *step = cr_plan_add_step(
                plan, (CrStepKind)g_rand_int_range(rand, CR_STEP_CUT, CR_STEP_RESUME + 1), &disk);

        step->path = any_path(rand);
        step->target = g_rand_boolean(rand) ? any_path(rand) : NULL;
        step->staged = g_rand_boolean(rand) ? any_path(rand) : NULL;
        step->inode = any_number(rand);
        step->target_inode = any_number(rand);
        step->staged_inode = any_number(rand);
        step->virtual_size = any_number(rand);
}

CrPlan *sample_plan(GRand *rand, CrCollection *after, const CrId *id)
{
        g_autoptr(CrCollection) none = cr_collection_new("none");
        CrPlan *plan = cr_plan_new(none, (CrOperation)g_rand_int_range(rand, 0, CR_N_OPERATIONS));

        plan->collection = after ? after->id : *id;
        cr_collection_free(plan->after);
        plan->after = after;
        plan->job = any_number(rand);
        plan->owner = any_count(rand);
        plan->dropped_point = any_id_or_none(rand);
        plan->test_deleted = any_id_or_none(rand);
        if (g_rand_boolean(rand))
                plan->test_after = sample_collection(rand);
        for (gint i = g_rand_int_range(rand, 0, 5); i > 0; i--)
                add_step(rand, plan);
        return plan;
}

/* ---- comparing ---- */

#define SAME_ID(member) ck_assert_str_eq(a->member.text, b->member.text)
#define SAME_TEXT(member) ck_assert_pstr_eq(a->member, b->member)
#define SAME_NUMBER(member) ck_assert_uint_eq(a->member, b->member)
#define SAME_TIME(member) ck_assert_int_eq(a->member, b->member)
#define SAME_ALL(array, type, assert_same)                                                                   \
        do {                                                                                                 \
                ck_assert_uint_eq(a->array->len, b->array->len);                                             \
                for (guint i_ = 0; i_ < a->array->len; i_++)                                                 \
                        assert_same((const type *)g_ptr_array_index(a->array, i_),                           \
                                (const type *)g_ptr_array_index(b->array, i_));                              \
        } while (0)

static void same_disk(const CrDisk *a, const CrDisk *b)
{
        SAME_ID(id);
        SAME_TEXT(name);
        SAME_TEXT(head_path);
        SAME_NUMBER(virtual_size);
}

static void same_layer(const CrLayer *a, const CrLayer *b)
{
        SAME_ID(id);
        SAME_ID(disk);
        SAME_ID(parent);
        SAME_ID(point);
        SAME_NUMBER(kind);
        SAME_TEXT(path);
        SAME_NUMBER(inode);
        SAME_NUMBER(virtual_size);
        SAME_TEXT(template_path);
        SAME_NUMBER(template_inode);
        SAME_NUMBER(template_size);
        SAME_TIME(template_mtime);
}

static void same_point(const CrPoint *a, const CrPoint *b)
{
        SAME_ID(id);
        SAME_ID(parent);
        SAME_ID(origin);
        SAME_TIME(created);
        SAME_NUMBER(consistency);
        SAME_NUMBER(size);
        SAME_NUMBER(held);
        SAME_NUMBER(planned);
}

static void same_divergent_disk(const CrDivergentDisk *a, const CrDivergentDisk *b)
{
        SAME_ID(disk);
        SAME_ID(layer);
        SAME_NUMBER(bytes);
}

static void same_divergence(const CrDivergence *a, const CrDivergence *b)
{
        SAME_ID(id);
        SAME_ID(common_point);
        SAME_TIME(created);
        SAME_TIME(expires);
        SAME_NUMBER(undoable);
        SAME_ALL(disks, CrDivergentDisk, same_divergent_disk);
}

static void same_peer_and_receive(const CrCollection *a, const CrCollection *b)
{
        SAME_ID(peer.host);
        SAME_NUMBER(peer.generation.number);
        SAME_ID(peer.generation.id);
        SAME_NUMBER(peer.sequence);
        SAME_ID(peer.confirmed_point);
        SAME_ID(peer.preparation);
        SAME_ID(receive.transfer);
        SAME_ID(receive.point);
        SAME_ID(receive.parent);
        SAME_ID(receive.base);
        SAME_ID(receive.origin);
        SAME_TIME(receive.created);
        SAME_NUMBER(receive.consistency);
}

static void same_settings(const CrSettings *a, const CrSettings *b)
{
        g_autoptr(GVariant) of_a = g_variant_ref_sink(cr_settings_to_variant(a));
        g_autoptr(GVariant) of_b = g_variant_ref_sink(cr_settings_to_variant(b));

        ck_assert(g_variant_equal(of_a, of_b));
}

void sample_assert_equal(const CrCollection *a, const CrCollection *b)
{
        SAME_ID(id);
        SAME_TEXT(name);
        SAME_TEXT(engine);
        SAME_NUMBER(state);
        SAME_NUMBER(role);
        SAME_NUMBER(generation.number);
        SAME_ID(generation.id);
        SAME_NUMBER(former_generation.number);
        SAME_ID(former_generation.id);
        SAME_NUMBER(former_state);
        SAME_ID(preparation);
        SAME_ID(base_point);
        SAME_ID(failover_point);
        SAME_NUMBER(failed_over_type);
        SAME_NUMBER(has_relationship);
        same_settings(a->settings, b->settings);
        same_peer_and_receive(a, b);
        SAME_TIME(last_replication);
        SAME_TIME(last_apply);
        SAME_NUMBER(last_consistency);
        SAME_NUMBER(initial_type);
        SAME_TIME(scheduled_time);
        SAME_TEXT(scheduled_operation);
        SAME_TEXT(scheduled_request);
        SAME_NUMBER(suspended_state);
        SAME_ID(test_collection);
        SAME_ID(test_point);
        SAME_ID(test_of);
        SAME_NUMBER(needs_resynchronize);
        SAME_TEXT(machines);
        SAME_NUMBER(last_error_value);
        SAME_TEXT(last_error);
        SAME_ALL(disks, CrDisk, same_disk);
        SAME_ALL(layers, CrLayer, same_layer);
        SAME_ALL(points, CrPoint, same_point);
        SAME_ALL(divergences, CrDivergence, same_divergence);
}

static void same_step(const CrStep *a, const CrStep *b)
{
        SAME_NUMBER(kind);
        SAME_ID(disk);
        SAME_TEXT(path);
        SAME_TEXT(target);
        SAME_TEXT(staged);
        SAME_NUMBER(inode);
        SAME_NUMBER(target_inode);
        SAME_NUMBER(staged_inode);
        SAME_NUMBER(virtual_size);
}

void sample_assert_plans_equal(const CrPlan *a, const CrPlan *b)
{
        SAME_ID(collection);
        SAME_NUMBER(operation);
        SAME_NUMBER(job);
        SAME_NUMBER(owner);
        SAME_ID(dropped_point);
        SAME_ID(test_deleted);
        ck_assert_int_eq(a->test_after != NULL, b->test_after != NULL);
        if (a->test_after)
                sample_assert_equal(a->test_after, b->test_after);
        SAME_ALL(steps, CrStep, same_step);
        ck_assert_int_eq(a->after != NULL, b->after != NULL);
        if (a->after)
                sample_assert_equal(a->after, b->after);
}

/* ---- a store ---- */

void sample_make_folder(void)
{
        sample_folder = g_dir_make_tmp("cr-store-XXXXXX", NULL);
        ck_assert_ptr_nonnull(sample_folder);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
        return remove(path);
}

void sample_remove_folder(void)
{
        ck_assert_int_eq(nftw(sample_folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
        g_clear_pointer(&sample_folder, g_free);
}

CrStore *sample_open(void)
{
        g_autoptr(GError) error = NULL;
        CrStore *store = cr_store_open(sample_folder, &error);

        ck_assert_msg(store != NULL, "%s", error ? error->message : "no error");
        return store;
}

void sample_save(CrStore *store, const CrCollection *collection)
{
        g_autoptr(GError) error = NULL;
        gboolean saved = cr_store_save(store, collection, &error);

        ck_assert_msg(saved, "%s", error ? error->message : "no error");
}

CrCollection *sample_load(CrStore *store, const CrId *id)
{
        g_autoptr(GError) error = NULL;
        CrCollection *collection = cr_store_load(store, id, CR_LOAD_ALL, &error);

        ck_assert_msg(collection != NULL, "%s", error ? error->message : "no error");
        return collection;
}

int sample_newest_version(void)
{
        int version = 1;

        while (cr_store_migration(version + 1))
                version++;
        return version;
}

void sample_execute(const char *sql)
{
        g_autofree char *path = g_build_filename(sample_folder, "store.sqlite", NULL);
        char *message = NULL;
        sqlite3 *database;

        ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
        ck_assert_msg(sqlite3_exec(database, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", sql, message);
        sqlite3_close(database);
}
