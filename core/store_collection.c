/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "core/error.h"
#include "core/store_private.h"

/* A table whose rows are the elements of an array. */
typedef struct Table {
        const char *name;
        const char *owner; /* the column that tells whose array */
        const char *shown; /* which rows CR_LOAD_SHOWN takes; NULL: all */
        const char *index; /* by which it finds them */
        const CrRecord *record;
} Table;

static const Table disks_table = {"disks", "collection", NULL, NULL, &cr_disk_record};
static const Table layers_table = {"layers", "collection", "kind = 'set-aside'", NULL, &cr_layer_record};
static const Table points_table = {
        "points", "collection", "held = 1", " INDEXED BY points_held", &cr_point_record};
static const Table divergences_table = {"divergences", "collection", NULL, NULL, &cr_divergence_record};
static const Table divergent_disks_table = {
        "divergent_disks", "divergence", NULL, NULL, &cr_divergent_disk_record};

/* ---- arrays ---- */

static CrStatement *insert_statement(CrStore *store, const Table *table, GError **error)
{
        g_autofree char *key = g_strconcat("insert ", table->name, NULL), *columns = NULL, *places = NULL,
                        *sql = NULL;
        CrStatement *kept = cr_store_kept(store, key);

        if (kept)
                return kept;
        columns = cr_record_columns(table->record);
        places = cr_record_places(table->record);
        sql = g_strdup_printf("INSERT INTO %s (%s, position, %s) VALUES (?, ?, %s)", table->name,
                table->owner, columns, places);
        return cr_store_keep(store, key, sql, error);
}

static CrStatement *select_statement(CrStore *store, const Table *table, CrLoad load, GError **error)
{
        const char *shown = load == CR_LOAD_SHOWN ? table->shown : NULL;
        g_autofree char *key = g_strconcat(shown ? "shown " : "select ", table->name, NULL), *columns = NULL,
                        *sql = NULL;
        CrStatement *kept = cr_store_kept(store, key);

        if (kept)
                return kept;
        columns = cr_record_columns(table->record);
        sql = g_strdup_printf("SELECT %s FROM %s%s WHERE %s = ?%s%s ORDER BY position", columns, table->name,
                shown && table->index ? table->index : "", table->owner, shown ? " AND " : "",
                shown ? shown : "");
        return cr_store_keep(store, key, sql, error);
}

static gboolean insert_element(CrStore *store, const Table *table, const CrId *owner, guint position,
        gconstpointer data, GError **error)
{
        g_autoptr(CrStatement) insert = insert_statement(store, table, error);
        gboolean row;

        if (!insert)
                return FALSE;
        if (sqlite3_bind_text(insert, 1, owner->text, -1, SQLITE_STATIC) != SQLITE_OK ||
                sqlite3_bind_int64(insert, 2, position) != SQLITE_OK)
                return cr_store_fail(store, error);
        return cr_record_bind(store, insert, 3, table->record, data, error) &&
               cr_store_next(store, insert, &row, error);
}

static gboolean insert_array(
        CrStore *store, const Table *table, const CrId *owner, const GPtrArray *array, GError **error)
{
        for (guint i = 0; i < array->len; i++)
                if (!insert_element(store, table, owner, i, g_ptr_array_index(array, i), error))
                        return FALSE;
        return TRUE;
}

static gboolean load_array(
        CrStore *store, const Table *table, const CrId *owner, CrLoad load, GPtrArray *array, GError **error)
{
        g_autoptr(CrStatement) select = select_statement(store, table, load, error);
        gboolean row = TRUE;

        if (!select)
                return FALSE;
        if (sqlite3_bind_text(select, 1, owner->text, -1, SQLITE_STATIC) != SQLITE_OK)
                return cr_store_fail(store, error);
        while (cr_store_next(store, select, &row, error)) {
                gpointer data;

                if (!row)
                        return TRUE;
                data = table->record->create();
                g_ptr_array_add(array, data);
                if (!cr_record_read(store, select, table->record, data, error))
                        return FALSE;
        }
        return FALSE;
}

/* ---- loading ---- */

static gboolean load_divergences(CrStore *store, CrCollection *collection, CrLoad load, GError **error)
{
        if (!load_array(store, &divergences_table, &collection->id, load, collection->divergences, error))
                return FALSE;
        for (guint i = 0; i < collection->divergences->len; i++) {
                CrDivergence *divergence = g_ptr_array_index(collection->divergences, i);

                if (!load_array(
                            store, &divergent_disks_table, &divergence->id, load, divergence->disks, error))
                        return FALSE;
        }
        return TRUE;
}

static gboolean load_arrays(CrStore *store, CrCollection *collection, CrLoad load, GError **error)
{
        if (!load_array(store, &disks_table, &collection->id, load, collection->disks, error) ||
                !load_array(store, &points_table, &collection->id, load, collection->points, error) ||
                !load_divergences(store, collection, load, error))
                return FALSE;
        if (load == CR_LOAD_SHOWN && collection->divergences->len == 0)
                return TRUE;
        return load_array(store, &layers_table, &collection->id, load, collection->layers, error);
}

static CrStatement *select_collection(CrStore *store, GError **error)
{
        static const char key[] = "select collection";
        g_autofree char *columns = NULL, *sql = NULL;
        CrStatement *kept = cr_store_kept(store, key);

        if (kept)
                return kept;
        columns = cr_record_columns(&cr_collection_record);
        sql = g_strdup_printf("SELECT %s FROM collections WHERE id = ?", columns);
        return cr_store_keep(store, key, sql, error);
}

CrCollection *cr_store_load_row(CrStore *store, const CrId *id, GError **error)
{
        g_autoptr(CrStatement) select = select_collection(store, error);
        g_autoptr(CrCollection) collection = NULL;
        gboolean row;

        if (!select)
                return NULL;
        if (sqlite3_bind_text(select, 1, id->text, -1, SQLITE_STATIC) != SQLITE_OK) {
                cr_store_fail(store, error);
                return NULL;
        }
        if (!cr_store_next(store, select, &row, error))
                return NULL;
        if (!row) {
                g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND, "there is no collection %s", id->text);
                return NULL;
        }
        collection = cr_collection_record.create();
        if (!cr_record_read(store, select, &cr_collection_record, collection, error))
                return NULL;
        return g_steal_pointer(&collection);
}

CrCollection *cr_store_load(CrStore *store, const CrId *id, CrLoad load, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_read(store, error);
        g_autoptr(CrCollection) collection = transaction ? cr_store_load_row(store, id, error) : NULL;

        if (!collection || !load_arrays(store, collection, load, error))
                return NULL;
        if (load == CR_LOAD_ALL && !cr_collection_check(collection, error)) {
                g_prefix_error(error, "%s: ", store->path);
                return NULL;
        }
        if (!cr_store_commit(transaction, error))
                return NULL;
        return g_steal_pointer(&collection);
}

/* ---- saving ---- */

static gboolean check_name_is_free(CrStore *store, const CrCollection *collection, GError **error)
{
        CrId owner;
        g_autoptr(GError) problem = NULL;

        if (cr_store_find_name(store, collection->name, &owner, &problem) &&
                !cr_id_equal(&owner, &collection->id)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "there is a collection '%s' already",
                        collection->name);
                return FALSE;
        }
        if (problem)
                g_propagate_error(error, g_steal_pointer(&problem));
        return problem == NULL;
}

/* cr_store_note_peer writes the record without the collection's lock: what is stored may be newer than what
 * is being saved. Another host's record, left by a relationship that ended, is no part of it. */
static CrPeerRecord merge_peer(const CrCollection *collection, const CrCollection *stored)
{
        CrPeerRecord peer = collection->peer;
        const CrPeerRecord *known = &stored->peer;

        if (!collection->has_relationship)
                return peer;
        if (!stored->has_relationship && !cr_id_is_none(&peer.host) && !cr_id_equal(&peer.host, &known->host))
                return peer;
        if (cr_id_is_none(&peer.host))
                peer.host = known->host;
        if (known->generation.number > peer.generation.number ||
                (known->generation.number == peer.generation.number && cr_id_is_none(&peer.generation.id)))
                peer.generation = known->generation;
        peer.sequence = MAX(peer.sequence, known->sequence);
        return peer;
}

static CrStatement *upsert_statement(CrStore *store, GError **error)
{
        static const char key[] = "upsert collection";
        g_autofree char *columns = NULL, *places = NULL, *sql = NULL;
        g_autoptr(GString) updates = g_string_new(NULL);
        CrStatement *kept = cr_store_kept(store, key);

        if (kept)
                return kept;
        columns = cr_record_columns(&cr_collection_record);
        places = cr_record_places(&cr_collection_record);
        for (const CrField *field = cr_collection_record.fields; field->name; field++)
                g_string_append_printf(
                        updates, "%s%s = excluded.%s", updates->len ? ", " : "", field->name, field->name);
        sql = g_strdup_printf("INSERT INTO collections (%s) VALUES (%s) ON CONFLICT (id) DO UPDATE SET %s",
                columns, places, updates->str);
        return cr_store_keep(store, key, sql, error);
}

static gboolean put_row(CrStore *store, const CrCollection *collection, GError **error)
{
        g_autoptr(GError) problem = NULL;
        g_autoptr(CrCollection) stored = cr_store_load_row(store, &collection->id, &problem);
        g_autoptr(CrStatement) upsert = NULL;
        CrCollection merged = *collection; /* borrows what it points to */
        gboolean row;

        if (!stored && !g_error_matches(problem, CR_ERROR, CR_ERROR_FILE_NOT_FOUND)) {
                g_propagate_error(error, g_steal_pointer(&problem));
                return FALSE;
        }
        if (stored)
                merged.peer = merge_peer(collection, stored);
        upsert = upsert_statement(store, error);
        return upsert && cr_record_bind(store, upsert, 1, &cr_collection_record, &merged, error) &&
               cr_store_next(store, upsert, &row, error);
}

static gboolean delete_arrays(CrStore *store, const CrId *id, GError **error)
{
        return cr_store_run(store, error, "DELETE FROM disks WHERE collection = ?", "t", id->text) &&
               cr_store_run(store, error, "DELETE FROM layers WHERE collection = ?", "t", id->text) &&
               cr_store_run(store, error, "DELETE FROM points WHERE collection = ?", "t", id->text) &&
               cr_store_run(store, error, "DELETE FROM divergences WHERE collection = ?", "t", id->text);
}

static gboolean insert_divergences(CrStore *store, const CrCollection *collection, GError **error)
{
        if (!insert_array(store, &divergences_table, &collection->id, collection->divergences, error))
                return FALSE;
        for (guint i = 0; i < collection->divergences->len; i++) {
                const CrDivergence *divergence = g_ptr_array_index(collection->divergences, i);

                if (!insert_array(store, &divergent_disks_table, &divergence->id, divergence->disks, error))
                        return FALSE;
        }
        return TRUE;
}

gboolean cr_store_put_collection(CrStore *store, const CrCollection *collection, GError **error)
{
        return cr_collection_check(collection, error) && check_name_is_free(store, collection, error) &&
               put_row(store, collection, error) && delete_arrays(store, &collection->id, error) &&
               insert_array(store, &disks_table, &collection->id, collection->disks, error) &&
               insert_array(store, &layers_table, &collection->id, collection->layers, error) &&
               insert_array(store, &points_table, &collection->id, collection->points, error) &&
               insert_divergences(store, collection, error) && cr_store_raise_sequence(store, error);
}

gboolean cr_store_save(CrStore *store, const CrCollection *collection, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);

        if (!transaction || !cr_store_put_collection(store, collection, error)) {
                g_prefix_error(error, "collection '%s' was not saved: ", collection->name);
                return FALSE;
        }
        return CR_STORE_COMMIT(transaction, "store.save", error);
}

gboolean cr_store_remove_collection(CrStore *store, const CrId *id, GError **error)
{
        return cr_store_run(store, error, "DELETE FROM collections WHERE id = ?", "t", id->text) &&
               cr_store_raise_sequence(store, error);
}

gboolean cr_store_delete(CrStore *store, const CrId *id, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);

        return transaction && cr_store_remove_collection(store, id, error) &&
               CR_STORE_COMMIT(transaction, "store.delete", error);
}

/* ---- finding ---- */

GArray *cr_store_list(CrStore *store, GError **error)
{
        return cr_store_ids(
                store, cr_store_query(store, error, "SELECT id FROM collections ORDER BY name", ""), error);
}

gboolean cr_store_find_name(CrStore *store, const char *name, CrId *ret, GError **error)
{
        g_autoptr(CrStatement) select =
                cr_store_query(store, error, "SELECT id FROM collections WHERE name = ?", "t", name);
        gboolean row;

        return select && cr_store_next(store, select, &row, error) && row &&
               cr_store_read_id(store, select, ret, error);
}

/* An intent's files are in its plan only: what its steps and layers name. */
static const char find_path_sql[] = "SELECT coalesce(name, owner) FROM ("
                                    " SELECT collection AS owner FROM disks WHERE head_path = ?1"
                                    " UNION ALL SELECT collection FROM layers WHERE path = ?1"
                                    " UNION ALL SELECT collection FROM staged WHERE path = ?1"
                                    " UNION ALL SELECT collection FROM intents WHERE EXISTS (SELECT 1 FROM "
                                    "json_tree(plan) WHERE atom = ?1))"
                                    " LEFT JOIN collections ON id = owner LIMIT 1";

char *cr_store_find_path(CrStore *store, const char *path, GError **error)
{
        g_autoptr(CrStatement) select = cr_store_query(store, error, find_path_sql, "t", path);
        gboolean row;

        if (!select || !cr_store_next(store, select, &row, error) || !row)
                return NULL;
        return g_strdup((const char *)sqlite3_column_text(select, 0));
}

GHashTable *cr_store_templates(CrStore *store, GError **error)
{
        g_autoptr(GHashTable) templates = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        g_autoptr(CrStatement) select = cr_store_query(store, error,
                "SELECT DISTINCT template_path, name FROM layers JOIN collections"
                " ON collections.id = layers.collection WHERE template_path IS NOT NULL",
                "");
        gboolean row;

        if (!select)
                return NULL;
        while (cr_store_next(store, select, &row, error)) {
                if (!row)
                        return g_steal_pointer(&templates);
                g_hash_table_replace(templates, g_strdup((const char *)sqlite3_column_text(select, 0)),
                        g_strdup((const char *)sqlite3_column_text(select, 1)));
        }
        return NULL;
}

gboolean cr_store_most_layers(CrStore *store, const CrId *id, guint *ret, GError **error)
{
        g_autoptr(CrStatement) select = cr_store_query(store, error,
                "SELECT COUNT(*) FROM layers WHERE collection = ? GROUP BY disk ORDER BY 1 DESC LIMIT 1", "t",
                id->text);
        gboolean row;

        if (!select || !cr_store_next(store, select, &row, error))
                return FALSE;
        *ret = row ? (guint)sqlite3_column_int64(select, 0) : 0;
        return TRUE;
}
