/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/disk.h"

#include <string.h>

#include "client/error.h"

GVariant *cr_disks_parse(char *const *words, GError **error)
{
        g_auto(GVariantBuilder) disks = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ss)"));
        for (; words != NULL && *words != NULL; words++) {
                const char *equals = strchr(*words, '=');
                if (equals == NULL) {
                        g_set_error(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE, "'%s' is not DISK=PATH",
                                *words);
                        return NULL;
                }
                g_autofree char *name = g_strndup(*words, (gsize)(equals - *words));
                g_variant_builder_add(&disks, "(ss)", name, equals + 1);
        }
        return g_variant_builder_end(&disks);
}
