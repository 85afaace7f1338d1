/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * "A machine that is started between any two steps loses nothing": on both sites one starts again and again,
 * while the collection goes through its life. Afterwards everything that was written is in a head or in a
 * divergence, and what the sites hold as the same point is the same.
 */
#include "core/store.h"
#include "tests/bus/contract/latecomer.h"
#include "tests/bus/contract/machine.h"
#include "tests/bus/contract/pair.h"

#include <string.h>

#define OFFSET_A (2 << 20)
#define OFFSET_B (9 << 20)
#define TRIES_MAX 300

static const char *const disks[] = {"root", "data"};
static Machine *machine_a, *machine_b;

/* A step that waits for its turn: it is refused while the machine runs, and with nothing else. */
static void step(Site *site, const char *member, const char *types, const char *more)
{
        g_auto(Answer) answer = {0};

        for (guint i = 0; i < TRIES_MAX; i++) {
                answer_clear(&answer);
                answer = more ? ask_manager(site->bus, member, types, SHOP, more, 0)
                              : ask_manager(site->bus, member, types, SHOP, 0);
                if (!answer.error || strcmp(answer.error, ERROR_NAME("InUse")) != 0)
                        break;
        }
        ck_assert_msg(!answer.error, "%s: %s: %s", member, answer.error, answer.message);
        check_completes(site->bus, &answer);
}

static void replicate(Site *site, guint times)
{
        for (guint i = 0; i < times; i++)
                step(site, "ReplicateNow", "o", NULL);
}

static void start_machines(void)
{
        g_autofree char *a_root = pair_head(&pair_a, "root"), *a_data = pair_head(&pair_a, "data");
        g_autofree char *b_root = pair_head(&pair_b, "root"), *b_data = pair_head(&pair_b, "data");

        machine_a = machine_start((char *const[]){a_root, a_data}, OFFSET_A);
        machine_b = machine_start((char *const[]){b_root, b_data}, OFFSET_B);
}

/* ---- what a site has ---- */

static CrCollection *load(const Site *site)
{
        g_autofree char *state = g_strdup_printf("%s/state", site->directory);
        g_autoptr(CrStore) store = cr_store_open(state, NULL);
        g_autoptr(GArray) ids = cr_store_list(store, NULL);
        CrCollection *collection = cr_store_load(store, &g_array_index(ids, CrId, 0), CR_LOAD_ALL, NULL);

        ck_assert_ptr_nonnull(collection);
        return collection;
}

/* The newest divergence's layer of a disk. */
static char *divergent_layer(const Site *site, const char *name)
{
        g_autoptr(CrCollection) collection = load(site);
        const CrDisk *disk = cr_collection_disk_by_name(collection, name);
        const CrDivergence *divergence;

        ck_assert_uint_gt(collection->divergences->len, 0);
        divergence = collection->divergences->pdata[collection->divergences->len - 1];
        for (guint i = 0; i < divergence->disks->len; i++) {
                const CrDivergentDisk *divergent = divergence->disks->pdata[i];

                if (cr_id_equal(&divergent->disk, &disk->id))
                        return g_strdup(cr_collection_layer(collection, &divergent->layer)->path);
        }
        ck_abort_msg("disk %s has no divergence", name);
}

static void check_divergence(const Site *site, Machine *machine, guint from, guint to)
{
        for (guint i = 0; i < G_N_ELEMENTS(disks); i++) {
                g_autofree char *layer = divergent_layer(site, disks[i]);

                machine_check(machine, i, from, to, layer);
        }
}

static void check_heads(const Site *site, Machine *machine, guint from, guint to)
{
        for (guint i = 0; i < G_N_ELEMENTS(disks); i++) {
                g_autofree char *head = pair_head(site, disks[i]);

                machine_check(machine, i, from, to, head);
        }
}

/* The layers that both sites have for one point show the same. */
static guint check_points(void)
{
        g_autoptr(CrCollection) a = load(&pair_a), b = load(&pair_b);
        guint n = 0;

        for (guint i = 0; i < a->points->len; i++) {
                const CrPoint *point = a->points->pdata[i], *other = cr_collection_point(b, &point->id);

                for (guint j = 0; point->held && other && other->held && j < a->disks->len; j++, n++) {
                        const CrDisk *disk = a->disks->pdata[j];
                        const CrLayer *here = cr_collection_layer_at(a, &disk->id, &point->id);
                        const CrLayer *there = cr_collection_layer_at(b, &disk->id, &point->id);

                        ck_assert_msg(run("qemu-img", "compare", "-q", "-U", "-f", "qcow2", "-F", "qcow2",
                                              here->path, there->path, NULL),
                                "point %s of disk %s: %s and %s differ", point->id.text, disk->name,
                                here->path, there->path);
                }
        }
        return n;
}

/* ---- the life ---- */

/* A replicates, B takes over and gives back; what was written at B meanwhile is set aside there. */
static guint fail_over_and_back(void)
{
        guint written;

        replicate(&pair_a, 3);
        step(&pair_b, "InitiateFailover", "ooa{sv}", "/");
        while (machine_count(machine_b) < 5)
                ;
        step(&pair_b, "RevertFailover", "o", NULL);
        written = machine_count(machine_b);
        check_divergence(&pair_b, machine_b, 0, written);
        replicate(&pair_a, 3);
        return written;
}

static void prepare_and_undo(guint times)
{
        for (guint i = 0; i < times; i++) {
                step(&pair_a, "PrepareForReverseReplication", "o", NULL);
                step(&pair_a, "RevertPrepareForReverseReplication", "o", NULL);
        }
}

START_TEST(what_a_machine_writes_is_never_lost)
{
        guint given_back, written_a;

        pair_live(STAGE_REPLICATING, NULL);
        for (Site *site = &pair_a; site; site = site == &pair_a ? &pair_b : NULL)
                pair_step(site, "ModifyReplicationSettings", "oa{sv}", SHOP, 1, "RecoveryHistory", "q", 16);
        start_machines();
        given_back = fail_over_and_back();

        step(&pair_b, "InitiateFailover", "ooa{sv}", "/");
        prepare_and_undo(4);
        check_heads(&pair_a, machine_a, 0, machine_count(machine_a));
        step(&pair_a, "PrepareForReverseReplication", "o", NULL);
        written_a = machine_count(machine_a);
        step(&pair_b, "CommitFailover", "o", NULL);
        step(&pair_b, "ReverseReplicationRelationship", "oa{sv}", NULL);
        replicate(&pair_b, 3);
        machine_stop(machine_a);
        machine_stop(machine_b);

        ck_assert_uint_eq(machine_count(machine_a), written_a); /* no head, no machine */
        check_divergence(&pair_a, machine_a, 0, written_a);
        check_heads(&pair_b, machine_b, given_back, machine_count(machine_b));
        ck_assert_uint_ge(check_points(), 2 * 4);
        ck_assert_uint_gt(written_a, 20);
        machine_free(machine_a);
        machine_free(machine_b);
}
END_TEST

START_TEST(a_machine_that_locks_its_disk_too_late_does_not_run)
{
        g_autofree char *head = NULL;
        Latecomer *latecomer;

        pair_live(STAGE_REPLICATING, NULL);
        head = pair_head(&pair_a, "root");
        latecomer = latecomer_start(head);
        /* As often as it takes a slow machine to come a few times. */
        for (guint i = 0; i < 8 || (i < 100 && latecomer_count(latecomer) <= 5); i++)
                replicate(&pair_a, 1);
        step(&pair_b, "InitiateFailover", "ooa{sv}", "/");
        prepare_and_undo(4);
        ck_assert_uint_gt(latecomer_count(latecomer), 5);
        latecomer_end(latecomer);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {what_a_machine_writes_is_never_lost,
                a_machine_that_locks_its_disk_too_late_does_not_run, NULL};

        return run_bus_tests("machine", tests, NULL, pair_end);
}
