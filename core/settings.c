/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/settings.h"

#include <string.h>

#include "core/error.h"
#include "core/model.h"

#define MAX_STRING_LENGTH 4096 /* bytes */

#define SETTING(name, type, field, minimum, maximum)                                                         \
        {                                                                                                    \
                name, type, minimum, maximum, G_STRUCT_OFFSET(CrSettings, field)                             \
        }

const CrSettingInfo cr_setting_table[] = {
        SETTING("RecoveryConnectionPoint", "s", recovery_connection_point, 0, 0),
        SETTING("PrimaryConnectionPoint", "s", primary_connection_point, 0, 0),
        SETTING("ReplicationInterval", "u", replication_interval, 30, 86400),
        SETTING("RecoveryHistory", "q", recovery_history, 0, 16),
        SETTING("ApplicationConsistentSnapshotInterval", "q", application_consistent_interval, 0, 12),
        SETTING("AutoResynchronizeEnabled", "b", auto_resynchronize, 0, 1),
        SETTING("AutoResynchronizeIntervalStart", "s", auto_resynchronize_start, 0, 0),
        SETTING("AutoResynchronizeIntervalEnd", "s", auto_resynchronize_end, 0, 0),
        SETTING("IncludedDisks", "as", included_disks, 0, 0),
        SETTING("CompressionEnabled", "b", compression, 0, 1),
        SETTING("BandwidthLimit", "t", bandwidth_limit, 0, G_MAXUINT64),
        SETTING("DivergenceRetention", "u", divergence_retention, 0, G_MAXUINT32),
        SETTING("SeedDirectory", "s", seed_directory, 0, 0),
        {NULL},
};

/* The forms of the strings. */

#define FORM_CONNECTION_POINT                                                                                \
        "^(unix:path=/([-0-9A-Za-z_/.*\\\\]|%[0-9A-Fa-f]{2})*"                                               \
        "|ssh://([A-Za-z0-9_][-A-Za-z0-9_.]*@)?([A-Za-z0-9][-A-Za-z0-9.]*|\\[[0-9A-Fa-f:.]+\\])"             \
        "(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?)?\\z"
#define FORM_TIME "^([01][0-9]|2[0-3]):[0-5][0-9]\\z"
#define FORM_DIRECTORY "^(/.*)?\\z"

static const struct {
        gsize offset;
        const char *form;     /* a regular expression */
        const char *expected; /* for the message */
} string_forms[] = {
        {G_STRUCT_OFFSET(CrSettings, recovery_connection_point), FORM_CONNECTION_POINT,
                "unix:path=/ABSOLUTE/PATH or ssh://[USER@]HOST[:PORT]"},
        {G_STRUCT_OFFSET(CrSettings, primary_connection_point), FORM_CONNECTION_POINT,
                "unix:path=/ABSOLUTE/PATH or ssh://[USER@]HOST[:PORT]"},
        {G_STRUCT_OFFSET(CrSettings, auto_resynchronize_start), FORM_TIME, "HH:MM, 00:00 to 23:59"},
        {G_STRUCT_OFFSET(CrSettings, auto_resynchronize_end), FORM_TIME, "HH:MM, 00:00 to 23:59"},
        {G_STRUCT_OFFSET(CrSettings, seed_directory), FORM_DIRECTORY, "an absolute path"},
};

CrSettings *cr_settings_new(void)
{
        CrSettings *settings = g_new0(CrSettings, 1);

        *settings = (CrSettings){
                .recovery_connection_point = g_strdup(""),
                .primary_connection_point = g_strdup(""),
                .replication_interval = 300,
                .recovery_history = 4,
                .auto_resynchronize = TRUE,
                .auto_resynchronize_start = g_strdup("18:30"),
                .auto_resynchronize_end = g_strdup("06:00"),
                .included_disks = g_new0(char *, 1),
                .seed_directory = g_strdup(""),
        };
        return settings;
}

CrSettings *cr_settings_copy(const CrSettings *settings)
{
        CrSettings *copy = g_memdup2(settings, sizeof *settings);

        copy->recovery_connection_point = g_strdup(settings->recovery_connection_point);
        copy->primary_connection_point = g_strdup(settings->primary_connection_point);
        copy->auto_resynchronize_start = g_strdup(settings->auto_resynchronize_start);
        copy->auto_resynchronize_end = g_strdup(settings->auto_resynchronize_end);
        copy->included_disks = g_strdupv(settings->included_disks);
        copy->seed_directory = g_strdup(settings->seed_directory);
        return copy;
}

void cr_settings_free(CrSettings *settings)
{
        if (!settings)
                return;
        g_free(settings->recovery_connection_point);
        g_free(settings->primary_connection_point);
        g_free(settings->auto_resynchronize_start);
        g_free(settings->auto_resynchronize_end);
        g_strfreev(settings->included_disks);
        g_free(settings->seed_directory);
        g_free(settings);
}

const CrSettingInfo *cr_setting_find(const char *name, GError **error)
{
        for (const CrSettingInfo *info = cr_setting_table; info->name; info++)
                if (strcmp(info->name, name) == 0)
                        return info;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "there is no setting '%s'", name);
        return NULL;
}

static GVariant *setting_value(const CrSettings *settings, const CrSettingInfo *info)
{
        gconstpointer field = G_STRUCT_MEMBER_P(settings, info->offset);

        if (strcmp(info->type, "s") == 0)
                return g_variant_new_string(*(char *const *)field);
        if (strcmp(info->type, "as") == 0)
                return g_variant_new_strv(*(const char *const *const *)field, -1);
        if (strcmp(info->type, "b") == 0)
                return g_variant_new_boolean(*(const gboolean *)field);
        if (strcmp(info->type, "q") == 0)
                return g_variant_new_uint16(*(const guint16 *)field);
        if (strcmp(info->type, "u") == 0)
                return g_variant_new_uint32(*(const guint32 *)field);
        return g_variant_new_uint64(*(const guint64 *)field);
}

GVariant *cr_settings_to_variant(const CrSettings *settings)
{
        GVariantBuilder builder;

        g_variant_builder_init(&builder, G_VARIANT_TYPE_VARDICT);
        for (const CrSettingInfo *info = cr_setting_table; info->name; info++)
                g_variant_builder_add(&builder, "{sv}", info->name, setting_value(settings, info));
        return g_variant_builder_end(&builder);
}

static gboolean refuse(const CrSettingInfo *info, const char *found, const char *expected, GError **error)
{
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "setting %s is %s; allowed: %s", info->name,
                found, expected);
        return FALSE;
}

static gboolean check_string(const CrSettingInfo *info, const char *value, GError **error)
{
        g_autofree char *quoted = g_strdup_printf("'%s'", value);

        if (strlen(value) > MAX_STRING_LENGTH)
                return refuse(info, "too long", "at most 4096 bytes", error);
        for (gsize i = 0; i < G_N_ELEMENTS(string_forms); i++)
                if (string_forms[i].offset == info->offset &&
                        !g_regex_match_simple(string_forms[i].form, value, 0, 0))
                        return refuse(info, quoted, string_forms[i].expected, error);
        return TRUE;
}

static gboolean apply_string(const CrSettingInfo *info, GVariant *value, char **field, GError **error)
{
        const char *text = g_variant_get_string(value, NULL);

        if (!check_string(info, text, error))
                return FALSE;
        g_free(*field);
        *field = g_strdup(text);
        return TRUE;
}

static gboolean check_names(const CrSettingInfo *info, const char *const *names, GError **error)
{
        if (g_strv_length((char **)names) > CR_MAX_DISKS)
                return refuse(info, "too long", "at most 64 disks", error);
        for (const char *const *name = names; *name; name++) {
                if (!cr_name_check_disk(*name, error)) {
                        g_prefix_error(error, "setting %s: ", info->name);
                        return FALSE;
                }
                if (g_strv_contains(name + 1, *name))
                        return refuse(info, *name, "every disk once", error);
        }
        return TRUE;
}

static gboolean apply_names(const CrSettingInfo *info, GVariant *value, char ***field, GError **error)
{
        g_autofree const char **names = g_variant_get_strv(value, NULL);

        if (!check_names(info, names, error))
                return FALSE;
        g_strfreev(*field);
        *field = g_strdupv((char **)names);
        return TRUE;
}

static guint64 number_of(GVariant *value)
{
        if (g_variant_is_of_type(value, G_VARIANT_TYPE_UINT16))
                return g_variant_get_uint16(value);
        if (g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32))
                return g_variant_get_uint32(value);
        return g_variant_get_uint64(value);
}

static gboolean apply_number(const CrSettingInfo *info, GVariant *value, gpointer field, GError **error)
{
        guint64 number = number_of(value);

        if (number < info->minimum || number > info->maximum) {
                g_autofree char *found = g_strdup_printf("%" G_GUINT64_FORMAT, number);
                g_autofree char *range = g_strdup_printf(
                        "%" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT, info->minimum, info->maximum);
                return refuse(info, found, range, error);
        }
        if (strcmp(info->type, "q") == 0)
                *(guint16 *)field = (guint16)number;
        else if (strcmp(info->type, "u") == 0)
                *(guint32 *)field = (guint32)number;
        else
                *(guint64 *)field = number;
        return TRUE;
}

static gboolean apply_one(CrSettings *settings, const char *name, GVariant *value, GError **error)
{
        const CrSettingInfo *info = cr_setting_find(name, error);
        gpointer field;

        if (!info)
                return FALSE;
        if (strcmp(g_variant_get_type_string(value), info->type) != 0) {
                g_set_error(error, CR_ERROR, CR_ERROR_INCORRECT_DATA_TYPE,
                        "setting %s has type '%s'; it must be '%s'", name, g_variant_get_type_string(value),
                        info->type);
                return FALSE;
        }
        field = G_STRUCT_MEMBER_P(settings, info->offset);
        if (strcmp(info->type, "s") == 0)
                return apply_string(info, value, field, error);
        if (strcmp(info->type, "as") == 0)
                return apply_names(info, value, field, error);
        if (strcmp(info->type, "b") == 0) {
                *(gboolean *)field = g_variant_get_boolean(value);
                return TRUE;
        }
        return apply_number(info, value, field, error);
}

static gboolean apply_all(CrSettings *settings, GVariant *changes, GError **error)
{
        GVariantIter iterator;
        const char *name;
        GVariant *value;

        g_variant_iter_init(&iterator, changes);
        while (g_variant_iter_next(&iterator, "{&sv}", &name, &value)) {
                g_autoptr(GVariant) owned = value;

                if (!apply_one(settings, name, owned, error))
                        return FALSE;
        }
        return TRUE;
}

gboolean cr_settings_apply(CrSettings *settings, GVariant *changes, GError **error)
{
        g_autoptr(CrSettings) changed = cr_settings_copy(settings);
        CrSettings before = *settings;

        if (!g_variant_is_of_type(changes, G_VARIANT_TYPE_VARDICT) || !g_variant_is_normal_form(changes)) {
                g_set_error_literal(
                        error, CR_ERROR, CR_ERROR_INCORRECT_DATA_TYPE, "the settings are not a valid a{sv}");
                return FALSE;
        }
        if (!apply_all(changed, changes, error))
                return FALSE;
        *settings = *changed;
        *changed = before;
        return TRUE;
}

static gboolean is_shared(const char *name)
{
        static const char *const local[] = {"IncludedDisks", "DivergenceRetention", NULL};

        return !g_strv_contains(local, name);
}

GVariant *cr_settings_difference(const CrSettings *settings, GVariant *theirs)
{
        g_autoptr(GVariant) ours = g_variant_ref_sink(cr_settings_to_variant(settings));
        GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE_VARDICT);
        GVariantIter iter;
        const char *name;
        GVariant *value;

        g_variant_iter_init(&iter, ours);
        while (g_variant_iter_next(&iter, "{&sv}", &name, &value)) {
                g_autoptr(GVariant) owned = value;
                g_autoptr(GVariant) other = g_variant_lookup_value(theirs, name, NULL);

                if (is_shared(name) && (!other || !g_variant_equal(owned, other)))
                        g_variant_builder_add(&builder, "{sv}", name, owned);
        }
        return g_variant_builder_end(&builder);
}
