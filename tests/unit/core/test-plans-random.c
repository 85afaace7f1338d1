/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random lives of a collection on two sites, by the service's own plans, with images in memory: disks come,
 * leave, grow and shrink, the history is made longer and shorter, sites take over from one another at any
 * point. After every event each held point shows what it showed when it was cut. CR_TEST_SEED repeats a life.
 */
#include "core/disk_set.h"
#include "core/lineage.h"
#include "plan-site.h"
#include "unit.h"

#include <stdio.h>

#define N_LIVES 6
#define N_EVENTS 80

static guint32 first_seed;

typedef struct Life {
        GRand *random;
        GHashTable *shown;
        Site sites[2];
        Site *primary, *replica;
        guint takeovers, removals, merges;
} Life;

static guint chance(Life *life, guint n)
{
        return (guint)g_rand_int_range(life->random, 0, (gint32)n);
}

static gboolean has_all_disks(const Site *site, const Site *other)
{
        for (guint i = 0; i < other->collection->disks->len; i++)
                if (!cr_collection_head(site->collection, g_ptr_array_index(other->collection->disks, i)))
                        return FALSE;
        return TRUE;
}

/* A disk that is gone here leaves there, once nothing of it is set aside. */
static void cycle(Life *life)
{
        if (!has_all_disks(life->primary, life->replica))
                site_discard_all(life->replica);
        CrId point = site_cut(life->primary, FALSE);
        guint before = life->primary->collection->layers->len;

        site_send(life->primary, life->replica, &point);
        site_prune(life->primary);
        site_prune(life->replica);
        site_check_retention(life->primary);
        site_check_retention(life->replica);
        life->merges += life->primary->collection->layers->len < before;
}

static Life *life_new(guint32 seed)
{
        Life *life = g_new0(Life, 1);
        g_autoptr(CrCollection) collection = cr_collection_new("shop");

        life->random = g_rand_new_with_seed(seed);
        life->shown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        collection->has_relationship = TRUE;
        collection->state = CR_STATE_REPLICATING;
        collection->role = CR_ROLE_PRIMARY;
        site_init(&life->sites[0], 'a', collection, life->shown);
        collection->role = CR_ROLE_REPLICA;
        site_init(&life->sites[1], 'b', collection, life->shown);
        life->primary = &life->sites[0];
        life->replica = &life->sites[1];
        for (guint i = 0; i < 2; i++)
                site_add_disk(life->primary, 1 + chance(life, FILES_BLOCKS));
        cycle(life);
        return life;
}

static void life_free(Life *life)
{
        for (guint i = 0; i < 2; i++)
                site_clear(&life->sites[i]);
        g_hash_table_unref(life->shown);
        g_rand_free(life->random);
        g_free(life);
}

static void discard_all(Life *life)
{
        site_discard_all(life->primary);
        site_discard_all(life->replica);
}

/* Any but the last one that the other site has. */
static void remove_disk(Life *life)
{
        CrCollection *collection = life->primary->collection;
        const CrId *confirmed = &collection->peer.confirmed_point;
        const CrDisk *disk = g_ptr_array_index(collection->disks, chance(life, collection->disks->len));
        CrId id = disk->id;
        guint rest = 0;

        for (guint i = 0; i < collection->disks->len; i++) {
                const CrId *other = &((CrDisk *)g_ptr_array_index(collection->disks, i))->id;

                rest += !cr_id_equal(other, &id) && cr_collection_layer_at(collection, other, confirmed);
        }
        if (rest == 0)
                return;
        site_remove_disk(life->primary, &id);
        life->removals++;
}

static CrId any_point(Life *life, const Site *site)
{
        g_autoptr(GPtrArray) held = cr_lineage_held(site->collection);

        return ((CrPoint *)g_ptr_array_index(held, chance(life, held->len)))->id;
}

static void swap_roles(Life *life)
{
        Site *former = life->primary;

        life->primary = life->replica;
        life->replica = former;
}

static void remove_left_behind(Site *site)
{
        for (guint i = site->collection->disks->len; i-- > 0;) {
                CrId id = ((CrDisk *)g_ptr_array_index(site->collection->disks, i))->id;

                if (!cr_collection_head(site->collection, &id))
                        site_remove_disk(site, &id);
        }
}

/* The other side takes over, at any point; then the former primary is prepared and fed from there. */
static void take_over(Life *life)
{
        Site *former = life->primary, *taking = life->replica;
        CrId point = any_point(life, taking);

        site_fail_over(taking, &point);
        site_check(taking);
        site_write(taking, life->random);
        site_write(former, life->random);
        if (chance(life, 3) == 0)
                (void)site_cut(former, chance(life, 2) == 0);
        if (chance(life, 3) == 0) {
                site_revert_failover(taking);
                return;
        }
        site_prepare(former, taking);
        site_check(former);
        if (chance(life, 2) == 0) {
                site_undo_prepare(former);
                site_check(former);
                site_prepare(former, taking);
        }
        remove_left_behind(taking);
        taking->collection->state = CR_STATE_COMMITTED;
        swap_roles(life);
        life->takeovers++;
        cycle(life);
}

static void happen(Life *life)
{
        switch (chance(life, 12)) {
        case 0:
                if (life->primary->collection->disks->len < SITE_DISKS)
                        site_add_disk(life->primary, 1 + chance(life, FILES_BLOCKS));
                break;
        case 1:
                remove_disk(life);
                break;
        case 2:
        case 3:
                site_resize(life->primary, life->random);
                break;
        case 4:
                life->primary->collection->settings->recovery_history = (guint16)chance(life, 17);
                break;
        case 5:
                (void)site_cut(life->primary, chance(life, 2) == 0);
                break;
        case 6:
                take_over(life);
                break;
        case 7:
                discard_all(life);
                break;
        default:
                site_write(life->primary, life->random);
                cycle(life);
        }
}

static void check_shared(const Life *life)
{
        g_autoptr(GPtrArray) theirs = site_peer_points(life->replica);
        CrId shared = cr_lineage_shared_point(life->primary->collection, theirs);

        ck_assert(!cr_id_is_none(&shared));
}

START_TEST(points_keep_what_they_show)
{
        guint takeovers = 0, removals = 0, merges = 0;

        for (guint i = 0; i < N_LIVES; i++) {
                Life *life = life_new(first_seed + i);

                printf("life %u\n", first_seed + i);
                fflush(stdout);
                for (guint j = 0; j < N_EVENTS; j++) {
                        happen(life);
                        site_check(life->primary);
                        site_check(life->replica);
                        check_shared(life);
                }
                takeovers += life->takeovers;
                removals += life->removals;
                merges += life->merges;
                life_free(life);
        }
        /* Lives in which nothing happens would prove nothing. */
        ck_assert_uint_gt(takeovers, N_LIVES);
        ck_assert_uint_gt(removals, N_LIVES / 2);
        ck_assert_uint_gt(merges, N_LIVES);
}
END_TEST

int main(void)
{
        const char *repeated = g_getenv("CR_TEST_SEED");
        const TTest *const tests[] = {points_keep_what_they_show, NULL};

        first_seed = repeated ? (guint32)g_ascii_strtoull(repeated, NULL, 10) : g_random_int();
        printf("CR_TEST_SEED=%u\n", first_seed);
        return run_tests("plans-random", tests);
}
