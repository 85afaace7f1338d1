/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/setting.h"

#include <string.h>

#include "client/error.h"
#include "client/format.h"

static const struct {
        const char *key;
        const char *type;
} settings_table[] = {
        {"RecoveryConnectionPoint", "s"},
        {"PrimaryConnectionPoint", "s"},
        {"ReplicationInterval", "u"},
        {"RecoveryHistory", "q"},
        {"ApplicationConsistentSnapshotInterval", "q"},
        {"AutoResynchronizeEnabled", "b"},
        {"AutoResynchronizeIntervalStart", "s"},
        {"AutoResynchronizeIntervalEnd", "s"},
        {"IncludedDisks", "as"},
        {"CompressionEnabled", "b"},
        {"BandwidthLimit", "t"},
        {"DivergenceRetention", "u"},
        {"SeedDirectory", "s"},
};

const GVariantType *cr_setting_type(const char *key)
{
        for (gsize i = 0; i < G_N_ELEMENTS(settings_table); i++)
                if (g_str_equal(key, settings_table[i].key))
                        return G_VARIANT_TYPE(settings_table[i].type);
        return NULL;
}

static GVariant *wrong_value(const char *key, const char *value, const char *expected, GError **error)
{
        g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE, "%s=%s: not %s", key, value, expected);
        return NULL;
}

static GVariant *parse_boolean(const char *key, const char *value, GError **error)
{
        static const char *const yes[] = {"true", "yes", "on", "1", NULL};
        static const char *const no[] = {"false", "no", "off", "0", NULL};
        if (g_strv_contains(yes, value))
                return g_variant_new_boolean(TRUE);
        if (g_strv_contains(no, value))
                return g_variant_new_boolean(FALSE);
        return wrong_value(key, value, "true or false", error);
}

static GVariant *parse_number(const char *key, const char *value, guint64 max, GError **error)
{
        guint64 number = 0;
        if (!g_ascii_string_to_unsigned(value, 10, 0, max, &number, NULL)) {
                g_autofree char *expected = g_strdup_printf("a number from 0 to %" G_GUINT64_FORMAT, max);
                return wrong_value(key, value, expected, error);
        }
        return max == G_MAXUINT16 ? g_variant_new_uint16((guint16)number)
                                  : g_variant_new_uint32((guint32)number);
}

static GVariant *parse_list(const char *key, const char *value, GError **error)
{
        if (value[0] == '[') {
                GVariant *list = g_variant_parse(G_VARIANT_TYPE_STRING_ARRAY, value, NULL, NULL, NULL);
                return list != NULL ? list : wrong_value(key, value, "a list of strings", error);
        }
        g_auto(GStrv) items = g_strsplit(value, ",", -1);
        return g_variant_new_strv((const char *const *)items, -1);
}

/* Floating or not, as its parts come. */
static GVariant *parse_value(const char *key, const char *value, GError **error)
{
        const GVariantType *type = cr_setting_type(key);
        if (type == NULL || g_variant_type_equal(type, G_VARIANT_TYPE_STRING))
                return g_variant_new_string(value);
        if (g_variant_type_equal(type, G_VARIANT_TYPE_BOOLEAN))
                return parse_boolean(key, value, error);
        if (g_variant_type_equal(type, G_VARIANT_TYPE_UINT16))
                return parse_number(key, value, G_MAXUINT16, error);
        if (g_variant_type_equal(type, G_VARIANT_TYPE_UINT32))
                return parse_number(key, value, G_MAXUINT32, error);
        if (g_variant_type_equal(type, G_VARIANT_TYPE_STRING_ARRAY))
                return parse_list(key, value, error);

        guint64 bytes = 0;
        if (!cr_parse_size(value, &bytes))
                return wrong_value(key, value, "a number of bytes", error);
        return g_variant_new_uint64(bytes);
}

GVariant *cr_setting_parse(const char *key, const char *value, GError **error)
{
        GVariant *parsed = parse_value(key, value, error);
        return parsed == NULL ? NULL : g_variant_take_ref(parsed);
}

static gboolean parse_word(GVariantDict *settings, const char *word, GError **error)
{
        const char *equals = strchr(word, '=');
        if (equals == NULL || equals == word || !g_utf8_validate(word, -1, NULL)) {
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE, "'%s' is not KEY=VALUE", word);
                return FALSE;
        }
        g_autofree char *key = g_strndup(word, (gsize)(equals - word));
        if (g_variant_dict_contains(settings, key)) {
                g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE, "%s is given twice", key);
                return FALSE;
        }
        g_autoptr(GVariant) value = cr_setting_parse(key, equals + 1, error);
        if (value == NULL)
                return FALSE;
        g_variant_dict_insert_value(settings, key, value);
        return TRUE;
}

gboolean cr_settings_parse(GVariantDict *settings, char *const *words, GError **error)
{
        for (; *words != NULL; words++)
                if (!parse_word(settings, *words, error))
                        return FALSE;
        return TRUE;
}

static gboolean has_comma(char *const *items)
{
        for (; *items != NULL; items++)
                if (strchr(*items, ',') != NULL)
                        return TRUE;
        return FALSE;
}

char *cr_setting_format(GVariant *value)
{
        if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING))
                return g_variant_dup_string(value, NULL);
        if (g_variant_is_of_type(value, G_VARIANT_TYPE_STRING_ARRAY)) {
                g_auto(GStrv) items = g_variant_dup_strv(value, NULL);
                if (!has_comma(items))
                        return g_strjoinv(",", items);
        }
        return g_variant_print(value, FALSE);
}
