/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "worker/direction.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Two disks with a chain of @n points each and a head on top; points[0] is the oldest. */
typedef struct World {
        CrCollection *collection;
        CrPeerSite *site;
        CrId points[3];
} World;

static CrId add_layer(CrCollection *collection, const CrDisk *disk, const CrId *parent, const CrId *point)
{
        CrLayer *layer = cr_layer_new();

        layer->id = cr_id_new();
        layer->disk = disk->id;
        layer->parent = *parent;
        layer->kind = cr_id_is_none(point) ? CR_LAYER_HEAD : CR_LAYER_FROZEN;
        layer->point = *point;
        layer->path = g_strdup("/nowhere");
        g_ptr_array_add(collection->layers, layer);
        return layer->id;
}

static void add_disk(World *world, const char *name)
{
        CrDisk *disk = cr_disk_new();
        CrId below = CR_ID_NONE;

        disk->id = cr_id_new();
        disk->name = g_strdup(name);
        disk->head_path = g_strdup("/nowhere");
        g_ptr_array_add(world->collection->disks, disk);
        for (guint i = 0; i < G_N_ELEMENTS(world->points); i++)
                below = add_layer(world->collection, disk, &below, &world->points[i]);
        add_layer(world->collection, disk, &below, &CR_ID_NONE);
}

static void add_point(World *world, guint i)
{
        CrPoint *point = cr_point_new();
        CrPeerPoint *theirs = g_new0(CrPeerPoint, 1);

        world->points[i] = point->id = theirs->id = cr_id_new();
        point->parent = theirs->parent = i ? world->points[i - 1] : CR_ID_NONE;
        point->held = TRUE;
        theirs->held = i < 2; /* the newest never crossed */
        g_ptr_array_add(world->collection->points, point);
        g_ptr_array_add(world->site->points, theirs);
}

/* A former primary at generation 4, and a peer that took over with 5 and holds all points but the newest. */
static World *world_new(void)
{
        World *world = g_new0(World, 1);

        world->collection = cr_collection_new("shop");
        world->collection->role = CR_ROLE_PRIMARY;
        world->collection->generation = (CrGeneration){4, cr_id_new()};
        world->site = g_new0(CrPeerSite, 1);
        world->site->points = g_ptr_array_new_with_free_func(g_free);
        world->site->role = CR_ROLE_PRIMARY;
        world->site->state = CR_STATE_FAILED_OVER;
        world->site->has_relationship = TRUE;
        world->site->generation = (CrGeneration){5, cr_id_new()};
        for (guint i = 0; i < G_N_ELEMENTS(world->points); i++)
                add_point(world, i);
        add_disk(world, "one");
        add_disk(world, "two");
        return world;
}

static void world_free(World *world)
{
        cr_collection_free(world->collection);
        cr_peer_site_free(world->site);
        g_free(world);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

static void expect_proven(World *world, guint common)
{
        g_autoptr(GError) error = NULL;
        CrId found;

        ck_assert_msg(cr_direction_prove(world->collection, world->site, &found, &error), "%s",
                error ? error->message : "");
        ck_assert_str_eq(found.text, world->points[common].text);
}

static void expect_refused(World *world, CrError code)
{
        g_autoptr(GError) error = NULL;
        CrId found;

        ck_assert(!cr_direction_prove(world->collection, world->site, &found, &error));
        ck_assert_msg(g_error_matches(error, CR_ERROR, (int)code), "%s", error->message);
        ck_assert_msg(strstr(error->message, "'shop'") != NULL, "%s", error->message);
}

START_TEST(the_latest_shared_point)
{
        g_autoptr(World) world = world_new();

        expect_proven(world, 1);
        world->site->state = CR_STATE_COMMITTED;
        expect_proven(world, 1);
        ((CrPeerPoint *)g_ptr_array_index(world->site->points, 2))->held = TRUE;
        expect_proven(world, 2);
        ((CrPoint *)g_ptr_array_index(world->collection->points, 2))->held = FALSE;
        ((CrPoint *)g_ptr_array_index(world->collection->points, 1))->held = FALSE;
        expect_proven(world, 0);
}
END_TEST

START_TEST(a_peer_that_did_not_take_over)
{
        g_autoptr(World) world = world_new();

        world->site->state = CR_STATE_REPLICATING;
        expect_refused(world, CR_ERROR_INVALID_STATE);
        world->site->state = CR_STATE_FAILED_OVER;
        world->site->role = CR_ROLE_REPLICA;
        expect_refused(world, CR_ERROR_INVALID_STATE);
        world->site->role = CR_ROLE_PRIMARY;
        world->site->has_relationship = FALSE;
        expect_refused(world, CR_ERROR_INVALID_STATE);
}
END_TEST

START_TEST(generations_that_prove_nothing)
{
        g_autoptr(World) world = world_new();

        world->site->generation.number = 4;
        expect_refused(world, CR_ERROR_STATUS_UNKNOWN);
        world->site->generation.number = 3;
        expect_refused(world, CR_ERROR_INVALID_STATE);
}
END_TEST

START_TEST(sites_that_share_nothing)
{
        g_autoptr(World) world = world_new();

        for (guint i = 0; i < world->site->points->len; i++)
                ((CrPeerPoint *)g_ptr_array_index(world->site->points, i))->held = FALSE;
        expect_refused(world, CR_ERROR_STATUS_UNKNOWN);
        g_ptr_array_set_size(world->site->points, 0);
        expect_refused(world, CR_ERROR_STATUS_UNKNOWN);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("direction");
        TCase *tests = tcase_create("direction");
        SRunner *runner = srunner_create(suite);
        int failed;

        tcase_add_test(tests, the_latest_shared_point);
        tcase_add_test(tests, a_peer_that_did_not_take_over);
        tcase_add_test(tests, generations_that_prove_nothing);
        tcase_add_test(tests, sites_that_share_nothing);
        suite_add_tcase(suite, tests);
        srunner_run_all(runner, CK_NORMAL);
        failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
