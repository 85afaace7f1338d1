/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables, how the records of the model become their rows, and what has to be true of a whole collection.
 */
#include <string.h>

#include "core/error.h"
#include "core/store_private.h"

/* ---- the tables ----
 * Columns have the names of the fields in record.h. An id that is none is NULL; enumerations are words;
 * 64-bit numbers keep their bits. Rows of a collection lie together, in the order of their arrays. Staged
 * files, intents and jobs outlive their collection or come before it, and so don't refer to it. */

static const char version_1[] =
        "CREATE TABLE site (one INTEGER PRIMARY KEY CHECK (one = 1), host TEXT NOT NULL,"
        " sequence INTEGER NOT NULL, next_job INTEGER NOT NULL) STRICT;"

        "CREATE TABLE collections (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL UNIQUE, engine TEXT NOT "
        "NULL,"
        " state TEXT NOT NULL, role TEXT NOT NULL, generation_number INTEGER NOT NULL, generation_id TEXT,"
        " former_generation_number INTEGER NOT NULL, former_generation_id TEXT, former_state TEXT NOT NULL,"
        " preparation TEXT, base_point TEXT, failover_point TEXT, failed_over_type INTEGER NOT NULL,"
        " has_relationship INTEGER NOT NULL, settings TEXT NOT NULL,"
        " peer_host TEXT, peer_generation_number INTEGER NOT NULL, peer_generation_id TEXT,"
        " peer_sequence INTEGER NOT NULL, peer_confirmed_point TEXT, peer_preparation TEXT,"
        " receive_transfer TEXT, receive_point TEXT, receive_parent TEXT, receive_base TEXT, receive_origin "
        "TEXT,"
        " receive_created INTEGER NOT NULL, receive_consistency INTEGER NOT NULL,"
        " last_replication INTEGER NOT NULL, last_apply INTEGER NOT NULL, last_consistency INTEGER NOT NULL,"
        " last_error_value INTEGER NOT NULL, last_error TEXT NOT NULL) STRICT, WITHOUT ROWID;"

        "CREATE TABLE disks (collection TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,"
        " position INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, head_path TEXT NOT NULL UNIQUE,"
        " virtual_size INTEGER NOT NULL, PRIMARY KEY (collection, position)) STRICT, WITHOUT ROWID;"

        "CREATE TABLE layers (collection TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,"
        " position INTEGER NOT NULL, id TEXT NOT NULL, disk TEXT NOT NULL, parent TEXT, point TEXT,"
        " kind TEXT NOT NULL, path TEXT NOT NULL, inode INTEGER NOT NULL, virtual_size INTEGER NOT NULL,"
        " template_path TEXT, template_inode INTEGER NOT NULL, template_size INTEGER NOT NULL,"
        " template_mtime INTEGER NOT NULL, PRIMARY KEY (collection, position)) STRICT, WITHOUT ROWID;"
        "CREATE INDEX layers_by_path ON layers (path);"

        "CREATE TABLE points (collection TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,"
        " position INTEGER NOT NULL, id TEXT NOT NULL, parent TEXT, origin TEXT, created INTEGER NOT NULL,"
        " consistency INTEGER NOT NULL, size INTEGER NOT NULL, held INTEGER NOT NULL,"
        " PRIMARY KEY (collection, position)) STRICT, WITHOUT ROWID;"

        "CREATE TABLE divergences (collection TEXT NOT NULL REFERENCES collections (id) ON DELETE CASCADE,"
        " position INTEGER NOT NULL, id TEXT NOT NULL UNIQUE, common_point TEXT, created INTEGER NOT NULL,"
        " expires INTEGER NOT NULL, undoable INTEGER NOT NULL,"
        " PRIMARY KEY (collection, position)) STRICT, WITHOUT ROWID;"
        "CREATE TABLE divergent_disks (divergence TEXT NOT NULL REFERENCES divergences (id) ON DELETE "
        "CASCADE,"
        " position INTEGER NOT NULL, disk TEXT NOT NULL, layer TEXT NOT NULL, bytes INTEGER NOT NULL,"
        " PRIMARY KEY (divergence, position)) STRICT, WITHOUT ROWID;"

        "CREATE TABLE staged (number INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT NOT NULL,"
        " path TEXT NOT NULL, UNIQUE (collection, path)) STRICT;"
        "CREATE INDEX staged_by_path ON staged (path);"

        "CREATE TABLE intents (collection TEXT PRIMARY KEY NOT NULL, plan TEXT NOT NULL) STRICT;"

        "CREATE TABLE jobs (id INTEGER PRIMARY KEY, operation TEXT NOT NULL, collection_path TEXT NOT NULL,"
        " collection TEXT, owner INTEGER NOT NULL, state TEXT NOT NULL, started INTEGER NOT NULL,"
        " ended INTEGER NOT NULL, value INTEGER NOT NULL, error_name TEXT NOT NULL, error_message TEXT NOT "
        "NULL,"
        " result TEXT NOT NULL) STRICT;";

/* What the bus shows of a long lineage without reading all of it. */
static const char version_2[] = "CREATE INDEX points_held ON points (collection, position) WHERE held = 1;";

/* Starts in the future, suspension, tests, planned failovers, resynchronization, running machines. */
static const char version_3[] =
        "ALTER TABLE collections ADD COLUMN initial_type INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE collections ADD COLUMN scheduled_time INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE collections ADD COLUMN scheduled_operation TEXT;"
        "ALTER TABLE collections ADD COLUMN scheduled_request TEXT;"
        "ALTER TABLE collections ADD COLUMN suspended_state TEXT NOT NULL DEFAULT 'disabled';"
        "ALTER TABLE collections ADD COLUMN test_collection TEXT;"
        "ALTER TABLE collections ADD COLUMN test_point TEXT;"
        "ALTER TABLE collections ADD COLUMN test_of TEXT;"
        "ALTER TABLE collections ADD COLUMN needs_resynchronize INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE collections ADD COLUMN machines TEXT;"
        "ALTER TABLE points ADD COLUMN planned INTEGER NOT NULL DEFAULT 0;";

/* Statistics, scheduled jobs, and since when the daemon has not been running. */
static const char version_4[] =
        "ALTER TABLE jobs ADD COLUMN scheduled INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE site ADD COLUMN last_alive INTEGER NOT NULL DEFAULT 0;"
        "CREATE TABLE statistics (collection TEXT PRIMARY KEY NOT NULL"
        " REFERENCES collections (id) ON DELETE CASCADE, since INTEGER NOT NULL,"
        " successes INTEGER NOT NULL, missed INTEGER NOT NULL, network_failures INTEGER NOT NULL,"
        " failures INTEGER NOT NULL, application_failures INTEGER NOT NULL, max_latency INTEGER NOT NULL,"
        " bytes INTEGER NOT NULL, max_bytes INTEGER NOT NULL, pending INTEGER NOT NULL,"
        " last_test INTEGER NOT NULL, missed_in_row INTEGER NOT NULL, failed_value INTEGER NOT NULL,"
        " failed_message TEXT NOT NULL) STRICT, WITHOUT ROWID;";

/* What brings a database from the version before to this one. Only ever appended to. */
static const char *const migrations[] = {version_1, version_2, version_3, version_4};

#define NEWEST_VERSION ((int)G_N_ELEMENTS(migrations))

const char *cr_store_migration(int version)
{
        return version >= 1 && version <= NEWEST_VERSION ? migrations[version - 1] : NULL;
}

static gboolean read_version(CrStore *store, int *ret, GError **error)
{
        g_autoptr(CrStatement) statement = cr_store_query(store, error, "PRAGMA user_version", "");
        gboolean row;

        if (!statement || !cr_store_next(store, statement, &row, error))
                return FALSE;
        *ret = sqlite3_column_int(statement, 0);
        return TRUE;
}

gboolean cr_store_check_version(CrStore *store, GError **error)
{
        int version;

        if (!read_version(store, &version, error))
                return FALSE;
        if (version >= 0 && version <= NEWEST_VERSION)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED,
                "%s is of version %d, this program knows up to %d; install the newer program again",
                store->path, version, NEWEST_VERSION);
        return FALSE;
}

static gboolean migrate_to(CrStore *store, int version, GError **error)
{
        g_autofree char *mark = g_strdup_printf("PRAGMA user_version = %d", version);

        if (sqlite3_exec(store->database, cr_store_migration(version), NULL, NULL, NULL) != SQLITE_OK)
                return cr_store_fail(store, error);
        CR_FAILPOINT("store.migrate");
        return sqlite3_exec(store->database, mark, NULL, NULL, NULL) == SQLITE_OK ||
               cr_store_fail(store, error);
}

/* The host's id and the counters: one row, made once. */
static gboolean make_site(CrStore *store, GError **error)
{
        CrId host = cr_id_new();

        return cr_store_run(store, error,
                "INSERT INTO site (one, host, sequence, next_job) VALUES (1, ?, 0, 1) ON CONFLICT DO NOTHING",
                "t", host.text);
}

static gboolean migrate(CrStore *store, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);
        int version;

        /* Looked at again inside the transaction: another process may have been first. */
        if (!transaction || !cr_store_check_version(store, error) || !read_version(store, &version, error))
                return FALSE;
        while (version < NEWEST_VERSION)
                if (!migrate_to(store, ++version, error))
                        return FALSE;
        return make_site(store, error) && CR_STORE_COMMIT(transaction, "store.migrated", error);
}

gboolean cr_store_migrate(CrStore *store, GError **error)
{
        int version;

        if (!read_version(store, &version, error))
                return FALSE;
        return version == NEWEST_VERSION || migrate(store, error);
}

/* ---- rows of records ---- */

char *cr_record_columns(const CrRecord *record)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (const CrField *field = record->fields; field->name; field++)
                g_string_append_printf(text, "%s%s", text->len ? ", " : "", field->name);
        return g_string_free(g_steal_pointer(&text), FALSE);
}

char *cr_record_places(const CrRecord *record)
{
        g_autoptr(GString) text = g_string_new(NULL);

        for (const CrField *field = record->fields; field->name; field++)
                g_string_append(text, text->len ? ", ?" : "?");
        return g_string_free(g_steal_pointer(&text), FALSE);
}

gboolean cr_record_bind(CrStore *store, CrStatement *statement, int first, const CrRecord *record,
        gconstpointer data, GError **error)
{
        for (const CrField *field = record->fields; field->name; field++, first++) {
                int result;

                if (cr_field_is_text(field)) {
                        char *text = cr_field_text(field, data);

                        if (!cr_field_set_text(field, NULL, text, error)) {
                                g_prefix_error(error, "%s can't be stored: ", record->name);
                                g_free(text);
                                return FALSE;
                        }
                        result = sqlite3_bind_text(statement, first, text, -1, g_free);
                } else {
                        result = sqlite3_bind_int64(statement, first, cr_field_number(field, data));
                }
                if (result != SQLITE_OK)
                        return cr_store_fail(store, error);
        }
        return TRUE;
}

static gboolean read_settings(
        CrStore *store, const CrField *field, gpointer data, const char *text, GError **error)
{
        CrSettings **member = G_STRUCT_MEMBER_P(data, field->offset);

        if (g_strcmp0(text, store->settings_text) == 0) {
                *member = cr_settings_copy(store->settings);
                return TRUE;
        }
        if (!cr_field_set_text(field, data, text, error))
                return FALSE;
        cr_settings_free(store->settings);
        store->settings = cr_settings_copy(*member);
        g_free(store->settings_text);
        store->settings_text = g_strdup(text);
        return TRUE;
}

static gboolean refuse_type(const CrField *field, GError **error)
{
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "field %s is of another type", field->name);
        return FALSE;
}

/* What a constraint would not let in, but may be there in a file that was damaged or written by hand: another
 * type, a text with a NUL in it. */
static gboolean read_field(CrStore *store, CrStatement *statement, int column, const CrField *field,
        gpointer data, GError **error)
{
        int type = sqlite3_column_type(statement, column);
        const char *text;

        if (!cr_field_is_text(field) && type == SQLITE_INTEGER)
                return cr_field_set_number(field, data, sqlite3_column_int64(statement, column), error);
        if (!cr_field_is_text(field) || (type != SQLITE_TEXT && type != SQLITE_NULL))
                return refuse_type(field, error);
        text = (const char *)sqlite3_column_text(statement, column);
        if (type == SQLITE_TEXT && !text)
                return cr_store_fail(store, error);
        if (text && strlen(text) != (gsize)sqlite3_column_bytes(statement, column))
                return refuse_type(field, error);
        if (text && field->type == CR_FIELD_SETTINGS)
                return read_settings(store, field, data, text, error);
        return cr_field_set_text(field, data, text, error);
}

gboolean cr_record_read(
        CrStore *store, CrStatement *statement, const CrRecord *record, gpointer data, GError **error)
{
        int column = 0;

        for (const CrField *field = record->fields; field->name; field++, column++)
                if (!read_field(store, statement, column, field, data, error)) {
                        g_prefix_error(error, "%s: a stored %s: ", store->path, record->name);
                        return FALSE;
                }
        return TRUE;
}

gboolean cr_store_read_id(CrStore *store, CrStatement *statement, CrId *ret, GError **error)
{
        const char *text = (const char *)sqlite3_column_text(statement, 0);

        if (cr_id_parse(text ? text : "", ret))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "%s: a stored id is not well formed", store->path);
        return FALSE;
}

GArray *cr_store_ids(CrStore *store, CrStatement *statement, GError **error)
{
        g_autoptr(CrStatement) owned = statement;
        g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(CrId));
        gboolean row = owned != NULL;

        while (row) {
                CrId id;

                if (!cr_store_next(store, owned, &row, error) ||
                        (row && !cr_store_read_id(store, owned, &id, error)))
                        return NULL;
                if (row)
                        g_array_append_val(ids, id);
        }
        return owned ? g_steal_pointer(&ids) : NULL;
}

/* ---- a whole collection ---- */

static gboolean refuse(const CrCollection *collection, GError **error, const char *what, const char *name)
{
        g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "collection '%s' does not fit together: %s %s",
                collection->name, what, name);
        return FALSE;
}

/* From the id of each element to its position, from 1. NULL when an id is there twice. */
static GHashTable *index_ids(
        const CrCollection *collection, const GPtrArray *array, const char *what, GError **error)
{
        g_autoptr(GHashTable) index = g_hash_table_new(cr_id_hash, cr_id_hash_equal);

        for (guint i = 0; i < array->len; i++) {
                const CrId *id = g_ptr_array_index(array, i);

                if (!g_hash_table_insert(index, (gpointer)id, GUINT_TO_POINTER(i + 1))) {
                        refuse(collection, error, what, id->text);
                        return NULL;
                }
        }
        return g_steal_pointer(&index);
}

static guint position_of(GHashTable *index, const CrId *id)
{
        return GPOINTER_TO_UINT(g_hash_table_lookup(index, id));
}

static gboolean check_disks(const CrCollection *collection, GError **error)
{
        g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

        if (collection->disks->len > CR_MAX_DISKS)
                return refuse(collection, error, "more disks than", G_STRINGIFY(CR_MAX_DISKS));
        for (guint i = 0; i < collection->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(collection->disks, i);

                if (!disk->name || !g_hash_table_add(names, disk->name))
                        return refuse(collection, error,
                                "two disks have the same name or none:", disk->name ? disk->name : "");
        }
        return TRUE;
}

typedef struct Indices {
        GHashTable *disks, *layers, *points; /* as index_ids gives */
        GHashTable *heads;                   /* ids of the disks that have one */
} Indices;

static gboolean check_layer(const CrCollection *collection, const CrLayer *layer, guint position,
        const Indices *indices, GError **error)
{
        guint parent = position_of(indices->layers, &layer->parent);

        if (!position_of(indices->disks, &layer->disk))
                return refuse(collection, error, "an unknown disk of layer", layer->id.text);
        if (!cr_id_is_none(&layer->parent)) {
                if (parent == 0 || parent >= position)
                        return refuse(
                                collection, error, "the layer below is not before layer", layer->id.text);
                if (!cr_id_equal(&((CrLayer *)g_ptr_array_index(collection->layers, parent - 1))->disk,
                            &layer->disk))
                        return refuse(collection, error, "the layer below is of another disk than layer",
                                layer->id.text);
                if (layer->template_path)
                        return refuse(collection, error,
                                "a template below another than the lowest layer:", layer->id.text);
        }
        if (!cr_id_is_none(&layer->point) && !position_of(indices->points, &layer->point) &&
                !cr_id_equal(&layer->point, &collection->receive.point))
                return refuse(collection, error, "an unknown point of layer", layer->id.text);
        if (layer->kind == CR_LAYER_HEAD && !g_hash_table_add(indices->heads, (gpointer)&layer->disk))
                return refuse(collection, error, "a second head of disk", layer->disk.text);
        return TRUE;
}

static gboolean check_layers(const CrCollection *collection, GHashTable *disks, GHashTable *layers,
        GHashTable *points, GError **error)
{
        g_autoptr(GHashTable) heads = g_hash_table_new(cr_id_hash, cr_id_hash_equal);
        Indices indices = {disks, layers, points, heads};

        for (guint i = 0; i < collection->layers->len; i++)
                if (!check_layer(
                            collection, g_ptr_array_index(collection->layers, i), i + 1, &indices, error))
                        return FALSE;
        return TRUE;
}

/* A point's parent may be one that this site never had. */
static gboolean check_points(const CrCollection *collection, GHashTable *points, GError **error)
{
        for (guint i = 0; i < collection->points->len; i++) {
                const CrPoint *point = g_ptr_array_index(collection->points, i);

                if (position_of(points, &point->parent) > i)
                        return refuse(
                                collection, error, "the point before it is not before point", point->id.text);
        }
        return TRUE;
}

static gboolean check_divergences(const CrCollection *collection, GHashTable *layers, GError **error)
{
        g_autoptr(GHashTable) divergences =
                index_ids(collection, collection->divergences, "twice divergence", error);

        for (guint i = 0; divergences && i < collection->divergences->len; i++) {
                const CrDivergence *divergence = g_ptr_array_index(collection->divergences, i);

                for (guint j = 0; j < divergence->disks->len; j++) {
                        const CrDivergentDisk *disk = g_ptr_array_index(divergence->disks, j);

                        if (!position_of(layers, &disk->layer))
                                return refuse(collection, error, "an unknown layer of divergence",
                                        divergence->id.text);
                }
        }
        return divergences != NULL;
}

gboolean cr_collection_check(const CrCollection *collection, GError **error)
{
        g_autoptr(GHashTable) disks = index_ids(collection, collection->disks, "twice disk", error);
        g_autoptr(GHashTable) layers =
                disks ? index_ids(collection, collection->layers, "twice layer", error) : NULL;
        g_autoptr(GHashTable) points =
                layers ? index_ids(collection, collection->points, "twice point", error) : NULL;

        return points && check_disks(collection, error) &&
               check_layers(collection, disks, layers, points, error) &&
               check_points(collection, points, error) && check_divergences(collection, layers, error);
}
