/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/disk.h"
#include "client/error.h"
#include "client/setting.h"

#include "suites.h"

static void assert_value(const char *key, const char *typed, const char *expected)
{
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) value = cr_setting_parse(key, typed, &error);
        ck_assert_msg(value != NULL, "%s=%s: %s", key, typed, error == NULL ? "" : error->message);
        g_autofree char *printed = g_variant_print(value, TRUE);
        ck_assert_str_eq(printed, expected);
}

static void assert_refused(const char *key, const char *typed)
{
        g_autoptr(GError) error = NULL;
        GVariant *value = cr_setting_parse(key, typed, &error);
        ck_assert_msg(value == NULL, "%s=%s", key, typed);
        ck_assert(g_error_matches(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE));
        ck_assert_ptr_nonnull(strstr(error->message, key));
}

START_TEST(known_keys_get_the_type_of_the_contract)
{
        assert_value("RecoveryConnectionPoint", "unix:path=/a,b=c", "'unix:path=/a,b=c'");
        assert_value("PrimaryConnectionPoint", "", "''");
        assert_value("ReplicationInterval", "300", "uint32 300");
        assert_value("RecoveryHistory", "16", "uint16 16");
        assert_value("ApplicationConsistentSnapshotInterval", "12", "uint16 12");
        assert_value("AutoResynchronizeEnabled", "no", "false");
        assert_value("AutoResynchronizeIntervalStart", "18:30", "'18:30'");
        assert_value("AutoResynchronizeIntervalEnd", "06:00", "'06:00'");
        assert_value("IncludedDisks", "root,data", "['root', 'data']");
        assert_value("IncludedDisks", "", "@as []");
        assert_value("IncludedDisks", "['a,b']", "['a,b']");
        assert_value("CompressionEnabled", "true", "true");
        assert_value("BandwidthLimit", "10M", "uint64 10485760");
        assert_value("DivergenceRetention", "30", "uint32 30");
        assert_value("SeedDirectory", "/seeds", "'/seeds'");
}
END_TEST

START_TEST(an_unknown_key_is_left_to_the_service)
{
        assert_value("Surprise", "1", "'1'");
}
END_TEST

START_TEST(a_value_of_another_type_is_wrong_usage)
{
        assert_refused("ReplicationInterval", "5min");
        assert_refused("ReplicationInterval", "-1");
        assert_refused("ReplicationInterval", "4294967296");
        assert_refused("RecoveryHistory", "65536");
        assert_refused("CompressionEnabled", "maybe");
        assert_refused("BandwidthLimit", "fast");
        assert_refused("IncludedDisks", "['a'");
}
END_TEST

static gboolean parse_words(const char *const *words, GVariant **ret_settings)
{
        g_auto(GVariantDict) settings = G_VARIANT_DICT_INIT(NULL);
        g_autoptr(GError) error = NULL;
        if (!cr_settings_parse(&settings, (char *const *)words, &error)) {
                ck_assert(g_error_matches(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE));
                return FALSE;
        }
        *ret_settings = g_variant_ref_sink(g_variant_dict_end(&settings));
        return TRUE;
}

START_TEST(words_make_a_dictionary)
{
        const char *const words[] = {"RecoveryHistory=2", "SeedDirectory=/a=b", NULL};
        g_autoptr(GVariant) settings = NULL;
        guint16 history = 0;
        const char *directory = NULL;
        ck_assert(parse_words(words, &settings));
        ck_assert_uint_eq(g_variant_n_children(settings), 2);
        ck_assert(g_variant_lookup(settings, "RecoveryHistory", "q", &history));
        ck_assert(g_variant_lookup(settings, "SeedDirectory", "&s", &directory));
        ck_assert_uint_eq(history, 2);
        ck_assert_str_eq(directory, "/a=b");
}
END_TEST

START_TEST(words_that_are_no_setting_are_wrong_usage)
{
        const char *const twice[] = {"RecoveryHistory=2", "RecoveryHistory=3", NULL};
        const char *const no_value[] = {"RecoveryHistory", NULL};
        const char *const no_key[] = {"=3", NULL};
        GVariant *settings = NULL;
        ck_assert(!parse_words(twice, &settings));
        ck_assert(!parse_words(no_value, &settings));
        ck_assert(!parse_words(no_key, &settings));
}
END_TEST

START_TEST(a_shown_setting_can_be_typed_again)
{
        static const struct {
                const char *key;
                const char *typed;
        } settings[] = {
                {"IncludedDisks", "root,data"},
                {"IncludedDisks", "['a,b', 'c']"},
                {"RecoveryHistory", "4"},
                {"BandwidthLimit", "1024"},
                {"CompressionEnabled", "false"},
                {"SeedDirectory", "/a"},
        };
        for (gsize i = 0; i < G_N_ELEMENTS(settings); i++) {
                g_autoptr(GVariant) value = cr_setting_parse(settings[i].key, settings[i].typed, NULL);
                g_autofree char *shown = cr_setting_format(value);
                ck_assert_str_eq(shown, settings[i].typed);
        }
}
END_TEST

START_TEST(disks_are_a_name_and_a_path)
{
        const char *const words[] = {"root=/a=b.qcow2", "data=/c", NULL};
        const char *const wrong[] = {"root", NULL};
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) disks = g_variant_ref_sink(cr_disks_parse((char *const *)words, &error));
        g_autoptr(GVariant) none = g_variant_ref_sink(cr_disks_parse(NULL, &error));
        g_autofree char *printed = g_variant_print(disks, TRUE);
        ck_assert_str_eq(printed, "[('root', '/a=b.qcow2'), ('data', '/c')]");
        ck_assert_uint_eq(g_variant_n_children(none), 0);
        ck_assert_ptr_null(cr_disks_parse((char *const *)wrong, &error));
        ck_assert(g_error_matches(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE));
}
END_TEST

TCase *setting_case(void)
{
        TCase *tcase = tcase_create("setting");
        tcase_add_test(tcase, known_keys_get_the_type_of_the_contract);
        tcase_add_test(tcase, an_unknown_key_is_left_to_the_service);
        tcase_add_test(tcase, a_value_of_another_type_is_wrong_usage);
        tcase_add_test(tcase, words_make_a_dictionary);
        tcase_add_test(tcase, words_that_are_no_setting_are_wrong_usage);
        tcase_add_test(tcase, a_shown_setting_can_be_typed_again);
        tcase_add_test(tcase, disks_are_a_name_and_a_path);
        return tcase;
}
