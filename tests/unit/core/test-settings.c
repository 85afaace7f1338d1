/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/error.h"
#include "core/settings.h"
#include "unit.h"

#include <string.h>

/* Applies {@name: @value}; the error's code, 0 when it was accepted. */
static int apply(CrSettings *settings, const char *name, const char *value)
{
        g_autofree char *text = g_strdup_printf("{'%s': <%s>}", name, value);
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) changes = g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

        ck_assert_msg(changes != NULL, "%s: %s", text, error ? error->message : "");
        if (cr_settings_apply(settings, changes, &error))
                return 0;
        ck_assert(error->domain == CR_ERROR);
        ck_assert_msg(strstr(error->message, name), "%s is not named: %s", name, error->message);
        return error->code;
}

static char *print(const CrSettings *settings)
{
        g_autoptr(GVariant) variant = g_variant_ref_sink(cr_settings_to_variant(settings));

        return g_variant_print(variant, TRUE);
}

START_TEST(the_defaults_are_the_contracts)
{
        g_autoptr(CrSettings) settings = cr_settings_new();
        g_autofree char *text = print(settings);

        ck_assert_str_eq(text,
                "{'RecoveryConnectionPoint': <''>, 'PrimaryConnectionPoint': <''>, "
                "'ReplicationInterval': <uint32 300>, 'RecoveryHistory': <uint16 4>, "
                "'ApplicationConsistentSnapshotInterval': <uint16 0>, 'AutoResynchronizeEnabled': <true>, "
                "'AutoResynchronizeIntervalStart': <'18:30'>, 'AutoResynchronizeIntervalEnd': <'06:00'>, "
                "'IncludedDisks': <@as []>, 'CompressionEnabled': <false>, 'BandwidthLimit': <uint64 0>, "
                "'DivergenceRetention': <uint32 0>, 'SeedDirectory': <''>}");
}
END_TEST

static const struct {
        const char *name, *value;
        int code;
} cases[] = {
        {"ReplicationInterval", "uint32 30", 0},
        {"ReplicationInterval", "uint32 86400", 0},
        {"ReplicationInterval", "uint32 29", CR_ERROR_INVALID_PARAMETER},
        {"ReplicationInterval", "uint32 86401", CR_ERROR_INVALID_PARAMETER},
        {"ReplicationInterval", "uint16 300", CR_ERROR_INCORRECT_DATA_TYPE},
        {"ReplicationInterval", "'300'", CR_ERROR_INCORRECT_DATA_TYPE},
        {"RecoveryHistory", "uint16 0", 0},
        {"RecoveryHistory", "uint16 16", 0},
        {"RecoveryHistory", "uint16 17", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryHistory", "uint32 4", CR_ERROR_INCORRECT_DATA_TYPE},
        {"ApplicationConsistentSnapshotInterval", "uint16 0", 0},
        {"ApplicationConsistentSnapshotInterval", "uint16 12", 0},
        {"ApplicationConsistentSnapshotInterval", "uint16 13", CR_ERROR_INVALID_PARAMETER},
        {"ApplicationConsistentSnapshotInterval", "int16 1", CR_ERROR_INCORRECT_DATA_TYPE},
        {"AutoResynchronizeEnabled", "false", 0},
        {"AutoResynchronizeEnabled", "uint32 1", CR_ERROR_INCORRECT_DATA_TYPE},
        {"AutoResynchronizeIntervalStart", "'00:00'", 0},
        {"AutoResynchronizeIntervalStart", "'23:59'", 0},
        {"AutoResynchronizeIntervalStart", "'24:00'", CR_ERROR_INVALID_PARAMETER},
        {"AutoResynchronizeIntervalStart", "'6:00'", CR_ERROR_INVALID_PARAMETER},
        {"AutoResynchronizeIntervalStart", "'06:60'", CR_ERROR_INVALID_PARAMETER},
        {"AutoResynchronizeIntervalStart", "''", CR_ERROR_INVALID_PARAMETER},
        {"AutoResynchronizeIntervalStart", "'06:00\\n'", CR_ERROR_INVALID_PARAMETER},
        {"AutoResynchronizeIntervalEnd", "'19:05'", 0},
        {"AutoResynchronizeIntervalEnd", "'1905'", CR_ERROR_INVALID_PARAMETER},
        {"IncludedDisks", "['root', 'data']", 0},
        {"IncludedDisks", "@as []", 0},
        {"IncludedDisks", "['root', 'root']", CR_ERROR_INVALID_PARAMETER},
        {"IncludedDisks", "['ro/ot']", CR_ERROR_INVALID_PARAMETER},
        {"IncludedDisks", "['']", CR_ERROR_INVALID_PARAMETER},
        {"IncludedDisks", "'root'", CR_ERROR_INCORRECT_DATA_TYPE},
        {"CompressionEnabled", "true", 0},
        {"CompressionEnabled", "'true'", CR_ERROR_INCORRECT_DATA_TYPE},
        {"BandwidthLimit", "uint64 18446744073709551615", 0},
        {"BandwidthLimit", "int64 1", CR_ERROR_INCORRECT_DATA_TYPE},
        {"DivergenceRetention", "uint32 4294967295", 0},
        {"DivergenceRetention", "uint64 1", CR_ERROR_INCORRECT_DATA_TYPE},
        {"SeedDirectory", "'/srv/seed'", 0},
        {"SeedDirectory", "''", 0},
        {"SeedDirectory", "'srv/seed'", CR_ERROR_INVALID_PARAMETER},
        {"SeedDirectory", "b'/srv/seed'", CR_ERROR_INCORRECT_DATA_TYPE},
        {"RecoveryConnectionPoint", "''", 0}, /* what a collection without a relationship has */
        {"RecoveryConnectionPoint", "'unix:path=/run/other/bus'", 0},
        {"RecoveryConnectionPoint", "'unix:path=/run/a%20b/bus'", 0},
        {"RecoveryConnectionPoint", "'unix:path=run/bus'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'unix:path=/a;unix:path=/b'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'unix:path=/a,guid=00'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'unix:path=/a%2'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'unix:path=/a b'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'unix:path=/a\\n'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'unix:abstract=/a'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'tcp:host=b,port=1'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'unixexec:path=/bin/sh'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'xunix:path=/a'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'ssh://b.example.org'", 0},
        {"RecoveryConnectionPoint", "'ssh://replication@b.example.org:2222'", 0},
        {"RecoveryConnectionPoint", "'ssh://[fd00::1]:22'", 0},
        {"RecoveryConnectionPoint", "'ssh://b:65535'", 0},
        {"RecoveryConnectionPoint", "'ssh://b:65536'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'ssh://b:0'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'ssh://b:'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'ssh://'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'ssh://@b'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'ssh://-oProxyCommand=x'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'ssh://-x@b'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "'ssh://b/path'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryConnectionPoint", "uint32 1", CR_ERROR_INCORRECT_DATA_TYPE},
        {"PrimaryConnectionPoint", "'ssh://root@a'", 0},
        {"PrimaryConnectionPoint", "'a'", CR_ERROR_INVALID_PARAMETER},
        {"RecoveryServerPortNumber", "uint16 22", CR_ERROR_INVALID_PARAMETER},
        {"replicationinterval", "uint32 300", CR_ERROR_INVALID_PARAMETER},
        {"", "uint32 300", CR_ERROR_INVALID_PARAMETER},
};

START_TEST(every_setting_is_checked)
{
        for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(CrSettings) settings = cr_settings_new();
                g_autofree char *before = print(settings);
                int code = apply(settings, cases[i].name, cases[i].value);
                g_autofree char *after = print(settings);

                ck_assert_msg(code == cases[i].code, "%s = %s: %d", cases[i].name, cases[i].value, code);
                if (code != 0)
                        ck_assert_str_eq(after, before);
        }
}
END_TEST

/* What is printed of an accepted value is that value: no setting lands in another one's place. */
START_TEST(an_accepted_value_is_kept)
{
        for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
                g_autoptr(CrSettings) settings = cr_settings_new();
                g_autoptr(GVariant) wanted = NULL, all = NULL, found = NULL;

                if (cases[i].code != 0)
                        continue;
                ck_assert_int_eq(apply(settings, cases[i].name, cases[i].value), 0);
                wanted = g_variant_parse(NULL, cases[i].value, NULL, NULL, NULL);
                all = g_variant_ref_sink(cr_settings_to_variant(settings));
                found = g_variant_lookup_value(all, cases[i].name, NULL);
                ck_assert_msg(g_variant_equal(found, wanted), "%s = %s", cases[i].name, cases[i].value);
        }
}
END_TEST

START_TEST(every_setting_has_an_accepted_and_a_refused_case)
{
        for (const CrSettingInfo *info = cr_setting_table; info->name; info++) {
                gboolean accepted = FALSE, refused = FALSE;

                for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
                        if (strcmp(cases[i].name, info->name) == 0) {
                                accepted = accepted || cases[i].code == 0;
                                refused = refused || cases[i].code != 0;
                        }
                ck_assert_msg(accepted && refused, "%s", info->name);
        }
}
END_TEST

START_TEST(one_bad_key_changes_nothing)
{
        g_autoptr(CrSettings) settings = cr_settings_new();
        g_autofree char *before = print(settings), *after = NULL;
        g_autoptr(GVariant) changes = g_variant_ref_sink(g_variant_new_parsed(
                "{'SeedDirectory': <'/x'>, 'IncludedDisks': <['a']>, 'ReplicationInterval': <uint32 60>, "
                "'RecoveryHistory': <uint16 99>}"));
        g_autoptr(GError) error = NULL;

        ck_assert(!cr_settings_apply(settings, changes, &error));
        assert_error(error, CR_ERROR_INVALID_PARAMETER, "RecoveryHistory");
        after = print(settings);
        ck_assert_str_eq(after, before);
}
END_TEST

START_TEST(what_both_sites_hold_alike_is_compared)
{
        g_autoptr(CrSettings) ours = cr_settings_new(), theirs = cr_settings_new();
        g_autoptr(GVariant) there = NULL, same = NULL, other = NULL;
        g_autofree char *text = NULL;

        there = g_variant_ref_sink(cr_settings_to_variant(theirs));
        ck_assert_int_eq(apply(ours, "IncludedDisks", "['root']"), 0);
        ck_assert_int_eq(apply(ours, "DivergenceRetention", "uint32 9"), 0);
        same = g_variant_ref_sink(cr_settings_difference(ours, there));
        ck_assert_uint_eq(g_variant_n_children(same), 0);
        ck_assert_int_eq(apply(ours, "RecoveryHistory", "uint16 7"), 0);
        other = g_variant_ref_sink(cr_settings_difference(ours, there));
        text = g_variant_print(other, TRUE);
        ck_assert_str_eq(text, "{'RecoveryHistory': <uint16 7>}");
        ck_assert(cr_settings_apply(theirs, other, NULL));
        ck_assert_uint_eq(theirs->recovery_history, 7);
}
END_TEST

START_TEST(lengths_have_limits)
{
        g_autoptr(CrSettings) settings = cr_settings_new();
        g_autofree char *longest = g_strnfill(4096, 'x'), *longer = g_strnfill(4096, 'x');
        g_autofree char *good = NULL, *bad = NULL;
        g_autoptr(GString) names = g_string_new("[");

        longest[0] = '/';
        good = g_strdup_printf("'%s'", longest);
        bad = g_strdup_printf("'/%s'", longer);
        ck_assert_int_eq(apply(settings, "SeedDirectory", good), 0);
        ck_assert_int_eq(apply(settings, "SeedDirectory", bad), CR_ERROR_INVALID_PARAMETER);

        for (guint i = 0; i < 64; i++)
                g_string_append_printf(names, "'disk%u'%s", i, i < 63 ? "," : "]");
        ck_assert_int_eq(apply(settings, "IncludedDisks", names->str), 0);
        g_string_insert(names, 1, "'one-more',");
        ck_assert_int_eq(apply(settings, "IncludedDisks", names->str), CR_ERROR_INVALID_PARAMETER);
}
END_TEST

/* Bytes that never were a GVariant: not UTF-8, in a string. */
START_TEST(what_is_not_utf8_is_refused)
{
        g_autoptr(GVariant) good = g_variant_ref_sink(g_variant_new_parsed("{'SeedDirectory': <'/xyz'>}"));
        gsize size = g_variant_get_size(good);
        g_autofree guint8 *bytes = g_memdup2(g_variant_get_data(good), size);
        g_autoptr(GVariant) bad = NULL;
        g_autoptr(CrSettings) settings = cr_settings_new();
        g_autoptr(GError) error = NULL;
        guint8 *place = memmem(bytes, size, "/xyz", 4);

        place[1] = 0xff;
        bad = g_variant_ref_sink(
                g_variant_new_from_data(G_VARIANT_TYPE_VARDICT, bytes, size, FALSE, NULL, NULL));
        ck_assert(!cr_settings_apply(settings, bad, &error));
        ck_assert(g_error_matches(error, CR_ERROR, CR_ERROR_INCORRECT_DATA_TYPE));
        ck_assert_str_eq(settings->seed_directory, "");
        ck_assert(cr_settings_apply(settings, good, NULL));
        ck_assert_str_eq(settings->seed_directory, "/xyz");
}
END_TEST

START_TEST(a_copy_and_a_round_trip_are_equal)
{
        g_autoptr(CrSettings) settings = cr_settings_new(), other = cr_settings_new(), copy = NULL;
        g_autofree char *text = NULL, *copied = NULL, *read = NULL;
        g_autoptr(GVariant) variant = NULL;

        ck_assert_int_eq(apply(settings, "IncludedDisks", "['root', 'data']"), 0);
        ck_assert_int_eq(apply(settings, "RecoveryConnectionPoint", "'ssh://b'"), 0);
        ck_assert_int_eq(apply(settings, "DivergenceRetention", "uint32 7"), 0);
        text = print(settings);
        ck_assert(
                strstr(text, "<['root', 'data']>") && strstr(text, "'ssh://b'") && strstr(text, "uint32 7"));
        copy = cr_settings_copy(settings);
        copied = print(copy);
        ck_assert_str_eq(copied, text);

        variant = g_variant_ref_sink(g_variant_new_parsed(text));
        ck_assert(cr_settings_apply(other, variant, NULL));
        read = print(other);
        ck_assert_str_eq(read, text);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {the_defaults_are_the_contracts, every_setting_is_checked,
                an_accepted_value_is_kept, every_setting_has_an_accepted_and_a_refused_case,
                one_bad_key_changes_nothing, what_both_sites_hold_alike_is_compared, lengths_have_limits,
                what_is_not_utf8_is_refused, a_copy_and_a_round_trip_are_equal, NULL};

        return run_tests("settings", tests);
}
