/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/core/unit.h"

#include <string.h>

#include "core/error.h"
#include "service/peer_caller.h"

#define HOST "00000000000000000000000000000001"
#define COLLECTION "00000000000000000000000000000002"
#define GENERATION "00000000000000000000000000000003"
#define OWN "00000000000000000000000000000004"

static GVariantDict dict;
static CrPeerCaller caller;
static GError *error;

static void set_up(void)
{
        g_variant_dict_init(&dict, NULL);
        g_variant_dict_insert(&dict, "ProtocolVersion", "u", CR_PROTOCOL_VERSION);
        g_variant_dict_insert(&dict, "HostId", "s", HOST);
        g_variant_dict_insert(&dict, "Sequence", "t", (guint64)5);
        g_variant_dict_insert(&dict, "Collection", "s", COLLECTION);
        g_variant_dict_insert(&dict, "Generation", "t", (guint64)6);
        g_variant_dict_insert(&dict, "GenerationId", "s", GENERATION);
        g_variant_dict_insert(&dict, "Primary", "b", TRUE);
        error = NULL;
}

static gboolean parse(void)
{
        g_autoptr(GVariant) dictionary = g_variant_ref_sink(g_variant_dict_end(&dict));
        CrId own;

        ck_assert(cr_id_parse(OWN, &own));
        return cr_peer_caller_parse(&caller, dictionary, &own, &error);
}

START_TEST(a_whole_caller_is_taken)
{
        ck_assert(parse());
        ck_assert_str_eq(caller.collection.text, COLLECTION);
        ck_assert_str_eq(caller.seen.host.text, HOST);
        ck_assert_uint_eq(caller.seen.sequence, 5);
        ck_assert_uint_eq(caller.seen.generation.number, 6);
        ck_assert_str_eq(caller.seen.generation.id.text, GENERATION);
}
END_TEST

START_TEST(a_replica_claims_no_generation)
{
        g_variant_dict_insert(&dict, "Primary", "b", FALSE);
        ck_assert(parse());
        ck_assert_uint_eq(caller.seen.generation.number, 0);
}
END_TEST

static const char *const keys[] = {
        "ProtocolVersion", "HostId", "Sequence", "Collection", "Generation", "GenerationId", "Primary"};

START_TEST(a_missing_key_is_named)
{
        g_variant_dict_remove(&dict, keys[_i]);
        ck_assert(!parse());
        assert_error(error, CR_ERROR_INVALID_PARAMETER, keys[_i]);
}
END_TEST

START_TEST(a_key_of_another_type_is_named)
{
        g_variant_dict_insert(&dict, keys[_i], "d", 1.0);
        ck_assert(!parse());
        assert_error(error, CR_ERROR_INCORRECT_DATA_TYPE, keys[_i]);
}
END_TEST

START_TEST(an_unknown_key_is_named)
{
        g_variant_dict_insert(&dict, "Colour", "s", "red");
        ck_assert(!parse());
        assert_error(error, CR_ERROR_INVALID_PARAMETER, "Colour");
}
END_TEST

START_TEST(an_id_must_be_one)
{
        g_variant_dict_insert(&dict, "Collection", "s", "../../etc/passwd");
        ck_assert(!parse());
        assert_error(error, CR_ERROR_INVALID_PARAMETER, "Collection");
}
END_TEST

START_TEST(another_version_is_refused_with_both_numbers)
{
        g_variant_dict_insert(&dict, "ProtocolVersion", "u", 77U);
        ck_assert(!parse());
        ck_assert_ptr_nonnull(strstr(error->message, "version 1"));
        assert_error(error, CR_ERROR_NOT_SUPPORTED, "77");
}
END_TEST

START_TEST(our_own_host_id_is_refused)
{
        g_variant_dict_insert(&dict, "HostId", "s", OWN);
        ck_assert(!parse());
        assert_error(error, CR_ERROR_STATUS_UNKNOWN, OWN);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("peer caller");
        TCase *all = tcase_create("peer caller");
        SRunner *runner;
        int n_failed;

        tcase_add_checked_fixture(all, set_up, NULL);
        tcase_add_test(all, a_whole_caller_is_taken);
        tcase_add_test(all, a_replica_claims_no_generation);
        tcase_add_loop_test(all, a_missing_key_is_named, 0, G_N_ELEMENTS(keys));
        tcase_add_loop_test(all, a_key_of_another_type_is_named, 0, G_N_ELEMENTS(keys));
        tcase_add_test(all, an_unknown_key_is_named);
        tcase_add_test(all, an_id_must_be_one);
        tcase_add_test(all, another_version_is_refused_with_both_numbers);
        tcase_add_test(all, our_own_host_id_is_refused);
        suite_add_tcase(suite, all);
        runner = srunner_create(suite);
        srunner_run_all(runner, CK_ENV);
        n_failed = srunner_ntests_failed(runner);
        srunner_free(runner);
        return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
