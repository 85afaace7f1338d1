/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/peer_caller.h"

#include <string.h>

#include "core/error.h"

typedef struct Fields {
        guint32 version;
        CrId host, collection, generation_id;
        guint64 sequence, generation;
        gboolean is_primary;
} Fields;

static const struct {
        const char *name;
        const char *type; /* "s": an id */
        gsize offset;
} keys[] = {
        {"ProtocolVersion", "u", offsetof(Fields, version)},
        {"HostId", "s", offsetof(Fields, host)},
        {"Sequence", "t", offsetof(Fields, sequence)},
        {"Collection", "s", offsetof(Fields, collection)},
        {"Generation", "t", offsetof(Fields, generation)},
        {"GenerationId", "s", offsetof(Fields, generation_id)},
        {"Primary", "b", offsetof(Fields, is_primary)},
};

static gboolean read_value(GVariant *value, gpointer place, const char *name, GError **error)
{
        switch (*g_variant_get_type_string(value)) {
        case 'u':
                *(guint32 *)place = g_variant_get_uint32(value);
                return TRUE;
        case 'b':
                *(gboolean *)place = g_variant_get_boolean(value);
                return TRUE;
        case 't':
                *(guint64 *)place = g_variant_get_uint64(value);
                return TRUE;
        default:
                if (cr_id_parse(g_variant_get_string(value, NULL), place))
                        return TRUE;
        }
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "the caller's %s is not an id of 32 hex digits", name);
        return FALSE;
}

static gboolean read_key(Fields *fields, GVariant *dictionary, gsize i, GError **error)
{
        g_autoptr(GVariant) value = g_variant_lookup_value(dictionary, keys[i].name, NULL);

        if (!value) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "the caller's %s is missing",
                        keys[i].name);
                return FALSE;
        }
        if (strcmp(g_variant_get_type_string(value), keys[i].type) != 0) {
                g_set_error(error, CR_ERROR, CR_ERROR_INCORRECT_DATA_TYPE,
                        "the caller's %s is of type %s, not %s", keys[i].name,
                        g_variant_get_type_string(value), keys[i].type);
                return FALSE;
        }
        return read_value(value, (char *)fields + keys[i].offset, keys[i].name, error);
}

static gboolean is_known(const char *key)
{
        for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
                if (strcmp(keys[i].name, key) == 0)
                        return TRUE;
        return FALSE;
}

static gboolean refuse_unknown(GVariant *dictionary, GError **error)
{
        GVariantIter iter;
        const char *key;

        g_variant_iter_init(&iter, dictionary);
        while (g_variant_iter_next(&iter, "{&sv}", &key, NULL)) {
                if (is_known(key))
                        continue;
                g_set_error(
                        error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "the caller's key '%s' is unknown", key);
                return FALSE;
        }
        return TRUE;
}

/* The version comes first: another one may know other keys. */
static gboolean check_version(GVariant *dictionary, Fields *fields, GError **error)
{
        if (!read_key(fields, dictionary, 0, error))
                return FALSE;
        if (fields->version >= CR_PROTOCOL_VERSION_MINIMUM && fields->version <= CR_PROTOCOL_VERSION)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                "the caller speaks version %u of the protocol between sites, this site version %u",
                fields->version, CR_PROTOCOL_VERSION);
        return FALSE;
}

gboolean cr_peer_caller_parse(CrPeerCaller *ret, GVariant *dictionary, const CrId *own_host, GError **error)
{
        Fields fields = {0};

        if (!check_version(dictionary, &fields, error))
                return FALSE;
        for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
                if (!read_key(&fields, dictionary, i, error))
                        return FALSE;
        if (!refuse_unknown(dictionary, error))
                return FALSE;
        if (cr_id_equal(&fields.host, own_host)) {
                g_set_error(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN,
                        "the caller has this site's own host id %s: it is this site, or one is a copy of the "
                        "other",
                        own_host->text);
                return FALSE;
        }
        *ret = (CrPeerCaller){.collection = fields.collection};
        ret->seen.host = fields.host;
        ret->seen.sequence = fields.sequence;
        if (fields.is_primary)
                ret->seen.generation = (CrGeneration){fields.generation, fields.generation_id};
        return TRUE;
}
