/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The other half of a relationship, made and unmade by the peer. */
#include "core/failpoint.h"
#include "worker/operations.h"
#include "worker/replica.h"

/* The caller: id and generation of the collection, and the host it speaks for. */
static gboolean adopt_caller(CrWorker *worker, CrCollection *collection, GError **error)
{
        g_autoptr(GVariant) caller = cr_worker_get(worker, "Caller", "a{sv}", error);
        const char *id = "", *host = "", *generation_id = "";

        if (!caller)
                return FALSE;
        CrPeerRecord *peer = &collection->peer;
        g_variant_lookup(caller, "Collection", "&s", &id);
        g_variant_lookup(caller, "HostId", "&s", &host);
        g_variant_lookup(caller, "GenerationId", "&s", &generation_id);
        if (cr_id_parse(id, &collection->id) && cr_id_parse(host, &peer->host) &&
                cr_id_parse(generation_id, &peer->generation.id) &&
                g_variant_lookup(caller, "Generation", "t", &peer->generation.number) &&
                g_variant_lookup(caller, "Sequence", "t", &peer->sequence)) {
                collection->generation = peer->generation;
                return TRUE;
        }
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "the caller's dictionary is not complete");
        return FALSE;
}

static gboolean same_disks(const CrCollection *a, const CrCollection *b)
{
        gboolean same = a->disks->len == b->disks->len;

        for (guint i = 0; same && i < a->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(a->disks, i);
                const CrDisk *other = cr_collection_disk(b, &disk->id);

                same = other && g_str_equal(disk->name, other->name);
        }
        return same;
}

/* A replica that is here already: left by a relationship that was removed, or made by a call whose answer was
 * lost. */
static gboolean renew(CrWorker *worker, const CrCollection *fresh, CrCollection *existing, GError **error)
{
        if (!cr_state_check(existing->name, existing->role, existing->state, CR_OP_ESTABLISH, error))
                return FALSE;
        if (!g_str_equal(existing->name, fresh->name) || !same_disks(fresh, existing)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "the replica '%s' that is here has another name or other disks: destroy it first",
                        existing->name);
                return FALSE;
        }
        if (fresh->generation.number < existing->generation.number) {
                g_set_error(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN,
                        "the replica '%s' that is here knows a higher generation (%" G_GUINT64_FORMAT
                        ") than its new primary (%" G_GUINT64_FORMAT
                        "): destroy it, or take the other side as the primary",
                        existing->name, existing->generation.number, fresh->generation.number);
                return FALSE;
        }
        existing->role = CR_ROLE_REPLICA;
        existing->state = cr_id_is_none(&existing->base_point) ? CR_STATE_READY : CR_STATE_REPLICATING;
        existing->has_relationship = TRUE;
        existing->initial_type = 0;
        existing->generation = fresh->generation;
        existing->peer = fresh->peer;
        g_clear_pointer(&existing->settings, cr_settings_free);
        existing->settings = cr_settings_copy(fresh->settings);
        return cr_worker_ready(worker, NULL, error) && cr_store_save(worker->store, existing, error);
}

static gboolean create(CrWorker *worker, CrCollection *fresh, GError **error)
{
        g_autoptr(GError) failure = NULL;
        CrId other;

        if (cr_store_find_name(worker->store, fresh->name, &other, &failure)) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "a collection named '%s' exists at the recovery site already", fresh->name);
                return FALSE;
        }
        if (failure) {
                g_propagate_error(error, g_steal_pointer(&failure));
                return FALSE;
        }
        fresh->role = CR_ROLE_REPLICA;
        fresh->state = CR_STATE_READY;
        fresh->has_relationship = TRUE;
        return cr_worker_ready(worker, NULL, error) && cr_replica_make_folder(worker, fresh, error) &&
               cr_store_save(worker->store, fresh, error);
}

static CrCollection *read_replica(CrWorker *worker, GError **error)
{
        g_autoptr(GVariant) name = cr_worker_get(worker, "Name", "s", error);
        g_autoptr(GVariant) engine = name ? cr_worker_get(worker, "Engine", "s", error) : NULL;
        g_autoptr(GVariant) disks = engine ? cr_worker_get(worker, "Disks", "a(sst)", error) : NULL;
        g_autoptr(GVariant) settings = disks ? cr_worker_get(worker, "Settings", "a{sv}", error) : NULL;

        if (!settings || !cr_name_check("collection", g_variant_get_string(name, NULL), error) ||
                !cr_engine_find(g_variant_get_string(engine, NULL), error))
                return NULL;
        g_autoptr(CrCollection) fresh = cr_collection_new(g_variant_get_string(name, NULL));
        g_free(fresh->engine);
        fresh->engine = g_variant_dup_string(engine, NULL);
        if (!cr_settings_apply(fresh->settings, settings, error) ||
                !cr_replica_add_disks(worker, fresh, disks, error) || !adopt_caller(worker, fresh, error))
                return NULL;
        return g_steal_pointer(&fresh);
}

gboolean cr_operation_establish(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) fresh = read_replica(worker, error);
        g_autoptr(GError) failure = NULL;
        gboolean ok;

        if (!fresh)
                return FALSE;
        if (!cr_worker_lock(worker, &fresh->id, error))
                return FALSE;
        g_autoptr(CrCollection) existing = cr_store_load(worker->store, &fresh->id, CR_LOAD_ALL, &failure);
        if (existing)
                ok = renew(worker, fresh, existing, error);
        else if (g_error_matches(failure, CR_ERROR, CR_ERROR_FILE_NOT_FOUND))
                ok = create(worker, fresh, error);
        else {
                g_propagate_error(error, g_steal_pointer(&failure));
                return FALSE;
        }
        CR_FAILPOINT("establish.saved");
        return ok;
}

gboolean cr_operation_dissolve(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);

        if (!collection || !cr_worker_ready(worker, NULL, error))
                return FALSE;
        collection->has_relationship = FALSE;
        collection->state = CR_STATE_DISABLED;
        collection->peer = (CrPeerRecord){0};
        return cr_store_save(worker->store, collection, error);
}
