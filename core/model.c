/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/model.h"

#include <limits.h>
#include <string.h>

#include "core/error.h"
#include "core/record.h"

#define DEFAULT_ENGINE "qcow2"  /* a definition may name another */
#define MAX_MESSAGE_LENGTH 4096 /* bytes of last_error */

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

/* ---- walking the fields ---- */

G_STATIC_ASSERT(sizeof(ino_t) == sizeof(guint64));
G_STATIC_ASSERT(sizeof(CrState) == sizeof(int) && sizeof(CrRole) == sizeof(int) &&
                sizeof(CrLayerKind) == sizeof(int));

/* Bytes that the field itself takes in its structure. */
static gsize field_size(const CrField *field)
{
        switch (field->type) {
        case CR_FIELD_ID:
                return sizeof(CrId);
        case CR_FIELD_NAME:
        case CR_FIELD_FILE_NAME:
        case CR_FIELD_PATH:
        case CR_FIELD_TEXT:
        case CR_FIELD_SETTINGS:
                return sizeof(gpointer);
        case CR_FIELD_UNSIGNED:
        case CR_FIELD_SIGNED:
                return sizeof(gint64);
        case CR_FIELD_WORD:
        case CR_FIELD_COUNT:
        case CR_FIELD_BOOLEAN:
                return sizeof(int);
        }
        g_assert_not_reached();
}

static gboolean is_string(const CrField *field)
{
        return field->type == CR_FIELD_NAME || field->type == CR_FIELD_FILE_NAME ||
               field->type == CR_FIELD_PATH || field->type == CR_FIELD_TEXT;
}

gboolean cr_field_is_text(const CrField *field)
{
        return field->type <= CR_FIELD_SETTINGS;
}

void cr_record_copy(const CrRecord *record, gpointer to, gconstpointer from)
{
        for (const CrField *field = record->fields; field->name; field++) {
                gpointer target = G_STRUCT_MEMBER_P(to, field->offset);
                gconstpointer source = G_STRUCT_MEMBER_P(from, field->offset);

                if (is_string(field))
                        *(char **)target = g_strdup(*(char *const *)source);
                else if (field->type == CR_FIELD_SETTINGS)
                        *(CrSettings **)target = cr_settings_copy(*(CrSettings *const *)source);
                else
                        memcpy(target, source, field_size(field));
        }
}

void cr_record_clear(const CrRecord *record, gpointer data)
{
        for (const CrField *field = record->fields; field->name; field++) {
                gpointer member = G_STRUCT_MEMBER_P(data, field->offset);

                if (is_string(field))
                        g_free(*(char **)member);
                else if (field->type == CR_FIELD_SETTINGS)
                        cr_settings_free(*(CrSettings **)member);
                memset(member, 0, field_size(field));
        }
}

static char *settings_text(const CrSettings *settings)
{
        g_autoptr(GVariant) variant = g_variant_ref_sink(cr_settings_to_variant(settings));

        return g_variant_print(variant, FALSE);
}

char *cr_field_text(const CrField *field, gconstpointer data)
{
        gconstpointer member = G_STRUCT_MEMBER_P(data, field->offset);

        if (field->type == CR_FIELD_ID)
                return cr_id_is_none(member) ? NULL : g_strdup(((const CrId *)member)->text);
        if (field->type == CR_FIELD_WORD)
                return g_strdup(field->words->word(*(const int *)member));
        if (field->type == CR_FIELD_SETTINGS)
                return settings_text(*(CrSettings *const *)member);
        return g_strdup(*(char *const *)member);
}

gint64 cr_field_number(const CrField *field, gconstpointer data)
{
        gconstpointer member = G_STRUCT_MEMBER_P(data, field->offset);

        if (field->type == CR_FIELD_COUNT)
                return *(const guint *)member;
        if (field->type == CR_FIELD_BOOLEAN)
                return *(const gboolean *)member != FALSE;
        return *(const gint64 *)member;
}

static gboolean malformed(const CrField *field, const char *text, GError **error)
{
        g_autofree char *shown =
                text ? g_utf8_make_valid(text, (gssize)strnlen(text, 100)) : g_strdup("none");

        g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "field %s is not well formed: %s", field->name, shown);
        return FALSE;
}

static CrSettings *parse_settings(const char *text)
{
        /* GVariant takes strings that are not UTF-8 for a fault of the program. */
        g_autoptr(GVariant) variant =
                g_utf8_validate(text, -1, NULL)
                        ? g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL)
                        : NULL;
        g_autoptr(CrSettings) settings = cr_settings_new();

        if (!variant || !cr_settings_apply(settings, variant, NULL))
                return NULL;
        return g_steal_pointer(&settings);
}

static gboolean set_settings(const CrField *field, CrSettings **member, const char *text, GError **error)
{
        g_autoptr(CrSettings) settings = parse_settings(text);

        if (!settings)
                return malformed(field, text, error);
        if (member) {
                cr_settings_free(*member);
                *member = g_steal_pointer(&settings);
        }
        return TRUE;
}

static gboolean is_well_formed(CrFieldType type, const char *text)
{
        gsize length = strlen(text);

        if (type == CR_FIELD_NAME)
                return cr_name_check("collection", text, NULL);
        if (type == CR_FIELD_FILE_NAME)
                return cr_name_check_disk(text, NULL);
        if (type == CR_FIELD_PATH && (text[0] != '/' || length >= PATH_MAX))
                return FALSE;
        return length <= CR_MAX_TEXT_LENGTH && g_utf8_validate(text, -1, NULL);
}

static gboolean set_string(const CrField *field, char **member, const char *text, GError **error)
{
        if (text && !is_well_formed(field->type, text))
                return malformed(field, text, error);
        if (member) {
                g_free(*member);
                *member = g_strdup(text);
        }
        return TRUE;
}

gboolean cr_field_set_text(const CrField *field, gpointer data, const char *text, GError **error)
{
        gpointer member = data ? G_STRUCT_MEMBER_P(data, field->offset) : NULL;
        CrId id = CR_ID_NONE;
        int word = 0;

        if (!text && !field->optional)
                return malformed(field, text, error);
        if (field->type == CR_FIELD_SETTINGS)
                return set_settings(field, member, text, error);
        if (is_string(field))
                return set_string(field, member, text, error);
        if (field->type == CR_FIELD_ID && text && !cr_id_parse(text, &id))
                return malformed(field, text, error);
        if (field->type == CR_FIELD_WORD && !field->words->from_word(text, &word))
                return malformed(field, text, error);
        if (member)
                memcpy(member, field->type == CR_FIELD_ID ? (gpointer)&id : &word, field_size(field));
        return TRUE;
}

gboolean cr_field_set_number(const CrField *field, gpointer data, gint64 number, GError **error)
{
        gpointer member = data ? G_STRUCT_MEMBER_P(data, field->offset) : NULL;

        if ((field->type == CR_FIELD_COUNT && (number < 0 || number > G_MAXUINT32)) ||
                (field->type == CR_FIELD_BOOLEAN && number != FALSE && number != TRUE)) {
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "field %s is out of range: %" G_GINT64_FORMAT,
                        field->name, number);
                return FALSE;
        }
        if (member && field_size(field) == sizeof number)
                *(gint64 *)member = number;
        else if (member)
                *(guint *)member = (guint)number;
        return TRUE;
}

/* ---- making, copying, freeing ---- */

CrCollection *cr_collection_new(const char *name)
{
        CrCollection *collection = new_collection();

        collection->id = cr_id_new();
        collection->name = g_strdup(name);
        collection->engine = g_strdup(DEFAULT_ENGINE);
        collection->generation.number = 1;
        collection->generation.id = cr_id_new();
        collection->settings = cr_settings_new();
        collection->last_error = g_strdup("");
        return collection;
}

static gpointer copy_record(const CrRecord *record, gconstpointer from)
{
        gpointer copy = record->create();

        cr_record_copy(record, copy, from);
        return copy;
}

static void copy_all(const CrRecord *record, GPtrArray *to, const GPtrArray *from)
{
        for (guint i = 0; i < from->len; i++)
                g_ptr_array_add(to, copy_record(record, g_ptr_array_index(from, i)));
}

CrCollection *cr_collection_copy(const CrCollection *collection)
{
        CrCollection *copy = copy_record(&cr_collection_record, collection);

        copy_all(&cr_disk_record, copy->disks, collection->disks);
        copy_all(&cr_layer_record, copy->layers, collection->layers);
        copy_all(&cr_point_record, copy->points, collection->points);
        copy_all(&cr_divergence_record, copy->divergences, collection->divergences);
        for (guint i = 0; i < copy->divergences->len; i++) {
                CrDivergence *to = g_ptr_array_index(copy->divergences, i);
                const CrDivergence *from = g_ptr_array_index(collection->divergences, i);

                copy_all(&cr_divergent_disk_record, to->disks, from->disks);
        }
        return copy;
}

void cr_collection_free(CrCollection *collection)
{
        if (!collection)
                return;
        g_ptr_array_unref(collection->disks);
        g_ptr_array_unref(collection->layers);
        g_ptr_array_unref(collection->points);
        g_ptr_array_unref(collection->divergences);
        cr_record_clear(&cr_collection_record, collection);
        g_free(collection);
}

CrDisk *cr_disk_new(void)
{
        return g_new0(CrDisk, 1);
}

void cr_disk_free(CrDisk *disk)
{
        cr_record_clear(&cr_disk_record, disk);
        g_free(disk);
}

CrLayer *cr_layer_new(void)
{
        return g_new0(CrLayer, 1);
}

void cr_layer_free(CrLayer *layer)
{
        cr_record_clear(&cr_layer_record, layer);
        g_free(layer);
}

CrPoint *cr_point_new(void)
{
        return g_new0(CrPoint, 1);
}

void cr_point_free(CrPoint *point)
{
        g_free(point);
}

CrDivergence *cr_divergence_new(void)
{
        CrDivergence *divergence = g_new0(CrDivergence, 1);

        divergence->disks = g_ptr_array_new_with_free_func(g_free);
        return divergence;
}

void cr_divergence_free(CrDivergence *divergence)
{
        g_ptr_array_unref(divergence->disks);
        g_free(divergence);
}

gboolean cr_generation_equal(const CrGeneration *a, const CrGeneration *b)
{
        return a->number == b->number && cr_id_equal(&a->id, &b->id);
}

/* ---- looking up ---- */

G_STATIC_ASSERT(offsetof(CrDisk, id) == 0 && offsetof(CrLayer, id) == 0 && offsetof(CrPoint, id) == 0 &&
                offsetof(CrDivergence, id) == 0);

/* Of an array whose elements begin with their id. */
static gpointer find_id(const GPtrArray *array, const CrId *id)
{
        for (guint i = 0; i < array->len; i++)
                if (cr_id_equal(g_ptr_array_index(array, i), id))
                        return g_ptr_array_index(array, i);
        return NULL;
}

CrDisk *cr_collection_disk(const CrCollection *collection, const CrId *id)
{
        return find_id(collection->disks, id);
}

CrDisk *cr_collection_disk_by_name(const CrCollection *collection, const char *name)
{
        for (guint i = 0; i < collection->disks->len; i++) {
                CrDisk *disk = g_ptr_array_index(collection->disks, i);

                if (strcmp(disk->name, name) == 0)
                        return disk;
        }
        return NULL;
}

CrLayer *cr_collection_layer(const CrCollection *collection, const CrId *id)
{
        return find_id(collection->layers, id);
}

CrLayer *cr_collection_head(const CrCollection *collection, const CrId *disk)
{
        for (guint i = 0; i < collection->layers->len; i++) {
                CrLayer *layer = g_ptr_array_index(collection->layers, i);

                if (layer->kind == CR_LAYER_HEAD && cr_id_equal(&layer->disk, disk))
                        return layer;
        }
        return NULL;
}

CrLayer *cr_collection_layer_at(const CrCollection *collection, const CrId *disk, const CrId *point)
{
        if (cr_id_is_none(point))
                return NULL;
        for (guint i = 0; i < collection->layers->len; i++) {
                CrLayer *layer = g_ptr_array_index(collection->layers, i);

                if (cr_id_equal(&layer->disk, disk) && cr_id_equal(&layer->point, point))
                        return layer;
        }
        return NULL;
}

CrPoint *cr_collection_point(const CrCollection *collection, const CrId *id)
{
        return find_id(collection->points, id);
}

CrDivergence *cr_collection_divergence(const CrCollection *collection, const CrId *id)
{
        return find_id(collection->divergences, id);
}

void cr_collection_set_last_error(CrCollection *collection, guint32 value, const char *message)
{
        g_autofree char *valid = g_utf8_make_valid(message ? message : "", -1);
        gsize length = strlen(valid);

        if (length > MAX_MESSAGE_LENGTH)
                length = (gsize)(g_utf8_find_prev_char(valid, valid + MAX_MESSAGE_LENGTH) - valid);
        g_free(collection->last_error);
        collection->last_error = g_strndup(valid, length);
        collection->last_error_value = value;
}

/* ---- names ---- */

static gboolean refuse_name(const char *what, const char *name, const char *reason, GError **error)
{
        g_autofree char *shown = g_utf8_make_valid(name, (gssize)strnlen(name, CR_MAX_NAME_LENGTH));

        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "the %s name '%s' %s", what, shown, reason);
        return FALSE;
}

static gboolean has_control_character(const char *name)
{
        for (const char *c = name; *c; c = g_utf8_next_char(c))
                if (g_unichar_iscntrl(g_utf8_get_char(c)))
                        return TRUE;
        return FALSE;
}

gboolean cr_name_check(const char *what, const char *name, GError **error)
{
        if (!name[0])
                return refuse_name(what, name, "is empty", error);
        if (strlen(name) > CR_MAX_NAME_LENGTH)
                return refuse_name(what, name, "is longer than 64 bytes", error);
        if (!g_utf8_validate(name, -1, NULL))
                return refuse_name(what, name, "is not valid UTF-8", error);
        if (has_control_character(name))
                return refuse_name(what, name, "holds a control character", error);
        return TRUE;
}

gboolean cr_name_check_disk(const char *name, GError **error)
{
        if (!cr_name_check("disk", name, error))
                return FALSE;
        if (strchr(name, '/'))
                return refuse_name("disk", name, "holds a '/': it becomes part of a file name", error);
        if (name[0] == '.')
                return refuse_name("disk", name, "begins with a '.': it becomes part of a file name", error);
        return TRUE;
}
