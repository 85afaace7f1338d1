/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/properties.h"

const char *cr_properties_string(GVariant *properties, const char *key)
{
        const char *string = "";
        if (!g_variant_lookup(properties, key, "&s", &string))
                (void)g_variant_lookup(properties, key, "&o", &string);
        return string;
}

guint64 cr_properties_number(GVariant *properties, const char *key)
{
        guint64 wide = 0;
        guint32 word = 0;
        guint16 half = 0;
        if (g_variant_lookup(properties, key, "t", &wide))
                return wide;
        if (g_variant_lookup(properties, key, "u", &word))
                return word;
        if (g_variant_lookup(properties, key, "q", &half))
                return half;
        return 0;
}

gboolean cr_properties_boolean(GVariant *properties, const char *key)
{
        gboolean value = FALSE;
        (void)g_variant_lookup(properties, key, "b", &value);
        return value;
}

GVariant *cr_properties_value(GVariant *properties, const char *key, const char *type)
{
        return g_variant_lookup_value(properties, key, G_VARIANT_TYPE(type));
}
