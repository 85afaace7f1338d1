/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/record.h"

#include <limits.h>
#include <string.h>

#include "core/error.h"

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
