/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/lineage.h"
#include "tree.h"
#include "unit.h"

#include <string.h>

#define HEAD 90

static GPtrArray *chain_of(const CrCollection *collection, guint disk, guint number, GError **error)
{
        CrId id = tree_layer_id(disk, number);

        return cr_lineage_chain(collection, &id, error);
}

START_TEST(a_chain_goes_down_to_the_lowest)
{
        g_autoptr(CrCollection) collection = tree_new(2);
        g_autoptr(GPtrArray) chain = NULL;

        tree_add_chain(collection, 3);
        tree_add_layers(collection, HEAD, 3, CR_LAYER_HEAD, 0);
        chain = chain_of(collection, 1, HEAD, NULL);
        ck_assert_uint_eq(chain->len, 4);
        ck_assert_ptr_eq(chain->pdata[0], tree_layer(collection, 1, HEAD));
        ck_assert_ptr_eq(chain->pdata[3], tree_layer(collection, 1, 1));
}
END_TEST

START_TEST(a_circle_is_refused)
{
        g_autoptr(CrCollection) collection = tree_new(1);
        g_autoptr(GError) error = NULL;

        tree_add_chain(collection, 3);
        tree_layer(collection, 0, 1)->parent = tree_layer_id(0, 2);
        ck_assert_ptr_null(chain_of(collection, 0, 3, &error));
        assert_error(error, CR_ERROR_FAILED, "'shop'");

        tree_layer(collection, 0, 1)->parent = tree_layer_id(0, 1);
        ck_assert_ptr_null(chain_of(collection, 0, 1, &error));
        assert_error(error, CR_ERROR_FAILED, "circle");
}
END_TEST

START_TEST(an_unknown_layer_is_refused)
{
        g_autoptr(CrCollection) collection = tree_new(1);
        g_autoptr(GError) error = NULL;
        CrId missing = tree_layer_id(0, 7), none = CR_ID_NONE;

        ck_assert_ptr_null(cr_lineage_chain(collection, &none, &error));
        assert_error(error, CR_ERROR_FAILED, "'shop'");
        tree_add_chain(collection, 3);
        ck_assert_ptr_null(cr_lineage_chain(collection, &missing, &error));
        assert_error(error, CR_ERROR_FAILED, missing.text);
        tree_layer(collection, 0, 1)->parent = missing;
        ck_assert_ptr_null(chain_of(collection, 0, 3, &error));
        assert_error(error, CR_ERROR_FAILED, missing.text);
}
END_TEST

START_TEST(a_chain_as_long_as_all_layers_is_no_circle)
{
        g_autoptr(CrCollection) collection = tree_new(1);
        g_autoptr(GPtrArray) chain = NULL;

        tree_add_chain(collection, 40);
        chain = chain_of(collection, 0, 40, NULL);
        ck_assert_uint_eq(chain->len, 40);
}
END_TEST

START_TEST(chains_fork_where_they_part)
{
        static const struct {
                guint a, b, above_a, above_b;
        } table[] = {{3, 3, 0, 0}, {3, 1, 2, 0}, {1, 3, 0, 2}, {3, 12, 2, 2}, {12, 2, 2, 1}, {3, 21, 3, 1}};
        g_autoptr(CrCollection) collection = tree_new(1);

        tree_add_chain(collection, 3);
        tree_add_layers(collection, 11, 1, CR_LAYER_FROZEN, 0);
        tree_add_layers(collection, 12, 11, CR_LAYER_FROZEN, 0);
        tree_add_layers(collection, 21, 0, CR_LAYER_FROZEN, 0);
        for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
                g_autoptr(GPtrArray) a = chain_of(collection, 0, table[i].a, NULL);
                g_autoptr(GPtrArray) b = chain_of(collection, 0, table[i].b, NULL);
                guint above_a, above_b;

                cr_lineage_fork(a, b, &above_a, &above_b);
                ck_assert_msg(above_a == table[i].above_a && above_b == table[i].above_b, "%u %u: %u %u",
                        table[i].a, table[i].b, above_a, above_b);
        }
}
END_TEST

START_TEST(ancestors_go_by_parent_not_by_clock)
{
        g_autoptr(CrCollection) collection = tree_new(1);
        CrId first = tree_point_id(1), last = tree_point_id(3), other = tree_point_id(4), none = CR_ID_NONE;

        tree_add_chain(collection, 3);
        tree_add_point(collection, 4, 1, TRUE);
        ((CrPoint *)collection->points->pdata[0])->created = 1000;
        ck_assert(cr_lineage_is_ancestor(collection->points, &first, &last));
        ck_assert(cr_lineage_is_ancestor(collection->points, &last, &last));
        ck_assert(cr_lineage_is_ancestor(collection->points, &first, &other));
        ck_assert(!cr_lineage_is_ancestor(collection->points, &last, &first));
        ck_assert(!cr_lineage_is_ancestor(collection->points, &last, &other));
        ck_assert(!cr_lineage_is_ancestor(collection->points, &none, &last));
        ck_assert(!cr_lineage_is_ancestor(collection->points, &none, &none));
        ck_assert(!cr_lineage_is_ancestor(collection->points, &first, &none));
}
END_TEST

static void add_peer_point(GPtrArray *points, guint number, gboolean held)
{
        CrPeerPoint *point = g_new0(CrPeerPoint, 1);

        point->id = tree_point_id(number);
        point->held = held;
        g_ptr_array_add(points, point);
}

static void assert_common(const CrCollection *collection, GPtrArray *peer_points, guint number)
{
        CrId common = cr_lineage_common_point(collection, peer_points), wanted = tree_point_id(number);

        ck_assert_str_eq(common.text, wanted.text);
}

START_TEST(the_common_point_is_held_by_both)
{
        g_autoptr(CrCollection) collection = tree_new(2);
        g_autoptr(GPtrArray) peer = g_ptr_array_new_with_free_func(g_free);

        tree_add_chain(collection, 4);
        tree_add_layers(collection, HEAD, 4, CR_LAYER_HEAD, 0);
        assert_common(collection, peer, 0);
        add_peer_point(peer, 77, TRUE);
        add_peer_point(peer, 4, FALSE);
        assert_common(collection, peer, 0);
        add_peer_point(peer, 1, TRUE);
        assert_common(collection, peer, 1);
        add_peer_point(peer, 3, TRUE);
        add_peer_point(peer, 2, TRUE);
        assert_common(collection, peer, 3);
        /* No longer held here. */
        ((CrPoint *)collection->points->pdata[2])->held = FALSE;
        assert_common(collection, peer, 2);
        /* One disk came later. */
        tree_layer(collection, 1, 2)->point = CR_ID_NONE;
        assert_common(collection, peer, 2);
        /* One disk has it on another branch. */
        tree_add_layer(collection, 1, 9, 1, CR_LAYER_FROZEN, 2);
        assert_common(collection, peer, 1);
}
END_TEST

START_TEST(without_a_head_the_base_point_counts)
{
        g_autoptr(CrCollection) collection = tree_new(2);
        g_autoptr(GPtrArray) peer = g_ptr_array_new_with_free_func(g_free);

        tree_add_chain(collection, 4);
        add_peer_point(peer, 4, TRUE);
        add_peer_point(peer, 2, TRUE);
        assert_common(collection, peer, 4);
        collection->base_point = tree_point_id(3);
        assert_common(collection, peer, 2);
        collection->base_point = CR_ID_NONE;
        assert_common(collection, peer, 0);
}
END_TEST

static void assert_shared(const CrCollection *collection, GPtrArray *peer_points, guint number)
{
        CrId shared = cr_lineage_shared_point(collection, peer_points), wanted = tree_point_id(number);

        ck_assert_str_eq(shared.text, wanted.text);
}

START_TEST(a_receiver_on_an_abandoned_branch_shares_what_is_still_held_of_it)
{
        g_autoptr(CrCollection) collection = tree_new(2);
        g_autoptr(GPtrArray) peer = g_ptr_array_new_with_free_func(g_free);

        /* Failed over to 2: 3 to 5 were abandoned. */
        tree_add_chain(collection, 5);
        tree_add_layers(collection, HEAD, 2, CR_LAYER_HEAD, 0);
        assert_shared(collection, peer, 0);
        add_peer_point(peer, 3, TRUE);
        add_peer_point(peer, 4, TRUE);
        add_peer_point(peer, 5, FALSE);
        assert_shared(collection, peer, 4);
        tree_layer(collection, 1, 4)->point = CR_ID_NONE; /* one disk came later */
        assert_shared(collection, peer, 4);
        ((CrPoint *)collection->points->pdata[3])->held = FALSE;
        assert_shared(collection, peer, 3);
        ((CrPoint *)collection->points->pdata[2])->held = FALSE;
        assert_shared(collection, peer, 0);
        add_peer_point(peer, 1, TRUE);
        assert_shared(collection, peer, 1);
}
END_TEST

START_TEST(points_off_the_heads_branch_are_not_below_it)
{
        g_autoptr(CrCollection) collection = tree_new(1);
        g_autoptr(GPtrArray) held = NULL;

        tree_add_chain(collection, 4);
        tree_add_layers(collection, HEAD, 2, CR_LAYER_HEAD, 0);
        held = cr_lineage_held(collection);
        ck_assert_uint_eq(held->len, 2);
        ck_assert_ptr_eq(held->pdata[0], collection->points->pdata[1]);
        ck_assert_ptr_eq(held->pdata[1], collection->points->pdata[0]);
}
END_TEST

/* "12.4" for four layers: 3 alone is not pinned. Of the first disk. */
static void assert_pinned(const CrCollection *collection, const char *wanted)
{
        g_autofree char *found = g_strdup(wanted);

        for (guint i = 0; wanted[i]; i++) {
                const CrLayer *layer = tree_layer(collection, 0, i + 1);
                const char *reason = NULL;

                found[i] = cr_lineage_is_pinned(collection, layer, &reason) ? (char)('1' + i) : '.';
                ck_assert((found[i] == '.') == (reason == NULL));
        }
        ck_assert_str_eq(found, wanted);
}

START_TEST(a_primary_keeps_what_the_peer_confirmed_and_every_later_one)
{
        g_autoptr(CrCollection) collection = tree_new(2);

        tree_add_chain(collection, 5);
        tree_add_layers(collection, HEAD, 5, CR_LAYER_HEAD, 0);
        collection->peer.confirmed_point = tree_point_id(3);
        assert_pinned(collection, "..345");
        collection->peer.confirmed_point = tree_point_id(5);
        assert_pinned(collection, "....5");
        collection->peer.confirmed_point = CR_ID_NONE;
        assert_pinned(collection, "12345");
        collection->has_relationship = FALSE;
        assert_pinned(collection, "....5");
}
END_TEST

START_TEST(a_replica_keeps_its_newest_point)
{
        g_autoptr(CrCollection) collection = tree_new(2);

        tree_add_chain(collection, 4);
        collection->role = CR_ROLE_REPLICA;
        assert_pinned(collection, "...4");
        collection->has_relationship = FALSE;
        assert_pinned(collection, "...4");
}
END_TEST

START_TEST(what_writable_layers_stand_on_is_kept)
{
        static const CrLayerKind kinds[] = {CR_LAYER_HEAD, CR_LAYER_RECEIVING, CR_LAYER_SET_ASIDE};

        for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
                g_autoptr(CrCollection) collection = tree_new(2);

                tree_add_chain(collection, 4);
                collection->role = CR_ROLE_REPLICA;
                tree_add_layers(collection, 5, 2, kinds[i], 0);
                assert_pinned(collection, ".2.45");
        }
}
END_TEST

START_TEST(a_divergence_is_kept_down_to_the_common_point)
{
        g_autoptr(CrCollection) collection = tree_new(2);

        /* Common point 2; cut at 3 and 4, and once without a point at 6; then written on at 7. The reverse
         * brought 5. */
        tree_add_chain(collection, 4);
        tree_add_point(collection, 5, 2, TRUE);
        tree_add_layers(collection, 5, 2, CR_LAYER_FROZEN, 5);
        tree_add_layers(collection, 6, 4, CR_LAYER_FROZEN, 0);
        tree_add_layers(collection, 7, 6, CR_LAYER_SET_ASIDE, 0);
        collection->role = CR_ROLE_REPLICA;
        collection->base_point = tree_point_id(5);
        tree_add_divergence(collection, 7, 2);
        assert_pinned(collection, ".234567");
        g_ptr_array_set_size(collection->divergences, 0);
        g_ptr_array_remove(collection->layers, tree_layer(collection, 0, 7));
        assert_pinned(collection, "....5.");
}
END_TEST

START_TEST(everything_is_kept_while_it_may_be_the_common_point)
{
        static const CrState states[] = {
                CR_STATE_FAILED_OVER, CR_STATE_COMMITTED, CR_STATE_PREPARED_FOR_REVERSE_REPLICATION};

        for (gsize i = 0; i < G_N_ELEMENTS(states); i++) {
                g_autoptr(CrCollection) collection = tree_new(2);

                tree_add_chain(collection, 4);
                collection->peer.confirmed_point = tree_point_id(4);
                collection->state = states[i];
                assert_pinned(collection, "1234");
                ((CrPoint *)collection->points->pdata[0])->held = FALSE;
                assert_pinned(collection, ".234");
        }
}
END_TEST

START_TEST(the_failover_point_is_kept)
{
        g_autoptr(CrCollection) collection = tree_new(2);

        tree_add_chain(collection, 4);
        collection->peer.confirmed_point = tree_point_id(4);
        collection->failover_point = tree_point_id(2);
        assert_pinned(collection, ".2.4");
}
END_TEST

/* "1 2": the expired points, in the order of the answer. */
static void assert_expired(const CrCollection *collection, const char *wanted)
{
        g_autoptr(GPtrArray) expired = cr_lineage_expired(collection);
        g_autoptr(GString) found = g_string_new("");

        for (guint i = 0; i < expired->len; i++)
                for (guint j = 0; j < collection->points->len; j++)
                        if (expired->pdata[i] == collection->points->pdata[j])
                                g_string_append_printf(found, "%s%u", found->len ? " " : "", j + 1);
        ck_assert_str_eq(found->str, wanted);
}

START_TEST(a_replica_drops_what_is_beyond_its_history)
{
        g_autoptr(CrCollection) collection = tree_new(2);

        tree_add_chain(collection, 6);
        collection->role = CR_ROLE_REPLICA;
        collection->settings->recovery_history = 2;
        assert_expired(collection, "1 2 3");
        collection->settings->recovery_history = 0;
        assert_expired(collection, "1 2 3 4 5");
        collection->settings->recovery_history = 16;
        assert_expired(collection, "");
        collection->settings->recovery_history = 2;
        tree_add_layers(collection, HEAD, 2, CR_LAYER_SET_ASIDE, 0);
        assert_expired(collection, "1 3");
}
END_TEST

START_TEST(a_primary_counts_from_the_confirmed_point)
{
        g_autoptr(CrCollection) collection = tree_new(2);

        tree_add_chain(collection, 6);
        tree_add_layers(collection, HEAD, 6, CR_LAYER_HEAD, 0);
        collection->settings->recovery_history = 1;
        assert_expired(collection, "");
        collection->peer.confirmed_point = tree_point_id(4);
        assert_expired(collection, "1 2");
        collection->peer.confirmed_point = tree_point_id(6);
        assert_expired(collection, "1 2 3 4");
        collection->state = CR_STATE_FAILED_OVER;
        assert_expired(collection, "");
}
END_TEST

START_TEST(an_abandoned_branch_expires_when_nothing_pins_it)
{
        g_autoptr(CrCollection) collection = tree_new(2);

        /* Failed over to 2 and reversed: 3 and 4 were abandoned, 5 was sent. */
        tree_add_chain(collection, 4);
        tree_add_point(collection, 5, 2, TRUE);
        tree_add_layers(collection, 5, 2, CR_LAYER_FROZEN, 5);
        tree_add_layers(collection, HEAD, 5, CR_LAYER_HEAD, 0);
        collection->settings->recovery_history = 4;
        collection->state = CR_STATE_COMMITTED;
        collection->failover_point = tree_point_id(2);
        assert_expired(collection, "");
        collection->state = CR_STATE_REPLICATING;
        collection->failover_point = CR_ID_NONE;
        collection->peer.confirmed_point = tree_point_id(5);
        assert_expired(collection, "3 4");
}
END_TEST

START_TEST(old_lineage_is_forgotten_but_what_is_held_or_named)
{
        g_autoptr(CrCollection) collection = tree_new(1);

        for (guint i = 1; i <= 10; i++)
                tree_add_point(collection, i, i - 1, i == 2 || i > 8);
        collection->peer.confirmed_point = tree_point_id(1);
        cr_lineage_forget(collection, 3);
        for (guint i = 1; i <= 10; i++) {
                CrId id = tree_point_id(i);

                ck_assert_int_eq(cr_collection_point(collection, &id) != NULL, i <= 2 || i >= 6);
        }
}
END_TEST

START_TEST(without_a_relationship_nothing_expires)
{
        g_autoptr(CrCollection) collection = tree_new(1);

        tree_add_chain(collection, 6);
        collection->settings->recovery_history = 0;
        collection->role = CR_ROLE_REPLICA;
        collection->has_relationship = FALSE;
        assert_expired(collection, "");
        collection->has_relationship = TRUE;
        collection->base_point = CR_ID_NONE;
        assert_expired(collection, "");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_chain_goes_down_to_the_lowest, a_circle_is_refused,
                an_unknown_layer_is_refused, a_chain_as_long_as_all_layers_is_no_circle,
                chains_fork_where_they_part, ancestors_go_by_parent_not_by_clock,
                the_common_point_is_held_by_both, without_a_head_the_base_point_counts,
                a_receiver_on_an_abandoned_branch_shares_what_is_still_held_of_it,
                points_off_the_heads_branch_are_not_below_it,
                a_primary_keeps_what_the_peer_confirmed_and_every_later_one, a_replica_keeps_its_newest_point,
                what_writable_layers_stand_on_is_kept, a_divergence_is_kept_down_to_the_common_point,
                everything_is_kept_while_it_may_be_the_common_point, the_failover_point_is_kept,
                a_replica_drops_what_is_beyond_its_history, a_primary_counts_from_the_confirmed_point,
                an_abandoned_branch_expires_when_nothing_pins_it,
                old_lineage_is_forgotten_but_what_is_held_or_named, without_a_relationship_nothing_expires,
                NULL};

        return run_tests("lineage", tests);
}
