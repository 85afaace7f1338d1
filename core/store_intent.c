/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is written beside the collections as a whole: staged files, intents, and what a peer tells. */
#include "core/error.h"
#include "core/store_private.h"

/* ---- staged files ---- */

gboolean cr_store_stage(CrStore *store, const CrId *collection, char *const *paths, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);

        if (!transaction)
                return FALSE;
        for (; *paths; paths++)
                if (!cr_store_run(store, error,
                            "INSERT INTO staged (collection, path) VALUES (?, ?) ON CONFLICT DO NOTHING",
                            "tt", collection->text, *paths))
                        return FALSE;
        return CR_STORE_COMMIT(transaction, "store.stage", error);
}

char **cr_store_staged(CrStore *store, const CrId *collection, GError **error)
{
        g_autoptr(CrStatement) select = cr_store_query(store, error,
                "SELECT path FROM staged WHERE collection = ? ORDER BY number", "t", collection->text);
        g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
        gboolean row = select != NULL;

        while (row) {
                if (!cr_store_next(store, select, &row, error))
                        return NULL;
                if (row)
                        g_strv_builder_add(paths, (const char *)sqlite3_column_text(select, 0));
        }
        return select ? g_strv_builder_end(paths) : NULL;
}

static gboolean forget_staged(CrStore *store, const CrId *collection, GError **error)
{
        return cr_store_run(store, error, "DELETE FROM staged WHERE collection = ?", "t", collection->text);
}

gboolean cr_store_unstage(CrStore *store, const CrId *collection, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);

        return transaction && forget_staged(store, collection, error) &&
               CR_STORE_COMMIT(transaction, "store.unstage", error);
}

/* ---- intents ---- */

/* The text of the plan's row, NULL without error when there is none. */
static char *load_plan_text(CrStore *store, const CrId *collection, GError **error)
{
        g_autoptr(CrStatement) select = cr_store_query(
                store, error, "SELECT plan FROM intents WHERE collection = ?", "t", collection->text);
        gboolean row;

        if (!select || !cr_store_next(store, select, &row, error) || !row)
                return NULL;
        return g_strdup((const char *)sqlite3_column_text(select, 0));
}

static gboolean put_test(CrStore *store, const CrPlan *plan, GError **error)
{
        return (!plan->test_after || cr_store_put_collection(store, plan->test_after, error)) &&
               (cr_id_is_none(&plan->test_deleted) ||
                       cr_store_remove_collection(store, &plan->test_deleted, error));
}

/* Saves what the plan leads to. */
static gboolean put_result(CrStore *store, const CrPlan *plan, GError **error)
{
        if (!put_test(store, plan, error))
                return FALSE;
        if (plan->after)
                return cr_store_put_collection(store, plan->after, error);
        return cr_store_remove_collection(store, &plan->collection, error);
}

/* Once its intent is committed a plan has to be carried out to the end: that its result can be saved is tried
 * out before, and taken back. */
static gboolean try_result(CrStore *store, const CrPlan *plan, GError **error)
{
        return cr_store_run(store, error, "SAVEPOINT trial", "") && put_result(store, plan, error) &&
               cr_store_run(store, error, "ROLLBACK TO trial", "") &&
               cr_store_run(store, error, "RELEASE trial", "");
}

/* The plan's text, which can be read back: otherwise no recovery could carry it out. */
static char *readable_text(const CrPlan *plan, GError **error)
{
        g_autofree char *text = cr_plan_to_json(plan);
        g_autoptr(CrPlan) back = cr_plan_from_json(text, error);

        return back ? g_steal_pointer(&text) : NULL;
}

static gboolean refuse_second(const CrPlan *plan, GError **error)
{
        g_set_error(error, CR_ERROR, CR_ERROR_IN_USE,
                "an operation on collection '%s' has not been carried out to its end yet",
                plan->after ? plan->after->name : plan->collection.text);
        return FALSE;
}

gboolean cr_store_put_intent(CrStore *store, const CrPlan *plan, GError **error)
{
        g_autofree char *text = readable_text(plan, error), *present = NULL;
        g_autoptr(CrTransaction) transaction = text ? cr_store_write(store, error) : NULL;
        g_autoptr(GError) problem = NULL;

        if (!transaction)
                return FALSE;
        present = load_plan_text(store, &plan->collection, &problem);
        if (present)
                return refuse_second(plan, error);
        if (problem) {
                g_propagate_error(error, g_steal_pointer(&problem));
                return FALSE;
        }
        return try_result(store, plan, error) &&
               cr_store_run(store, error, "INSERT INTO intents (collection, plan) VALUES (?, ?)", "tt",
                       plan->collection.text, text) &&
               forget_staged(store, &plan->collection, error) &&
               CR_STORE_COMMIT(transaction, "store.intent", error);
}

CrPlan *cr_store_intent(CrStore *store, const CrId *collection, GError **error)
{
        g_autofree char *text = load_plan_text(store, collection, error);
        CrPlan *plan = text ? cr_plan_from_json(text, error) : NULL;

        if (text && !plan)
                g_prefix_error(error, "%s: intent of collection %s: ", store->path, collection->text);
        return plan;
}

GArray *cr_store_unfinished(CrStore *store, GError **error)
{
        return cr_store_ids(store,
                cr_store_query(store, error,
                        "SELECT collection FROM intents UNION SELECT collection FROM staged"
                        " UNION SELECT id FROM collections WHERE receive_transfer IS NOT NULL"
                        " OR state = 'resynchronizing'",
                        ""),
                error);
}

gboolean cr_store_finish_intent(CrStore *store, const CrPlan *plan, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);

        if (!transaction || !put_result(store, plan, error) ||
                !cr_store_run(
                        store, error, "DELETE FROM intents WHERE collection = ?", "t", plan->collection.text))
                return FALSE;
        if (sqlite3_changes(store->database) != 1) {
                g_set_error(error, CR_ERROR, CR_ERROR_FAILED, "%s has no intent of collection %s to finish",
                        store->path, plan->collection.text);
                return FALSE;
        }
        return CR_STORE_COMMIT(transaction, "store.finish", error);
}

/* ---- what a peer tells ---- */

static gboolean contradicts(GError **error, const char *name, const char *what)
{
        g_set_error(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN,
                "the peer of collection '%s' %s: it may have been restored from an old copy or cloned;"
                " compare both sites before going on",
                name, what);
        return FALSE;
}

static gboolean check_peer(
        CrStore *store, const char *name, const CrPeerRecord *known, const CrPeerRecord *seen, GError **error)
{
        if (cr_id_is_none(&seen->host))
                return contradicts(error, name, "does not name its host");
        if (cr_id_equal(&seen->host, &store->host))
                return contradicts(error, name, "has this site's own host id");
        if (!cr_id_is_none(&known->host) && !cr_id_equal(&seen->host, &known->host))
                return contradicts(error, name, "is another host than the one on record");
        if (seen->generation.number > 0 && seen->generation.number < known->generation.number)
                return contradicts(error, name, "shows a lower generation than it did before");
        if (seen->generation.number == known->generation.number && !cr_id_is_none(&known->generation.id) &&
                !cr_id_equal(&seen->generation.id, &known->generation.id))
                return contradicts(
                        error, name, "shows another generation of the same number than it did before");
        if (seen->sequence < known->sequence)
                return contradicts(error, name, "shows a lower sequence of its store than it did before");
        return TRUE;
}

/* A replica claims no generation (0): it shows its primary's, and an undo shows the former one again. */
static CrPeerRecord merge_claim(const CrPeerRecord *known, const CrPeerRecord *seen)
{
        CrPeerRecord merged = *seen;

        if (seen->generation.number == 0)
                merged.generation = known->generation;
        return merged;
}

static gboolean save_peer(CrStore *store, const CrId *collection, const CrPeerRecord *seen, GError **error)
{
        const char *generation = cr_id_is_none(&seen->generation.id) ? NULL : seen->generation.id.text;

        return cr_store_run(store, error,
                       "UPDATE collections SET peer_host = ?, peer_generation_number = ?, "
                       " peer_generation_id = ?, peer_sequence = ? WHERE id = ?",
                       "tntnt", seen->host.text, (gint64)seen->generation.number, generation,
                       (gint64)seen->sequence, collection->text) &&
               cr_store_raise_sequence(store, error);
}

gboolean cr_store_note_peer(CrStore *store, const CrId *collection, const CrPeerRecord *seen, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);
        g_autoptr(CrCollection) stored = transaction ? cr_store_load_row(store, collection, error) : NULL;

        if (!stored || !check_peer(store, stored->name, &stored->peer, seen, error))
                return FALSE;
        CrPeerRecord merged = merge_claim(&stored->peer, seen);
        if (cr_id_equal(&stored->peer.host, &merged.host) && stored->peer.sequence == merged.sequence &&
                cr_generation_equal(&stored->peer.generation, &merged.generation))
                return TRUE;
        return save_peer(store, collection, &merged, error) &&
               CR_STORE_COMMIT(transaction, "store.peer", error);
}

static gboolean check_preparation(const CrCollection *stored, const CrGeneration *generation, GError **error)
{
        if (stored->role != CR_ROLE_PRIMARY ||
                (stored->state != CR_STATE_FAILED_OVER && stored->state != CR_STATE_COMMITTED)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "collection '%s' has role %s and state %s; only a side that took over has its peer "
                        "prepared",
                        stored->name, cr_role_word(stored->role), cr_state_word(stored->state));
                return FALSE;
        }
        if (!cr_generation_equal(&stored->generation, generation)) {
                g_set_error(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN,
                        "collection '%s' is at generation %" G_GUINT64_FORMAT
                        " (%s), not at the one that the peer saw",
                        stored->name, stored->generation.number, stored->generation.id.text);
                return FALSE;
        }
        return TRUE;
}

gboolean cr_store_register_preparation(CrStore *store, const CrId *collection, const CrGeneration *generation,
        const CrId *preparation, GError **error)
{
        g_autoptr(CrTransaction) transaction = cr_store_write(store, error);
        g_autoptr(CrCollection) stored = transaction ? cr_store_load_row(store, collection, error) : NULL;

        if (!stored || !check_preparation(stored, generation, error))
                return FALSE;
        if (cr_id_is_none(preparation)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "the peer of collection '%s' gives no preparation id", stored->name);
                return FALSE;
        }
        if (cr_id_equal(&stored->peer.preparation, preparation))
                return TRUE;
        return cr_store_run(store, error, "UPDATE collections SET peer_preparation = ? WHERE id = ?", "tt",
                       preparation->text, collection->text) &&
               cr_store_raise_sequence(store, error) &&
               CR_STORE_COMMIT(transaction, "store.preparation", error);
}
