/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the store's files share: statements, transactions, rows of records. Private to core/store*.c. */
#pragma once

#include <sqlite3.h>

#include "core/failpoint.h"
#include "core/record.h"
#include "core/store.h"

struct CrStore {
        sqlite3 *database;
        char *path;             /* of the file, for messages */
        GHashTable *statements; /* what was prepared, by its text or key */
        CrId host;
        char *settings_text;  /* the settings that were read last, as text and parsed: most collections of a
                                 site have the same, and parsing them is */
        CrSettings *settings; /* more work than all the rest of a row (two thirds of loading 1000 collections,
                                 measured) */
};

/* A prepared statement that is bound; leaving its scope resets it, which also ends its hold on the database.
 */
typedef sqlite3_stmt CrStatement;
void cr_statement_reset(CrStatement *statement);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrStatement, cr_statement_reset)

/* Sets an error from SQLite's last one: Failed (or OutOfMemory, InvalidParameter for something that must be
 * unique) with the file's name and SQLite's message. Returns FALSE. */
gboolean cr_store_fail(CrStore *store, GError **error);

/* The statement @sql with values bound: for each letter of @types 't' a text (NULL: none) or 'n' a gint64. It
 * is prepared once per store. */
CrStatement *cr_store_query(CrStore *store, GError **error, const char *sql, const char *types, ...);
/* Goes to the next row. *@ret_row tells whether there is one. */
gboolean cr_store_next(CrStore *store, CrStatement *statement, gboolean *ret_row, GError **error);
/* A query that gives no rows. */
gboolean cr_store_run(CrStore *store, GError **error, const char *sql, const char *types, ...);
/* A statement that is kept by @key; NULL without error while there is none: give cr_store_keep its text. */
CrStatement *cr_store_kept(CrStore *store, const char *key);
CrStatement *cr_store_keep(CrStore *store, const char *key, const char *sql, GError **error);

/* An open transaction; leaving its scope rolls back what was not committed. */
typedef CrStore CrTransaction;
CrTransaction *cr_store_read(CrStore *store, GError **error);
CrTransaction *cr_store_write(CrStore *store, GError **error); /* nobody else writes until its end */
void cr_store_roll_back(CrTransaction *transaction);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrTransaction, cr_store_roll_back)
gboolean cr_store_commit(CrTransaction *transaction, GError **error);

/* Commits, with a failpoint before and one after. @name is a literal. */
#define CR_STORE_COMMIT(transaction, name, error)                                                            \
        ({                                                                                                   \
                gboolean committed_;                                                                         \
                CR_FAILPOINT(name ".before");                                                                \
                committed_ = cr_store_commit(transaction, error);                                            \
                if (committed_)                                                                              \
                        CR_FAILPOINT(name ".after");                                                         \
                committed_;                                                                                  \
        })

/* Raises the site's sequence by one. */
gboolean cr_store_raise_sequence(CrStore *store, GError **error);

/* The texts for SQL that name @record's fields: "id, name, ..." and "?, ?, ..." */
char *cr_record_columns(const CrRecord *record);
char *cr_record_places(const CrRecord *record);
/* Binds every field, from parameter @first (1 is the lowest) on; Failed when one is not well formed. */
gboolean cr_record_bind(CrStore *store, CrStatement *statement, int first, const CrRecord *record,
        gconstpointer data, GError **error);
/* Reads every field from the columns of the present row; Failed, naming the database, when one is not well
 * formed. */
gboolean cr_record_read(
        CrStore *store, CrStatement *statement, const CrRecord *record, gpointer data, GError **error);

/* An id in the first column of the present row. */
gboolean cr_store_read_id(CrStore *store, CrStatement *statement, CrId *ret, GError **error);
/* All ids that a query gives, in its order. CrId elements. Takes the statement (NULL: its error is set
 * already). */
GArray *cr_store_ids(CrStore *store, CrStatement *statement, GError **error);

/* The collection's own row, without its arrays; FileNotFound when there is none. */
CrCollection *cr_store_load_row(CrStore *store, const CrId *id, GError **error);
/* Inside a transaction: what cr_store_save and cr_store_delete do. */
gboolean cr_store_put_collection(CrStore *store, const CrCollection *collection, GError **error);
gboolean cr_store_remove_collection(CrStore *store, const CrId *id, GError **error);

/* NotSupported, naming both versions, when the database is of a newer one. Changes nothing. */
gboolean cr_store_check_version(CrStore *store, GError **error);
/* Brings the database to the newest version. */
gboolean cr_store_migrate(CrStore *store, GError **error);
/* The text that brings a database from @version - 1 to @version; NULL when there is no such version. For
 * tests, too. */
const char *cr_store_migration(int version);
