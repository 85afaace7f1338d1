/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fields of the model's structures, as tables: copying, freeing and checking, the store's rows and a
 * plan's JSON all walk the same list, so that none of them can forget a field. A field's name is its column
 * and its JSON member. Private to core.
 */
#pragma once

#include "core/plan.h"

#define CR_MAX_TEXT_LENGTH 65536 /* bytes of a text field that is neither a name nor a path (PATH_MAX) */

typedef enum CrFieldType {
        CR_FIELD_ID,        /* CrId */
        CR_FIELD_NAME,      /* char *, as cr_name_check wants it */
        CR_FIELD_FILE_NAME, /* char *, as cr_name_check_disk wants it */
        CR_FIELD_PATH,      /* char *, absolute */
        CR_FIELD_TEXT,      /* char * */
        CR_FIELD_WORD,      /* an enumeration, told by its words */
        CR_FIELD_SETTINGS,  /* CrSettings *, told as a printed GVariant */
        CR_FIELD_UNSIGNED,  /* guint64 or ino_t */
        CR_FIELD_SIGNED,    /* gint64 */
        CR_FIELD_COUNT,     /* guint or guint32 */
        CR_FIELD_BOOLEAN,   /* gboolean */
} CrFieldType;

/* The words of an enumeration. */
typedef struct CrWords {
        const char *(*word)(int value); /* NULL for a value that is none */
        gboolean (*from_word)(const char *word, int *ret);
} CrWords;

typedef struct CrField {
        const char *name; /* NULL after the last */
        CrFieldType type;
        gsize offset;
        gboolean optional; /* an id may be none, a text NULL */
        const CrWords *words;
} CrField;

typedef struct CrRecord {
        const char *name; /* "layer", for messages */
        const CrField *fields;
        gpointer (*create)(void);
        GDestroyNotify destroy;
} CrRecord;

extern const CrRecord cr_collection_record; /* without its arrays */
extern const CrRecord cr_disk_record;
extern const CrRecord cr_layer_record;
extern const CrRecord cr_point_record;
extern const CrRecord cr_divergence_record; /* without its disks */
extern const CrRecord cr_divergent_disk_record;

/* Copies every field into @to, which has been cleared or zeroed. */
void cr_record_copy(const CrRecord *record, gpointer to, gconstpointer from);
/* Frees what the fields own and leaves them zeroed. */
void cr_record_clear(const CrRecord *record, gpointer data);

/* A field is told either as a text or as a number. */
gboolean cr_field_is_text(const CrField *field);
/* NULL for none. */
char *cr_field_text(const CrField *field, gconstpointer data);
/* The bits of it: a guint64 above G_MAXINT64 is negative here. */
gint64 cr_field_number(const CrField *field, gconstpointer data);

/* Failed, naming the field, when @text (NULL: none) or @number can't be its value. @data may be NULL: then it
 * is only checked. */
gboolean cr_field_set_text(const CrField *field, gpointer data, const char *text, GError **error);
gboolean cr_field_set_number(const CrField *field, gpointer data, gint64 number, GError **error);

/* Failed, naming what is wrong, unless the arrays of a whole @collection fit together: no id twice, every
 * reference known, a parent before its children. In store_schema.c: what the tables' own constraints can't
 * say. */
gboolean cr_collection_check(const CrCollection *collection, GError **error);

/* A plan of nothing, for a reader to fill in. */
CrPlan *cr_plan_create(void);
