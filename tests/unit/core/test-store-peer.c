/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the store remembers of the peer, and what it makes of contradictions. */
#include "test-store-sample.h"

#include <string.h>

static CrStore *store;
static CrCollection *collection;

static void make_collection(void)
{
        sample_make_folder();
        store = sample_open();
        collection = cr_collection_new("shop");
        collection->has_relationship = TRUE;
        sample_save(store, collection);
}

static void remove_collection(void)
{
        g_clear_pointer(&collection, cr_collection_free);
        g_clear_pointer(&store, cr_store_close);
        sample_remove_folder();
}

static CrPeerRecord record(void)
{
        CrPeerRecord peer = {.host = cr_id_new(), .generation = {5, cr_id_new()}, .sequence = 100};

        return peer;
}

static void note(const CrPeerRecord *seen)
{
        g_autoptr(GError) error = NULL;
        gboolean noted = cr_store_note_peer(store, &collection->id, seen, &error);

        ck_assert_msg(noted, "%s", error ? error->message : "no error");
}

static void assert_contradiction(const CrPeerRecord *seen, const char *what)
{
        g_autoptr(CrCollection) before = sample_load(store, &collection->id), after = NULL;
        GError *error = NULL;

        ck_assert(!cr_store_note_peer(store, &collection->id, seen, &error));
        assert_error(error, CR_ERROR_STATUS_UNKNOWN, what);
        after = sample_load(store, &collection->id);
        sample_assert_equal(before, after);
}

static void assert_recorded(const CrPeerRecord *expected)
{
        g_autoptr(CrCollection) back = sample_load(store, &collection->id);
        const CrPeerRecord *peer = &back->peer;

        ck_assert_str_eq(peer->host.text, expected->host.text);
        ck_assert_uint_eq(peer->generation.number, expected->generation.number);
        ck_assert_str_eq(peer->generation.id.text, expected->generation.id.text);
        ck_assert_uint_eq(peer->sequence, expected->sequence);
        ck_assert_str_eq(peer->confirmed_point.text, expected->confirmed_point.text);
        ck_assert_str_eq(peer->preparation.text, expected->preparation.text);
}

/* ---- noting ---- */

START_TEST(what_was_seen_is_recorded)
{
        CrPeerRecord seen = record();

        note(&seen);
        assert_recorded(&seen);
        note(&seen); /* the same again is no contradiction */
        seen.sequence++;
        note(&seen);
        seen.generation.number = G_MAXUINT64;
        seen.generation.id = cr_id_new();
        seen.sequence = G_MAXUINT64;
        note(&seen);
        assert_recorded(&seen);
}
END_TEST

START_TEST(a_contradiction_is_status_unknown_and_changes_nothing)
{
        const CrPeerRecord good = record();
        CrPeerRecord seen = good;

        note(&good);
        seen.sequence = good.sequence - 1;
        seen.generation.number++;
        assert_contradiction(&seen, "lower sequence");
        seen = good;
        seen.generation.number--;
        seen.sequence++;
        assert_contradiction(&seen, "lower generation");
        seen = good;
        seen.generation.id = cr_id_new();
        assert_contradiction(&seen, "same number");
        seen = good;
        seen.host = cr_id_new();
        assert_contradiction(&seen, "another host");
        seen.host = CR_ID_NONE;
        assert_contradiction(&seen, "does not name its host");
        seen.host = cr_store_host_id(store);
        assert_contradiction(&seen, "own host id");
}
END_TEST

START_TEST(numbers_above_the_signed_range_are_not_taken_for_lower_ones)
{
        CrPeerRecord seen = record();

        seen.sequence = (guint64)G_MAXINT64;
        note(&seen);
        seen.sequence++;
        note(&seen);
        seen.sequence = 200;
        assert_contradiction(&seen, "lower sequence");
}
END_TEST

START_TEST(a_peer_that_claims_no_generation_is_held_to_the_recorded_one)
{
        CrPeerRecord seen = record(), claim = seen;

        note(&seen);
        claim.generation = (CrGeneration){0};
        claim.sequence = ++seen.sequence;
        note(&claim);
        assert_recorded(&seen);
        claim.sequence--;
        assert_contradiction(&claim, "lower sequence");
        claim = seen;
        claim.generation.number--;
        assert_contradiction(&claim, "lower generation");
}
END_TEST

START_TEST(noting_leaves_the_confirmed_point_and_the_preparation)
{
        CrPeerRecord seen = record(), expected;

        collection->peer = expected = record();
        expected.confirmed_point = collection->peer.confirmed_point = cr_id_new();
        expected.preparation = collection->peer.preparation = cr_id_new();
        sample_save(store, collection);
        seen.host = expected.host;
        seen.generation.number = expected.generation.number = 7;
        expected.generation.id = seen.generation.id;
        note(&seen);
        assert_recorded(&expected);
}
END_TEST

START_TEST(a_note_raises_the_sequence_only_when_it_is_news)
{
        CrPeerRecord seen = record();
        guint64 before, after;

        ck_assert(cr_store_sequence(store, &before, NULL));
        note(&seen);
        ck_assert(cr_store_sequence(store, &after, NULL));
        ck_assert_uint_eq(after, before + 1);
        note(&seen);
        ck_assert(cr_store_sequence(store, &after, NULL));
        ck_assert_uint_eq(after, before + 1);
}
END_TEST

START_TEST(a_note_on_no_collection_is_not_found)
{
        CrPeerRecord seen = record();
        CrId unknown = cr_id_new();
        GError *error = NULL;

        ck_assert(!cr_store_note_peer(store, &unknown, &seen, &error));
        assert_error(error, CR_ERROR_FILE_NOT_FOUND, unknown.text);
}
END_TEST

/* ---- saving beside it ---- */

START_TEST(a_save_does_not_take_back_what_was_noted_since_its_load)
{
        CrPeerRecord seen = record();

        note(&seen);
        sample_save(store, collection); /* with an empty record */
        assert_recorded(&seen);
        collection->peer = seen;
        collection->peer.sequence--;
        collection->peer.generation.number--;
        sample_save(store, collection);
        assert_recorded(&seen);
}
END_TEST

START_TEST(a_save_may_raise_what_was_noted)
{
        CrPeerRecord seen = record();

        note(&seen);
        seen.generation.number = G_MAXUINT64;
        seen.generation.id = cr_id_new();
        seen.sequence = (guint64)G_MAXINT64 + 1;
        collection->peer = seen;
        sample_save(store, collection);
        assert_recorded(&seen);
}
END_TEST

START_TEST(the_confirmed_point_and_the_preparation_are_saved_as_given)
{
        CrPeerRecord seen = record();

        note(&seen);
        collection->peer = seen;
        collection->peer.confirmed_point = cr_id_new();
        collection->peer.preparation = cr_id_new();
        sample_save(store, collection);
        assert_recorded(&collection->peer);
        collection->peer.confirmed_point = collection->peer.preparation = CR_ID_NONE;
        sample_save(store, collection);
        assert_recorded(&collection->peer);
}
END_TEST

START_TEST(without_a_relationship_the_record_is_saved_as_given)
{
        CrPeerRecord seen = record(), nothing = {.sequence = 3};

        note(&seen);
        collection->has_relationship = FALSE;
        collection->peer = nothing;
        sample_save(store, collection);
        assert_recorded(&nothing);
}
END_TEST

START_TEST(a_new_relationship_does_not_inherit_from_the_peer_of_the_last_one)
{
        CrPeerRecord last = record(), next = record();

        collection->has_relationship = FALSE;
        collection->peer = last;
        sample_save(store, collection);
        collection->has_relationship = TRUE;
        next.sequence = last.sequence - 1;
        next.generation.number = 1;
        collection->peer = next;
        sample_save(store, collection);
        assert_recorded(&next);
}
END_TEST

/* ---- the preparation that the peer hands over ---- */

static void take_over(void)
{
        collection->role = CR_ROLE_PRIMARY;
        collection->state = CR_STATE_FAILED_OVER;
        sample_save(store, collection);
}

static void assert_not_registered(const CrGeneration *generation, int code, const char *what)
{
        CrId preparation = cr_id_new();
        GError *error = NULL;
        g_autoptr(CrCollection) back = NULL;

        ck_assert(!cr_store_register_preparation(store, &collection->id, generation, &preparation, &error));
        assert_error(error, code, what);
        back = sample_load(store, &collection->id);
        ck_assert(!cr_id_equal(&back->peer.preparation, &preparation));
}

START_TEST(a_preparation_is_registered_where_this_side_took_over)
{
        CrId preparation = cr_id_new(), later = cr_id_new();

        take_over();
        for (int i = 0; i < 2; i++)
                ck_assert(cr_store_register_preparation(
                        store, &collection->id, &collection->generation, &preparation, NULL));
        collection->peer.preparation = preparation;
        assert_recorded(&collection->peer);
        collection->state = CR_STATE_COMMITTED;
        sample_save(store, collection);
        ck_assert(
                cr_store_register_preparation(store, &collection->id, &collection->generation, &later, NULL));
        collection->peer.preparation = later;
        assert_recorded(&collection->peer);
}
END_TEST

START_TEST(a_preparation_is_refused_by_a_side_that_did_not_take_over)
{
        assert_not_registered(&collection->generation, CR_ERROR_INVALID_STATE, "'shop'");
        take_over();
        collection->role = CR_ROLE_REPLICA;
        sample_save(store, collection);
        assert_not_registered(&collection->generation, CR_ERROR_INVALID_STATE, "replica");
        collection->role = CR_ROLE_PRIMARY;
        collection->state = CR_STATE_REPLICATING;
        sample_save(store, collection);
        assert_not_registered(&collection->generation, CR_ERROR_INVALID_STATE, "replicating");
}
END_TEST

START_TEST(a_preparation_is_refused_for_another_generation)
{
        CrGeneration other = collection->generation;
        CrId none = CR_ID_NONE;
        GError *error = NULL;

        take_over();
        other.number++;
        assert_not_registered(&other, CR_ERROR_STATUS_UNKNOWN, "generation");
        other = collection->generation;
        other.id = cr_id_new();
        assert_not_registered(&other, CR_ERROR_STATUS_UNKNOWN, "generation");
        ck_assert(!cr_store_register_preparation(
                store, &collection->id, &collection->generation, &none, &error));
        assert_error(error, CR_ERROR_INVALID_PARAMETER, "preparation");
        ck_assert(!cr_store_register_preparation(store, &none, &other, &other.id, &error));
        assert_error(error, CR_ERROR_FILE_NOT_FOUND, "no collection");
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {what_was_seen_is_recorded,
                a_contradiction_is_status_unknown_and_changes_nothing,
                numbers_above_the_signed_range_are_not_taken_for_lower_ones,
                a_peer_that_claims_no_generation_is_held_to_the_recorded_one,
                noting_leaves_the_confirmed_point_and_the_preparation,
                a_note_raises_the_sequence_only_when_it_is_news, a_note_on_no_collection_is_not_found,
                a_save_does_not_take_back_what_was_noted_since_its_load, a_save_may_raise_what_was_noted,
                the_confirmed_point_and_the_preparation_are_saved_as_given,
                without_a_relationship_the_record_is_saved_as_given,
                a_new_relationship_does_not_inherit_from_the_peer_of_the_last_one,
                a_preparation_is_registered_where_this_side_took_over,
                a_preparation_is_refused_by_a_side_that_did_not_take_over,
                a_preparation_is_refused_for_another_generation, NULL};

        return run_tests_with("store peer", tests, make_collection, remove_collection);
}
