/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of fields of each structure of the model. */
#include "core/record.h"

#include <string.h>

/* ---- the words of the enumerations ---- */

static const char *const layer_kind_words[] = {
        [CR_LAYER_FROZEN] = "frozen",
        [CR_LAYER_HEAD] = "head",
        [CR_LAYER_RECEIVING] = "receiving",
        [CR_LAYER_SET_ASIDE] = "set-aside",
};

static const char *layer_kind_word(int value)
{
        return value >= 0 && value < (int)G_N_ELEMENTS(layer_kind_words) ? layer_kind_words[value] : NULL;
}

static gboolean layer_kind_from_word(const char *word, int *ret)
{
        for (int i = 0; i < (int)G_N_ELEMENTS(layer_kind_words); i++)
                if (strcmp(word, layer_kind_words[i]) == 0) {
                        *ret = i;
                        return TRUE;
                }
        return FALSE;
}

static const char *state_word(int value)
{
        return cr_state_word((CrState)value);
}

static gboolean state_from_word(const char *word, int *ret)
{
        CrState state;

        if (!cr_state_from_word(word, &state))
                return FALSE;
        *ret = (int)state;
        return TRUE;
}

static const char *role_word(int value)
{
        return cr_role_word((CrRole)value);
}

static gboolean role_from_word(const char *word, int *ret)
{
        CrRole role;

        if (!cr_role_from_word(word, &role))
                return FALSE;
        *ret = (int)role;
        return TRUE;
}

static const CrWords layer_kinds = {layer_kind_word, layer_kind_from_word};
static const CrWords states = {state_word, state_from_word};
static const CrWords roles = {role_word, role_from_word};

/* ---- the fields ---- */

/* A collection's nested members are columns of their own: "peer_generation_number". */
#define FIELD(type, name, member, field_type)                                                                \
        {                                                                                                    \
                name, CR_FIELD_##field_type, offsetof(type, member), FALSE, NULL                             \
        }
#define OPTIONAL(type, name, member, field_type)                                                             \
        {                                                                                                    \
                name, CR_FIELD_##field_type, offsetof(type, member), TRUE, NULL                              \
        }
#define WORD(type, name, member, words)                                                                      \
        {                                                                                                    \
                name, CR_FIELD_WORD, offsetof(type, member), FALSE, &words                                   \
        }

static const CrField collection_fields[] = {
        FIELD(CrCollection, "id", id, ID),
        FIELD(CrCollection, "name", name, NAME),
        FIELD(CrCollection, "engine", engine, FILE_NAME),
        WORD(CrCollection, "state", state, states),
        WORD(CrCollection, "role", role, roles),
        FIELD(CrCollection, "generation_number", generation.number, UNSIGNED),
        OPTIONAL(CrCollection, "generation_id", generation.id, ID),
        FIELD(CrCollection, "former_generation_number", former_generation.number, UNSIGNED),
        OPTIONAL(CrCollection, "former_generation_id", former_generation.id, ID),
        WORD(CrCollection, "former_state", former_state, states),
        OPTIONAL(CrCollection, "preparation", preparation, ID),
        OPTIONAL(CrCollection, "base_point", base_point, ID),
        OPTIONAL(CrCollection, "failover_point", failover_point, ID),
        FIELD(CrCollection, "failed_over_type", failed_over_type, COUNT),
        FIELD(CrCollection, "has_relationship", has_relationship, BOOLEAN),
        FIELD(CrCollection, "settings", settings, SETTINGS),
        OPTIONAL(CrCollection, "peer_host", peer.host, ID),
        FIELD(CrCollection, "peer_generation_number", peer.generation.number, UNSIGNED),
        OPTIONAL(CrCollection, "peer_generation_id", peer.generation.id, ID),
        FIELD(CrCollection, "peer_sequence", peer.sequence, UNSIGNED),
        OPTIONAL(CrCollection, "peer_confirmed_point", peer.confirmed_point, ID),
        OPTIONAL(CrCollection, "peer_preparation", peer.preparation, ID),
        OPTIONAL(CrCollection, "receive_transfer", receive.transfer, ID),
        OPTIONAL(CrCollection, "receive_point", receive.point, ID),
        OPTIONAL(CrCollection, "receive_parent", receive.parent, ID),
        OPTIONAL(CrCollection, "receive_base", receive.base, ID),
        OPTIONAL(CrCollection, "receive_origin", receive.origin, ID),
        FIELD(CrCollection, "receive_created", receive.created, SIGNED),
        FIELD(CrCollection, "receive_consistency", receive.consistency, COUNT),
        FIELD(CrCollection, "last_replication", last_replication, SIGNED),
        FIELD(CrCollection, "last_apply", last_apply, SIGNED),
        FIELD(CrCollection, "last_consistency", last_consistency, COUNT),
        FIELD(CrCollection, "initial_type", initial_type, COUNT),
        FIELD(CrCollection, "scheduled_time", scheduled_time, SIGNED),
        OPTIONAL(CrCollection, "scheduled_operation", scheduled_operation, TEXT),
        OPTIONAL(CrCollection, "scheduled_request", scheduled_request, TEXT),
        WORD(CrCollection, "suspended_state", suspended_state, states),
        OPTIONAL(CrCollection, "test_collection", test_collection, ID),
        OPTIONAL(CrCollection, "test_point", test_point, ID),
        OPTIONAL(CrCollection, "test_of", test_of, ID),
        FIELD(CrCollection, "needs_resynchronize", needs_resynchronize, BOOLEAN),
        OPTIONAL(CrCollection, "machines", machines, TEXT),
        FIELD(CrCollection, "last_error_value", last_error_value, COUNT),
        FIELD(CrCollection, "last_error", last_error, TEXT),
        {NULL},
};

static const CrField disk_fields[] = {
        FIELD(CrDisk, "id", id, ID),
        FIELD(CrDisk, "name", name, FILE_NAME),
        FIELD(CrDisk, "head_path", head_path, PATH),
        FIELD(CrDisk, "virtual_size", virtual_size, UNSIGNED),
        {NULL},
};

static const CrField layer_fields[] = {
        FIELD(CrLayer, "id", id, ID),
        FIELD(CrLayer, "disk", disk, ID),
        OPTIONAL(CrLayer, "parent", parent, ID),
        OPTIONAL(CrLayer, "point", point, ID),
        WORD(CrLayer, "kind", kind, layer_kinds),
        FIELD(CrLayer, "path", path, PATH),
        FIELD(CrLayer, "inode", inode, UNSIGNED),
        FIELD(CrLayer, "virtual_size", virtual_size, UNSIGNED),
        OPTIONAL(CrLayer, "template_path", template_path, PATH),
        FIELD(CrLayer, "template_inode", template_inode, UNSIGNED),
        FIELD(CrLayer, "template_size", template_size, UNSIGNED),
        FIELD(CrLayer, "template_mtime", template_mtime, SIGNED),
        {NULL},
};

static const CrField point_fields[] = {
        FIELD(CrPoint, "id", id, ID),
        OPTIONAL(CrPoint, "parent", parent, ID),
        OPTIONAL(CrPoint, "origin", origin, ID),
        FIELD(CrPoint, "created", created, SIGNED),
        FIELD(CrPoint, "consistency", consistency, COUNT),
        FIELD(CrPoint, "size", size, UNSIGNED),
        FIELD(CrPoint, "held", held, BOOLEAN),
        FIELD(CrPoint, "planned", planned, BOOLEAN),
        {NULL},
};

static const CrField divergence_fields[] = {
        FIELD(CrDivergence, "id", id, ID),
        OPTIONAL(CrDivergence, "common_point", common_point, ID),
        FIELD(CrDivergence, "created", created, SIGNED),
        FIELD(CrDivergence, "expires", expires, SIGNED),
        FIELD(CrDivergence, "undoable", undoable, BOOLEAN),
        {NULL},
};

static const CrField divergent_disk_fields[] = {
        FIELD(CrDivergentDisk, "disk", disk, ID),
        FIELD(CrDivergentDisk, "layer", layer, ID),
        FIELD(CrDivergentDisk, "bytes", bytes, UNSIGNED),
        {NULL},
};

static gpointer new_collection(void)
{
        CrCollection *collection = g_new0(CrCollection, 1);

        collection->disks = g_ptr_array_new_with_free_func((GDestroyNotify)cr_disk_free);
        collection->layers = g_ptr_array_new_with_free_func((GDestroyNotify)cr_layer_free);
        collection->points = g_ptr_array_new_with_free_func((GDestroyNotify)cr_point_free);
        collection->divergences = g_ptr_array_new_with_free_func((GDestroyNotify)cr_divergence_free);
        return collection;
}

static gpointer new_divergent_disk(void)
{
        return g_new0(CrDivergentDisk, 1);
}

#define RECORD(name, fields, create, destroy)                                                                \
        {                                                                                                    \
                name, fields, (gpointer(*)(void))create, (GDestroyNotify)destroy                             \
        }
const CrRecord cr_collection_record =
        RECORD("collection", collection_fields, new_collection, cr_collection_free);
const CrRecord cr_disk_record = RECORD("disk", disk_fields, cr_disk_new, cr_disk_free);
const CrRecord cr_layer_record = RECORD("layer", layer_fields, cr_layer_new, cr_layer_free);
const CrRecord cr_point_record = RECORD("point", point_fields, cr_point_new, cr_point_free);
const CrRecord cr_divergence_record =
        RECORD("divergence", divergence_fields, cr_divergence_new, cr_divergence_free);
const CrRecord cr_divergent_disk_record =
        RECORD("divergent disk", divergent_disk_fields, new_divergent_disk, g_free);
