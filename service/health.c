/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/health.h"

#include "core/lineage.h"

typedef struct Examination {
        const CrHealthCase *of;
        const CrCollection *collection;
        GVariantBuilder issues;
        CrHealth worst;
} Examination;

static void note(Examination *e, CrHealth level, const char *id, const char *words)
{
        e->worst = MAX(e->worst, level);
        g_variant_builder_add(&e->issues, "(ss)", id, words);
}

G_GNUC_PRINTF(4, 5)
static void notef(Examination *e, CrHealth level, const char *id, const char *format, ...)
{
        g_autofree char *words = NULL;
        va_list arguments;

        va_start(arguments, format);
        words = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        note(e, level, id, words);
}

gboolean cr_health_is_overtaken(const CrCollection *c)
{
        return c->role == CR_ROLE_PRIMARY && c->peer.generation.number > c->generation.number;
}

CrState cr_health_state(const CrHealthCase *health_case)
{
        return health_case->waiting_for ? CR_STATE_CRITICAL : health_case->collection->state;
}

/* ---- what state and record tell ---- */

static void examine_direction(Examination *e)
{
        const CrCollection *c = e->collection;

        if (e->of->waiting_for)
                note(e, CR_HEALTH_CRITICAL, "recovery", e->of->waiting_for);
        else if (c->state == CR_STATE_CRITICAL && !cr_health_is_overtaken(c))
                note(e, CR_HEALTH_CRITICAL, "critical", "replication has stopped; see the last error");
        if (cr_health_is_overtaken(c))
                notef(e, CR_HEALTH_CRITICAL, "peer-took-over",
                        "the other site has taken over with generation %" G_GUINT64_FORMAT
                        "; shut the machines down here and prepare for reverse replication",
                        c->peer.generation.number);
}

static void examine_state(Examination *e)
{
        const CrCollection *c = e->collection;

        /* A former primary gets its contents from the other side. */
        if (c->role == CR_ROLE_PRIMARY &&
                (c->needs_resynchronize || c->state == CR_STATE_WAITING_TO_RESYNCHRONIZE))
                note(e, CR_HEALTH_CRITICAL, "resynchronize",
                        "the two sites' disks differ, or share no recovery point: resynchronize them "
                        "(Resynchronize)");
        if (c->state == CR_STATE_DISK_UPDATE_CRITICAL)
                note(e, CR_HEALTH_CRITICAL, "disk-update-critical",
                        "the set of disks could not be changed over there: it is tried again with each "
                        "cycle; ReplicateNow tries at once, CancelUpdateDiskSet gives it up");
        if (c->state == CR_STATE_SUSPENDED || c->state == CR_STATE_RESYNCHRONIZATION_SUSPENDED)
                note(e, CR_HEALTH_WARNING, "suspended",
                        "nothing is replicated; resume the replication (ResumeReplication)");
        if (c->state == CR_STATE_FAILED_OVER)
                note(e, CR_HEALTH_OK, "failed-over",
                        "the failover is not committed: commit it (CommitFailover) or revert it "
                        "(RevertFailover)");
        if (c->state == CR_STATE_PREPARED_FOR_FAILOVER &&
                !cr_id_equal(&c->peer.confirmed_point, &c->base_point))
                note(e, CR_HEALTH_WARNING, "planned-failover-incomplete",
                        "the last point of the planned failover has not reached the other site: send it "
                        "again "
                        "(InitiatePlannedFailover), or revert it (RevertPlannedFailover)");
        else if (c->state == CR_STATE_PREPARED_FOR_FAILOVER)
                note(e, CR_HEALTH_OK, "prepared-for-failover",
                        "the machines are off here for a planned failover: fail over on the other site "
                        "(InitiateFailover), or revert this (RevertPlannedFailover)");
        if (c->state == CR_STATE_PREPARED_FOR_REVERSE_REPLICATION)
                note(e, CR_HEALTH_OK, "prepared",
                        "this site waits to be fed: reverse the replication on the other site "
                        "(ReverseReplicationRelationship), or undo the preparation here "
                        "(RevertPrepareForReverseReplication)");
}

/* ---- what was counted ---- */

static void examine_cycles(Examination *e)
{
        const CrStatistics *statistics = e->of->statistics;
        guint missed = statistics ? statistics->missed_in_row : 0;

        if (missed > 0)
                notef(e, missed >= CR_HEALTH_MISSED ? CR_HEALTH_CRITICAL : CR_HEALTH_WARNING, "missed-cycles",
                        "%u cycle(s) were due while something else held the collection or all slots were "
                        "taken; choose a longer ReplicationInterval, or end what holds it",
                        missed);
        if (e->collection->last_error_value != 0)
                note(e, CR_HEALTH_WARNING, "last-error", e->collection->last_error);
        else if (statistics && statistics->failed_value != 0)
                note(e, CR_HEALTH_WARNING, "last-error", statistics->failed_message);
        if (e->of->too_long > 0 && e->of->now >= e->of->too_long &&
                e->collection->state == CR_STATE_REPLICATING)
                notef(e, CR_HEALTH_WARNING, "nothing-replicated",
                        "nothing was replicated for more than three intervals of %u s; see the last error, "
                        "and whether the other site can be reached",
                        e->collection->settings->replication_interval);
}

/* ---- what the layers tell ---- */

/* The top of the longest chain; NULL when none is too long. */
static const CrLayer *find_longest(const CrCollection *c)
{
        g_autoptr(GHashTable) depths = g_hash_table_new(cr_id_hash, cr_id_hash_equal);
        const CrLayer *top = NULL;
        guint most = CR_HEALTH_LAYERS;

        /* A parent comes before its children. */
        for (guint i = 0; i < c->layers->len; i++) {
                const CrLayer *layer = g_ptr_array_index(c->layers, i);
                guint depth = 1 + GPOINTER_TO_UINT(g_hash_table_lookup(depths, &layer->parent));

                g_hash_table_insert(depths, (gpointer)&layer->id, GUINT_TO_POINTER(depth));
                if (depth > most) {
                        most = depth;
                        top = layer;
                }
        }
        return top;
}

/* Why its layers can't be merged, each reason once. */
static char *pins_of(const CrCollection *c, GPtrArray *chain)
{
        g_autoptr(GPtrArray) reasons = g_ptr_array_new();

        for (guint i = 0; i < chain->len; i++) {
                const char *reason;

                if (cr_lineage_is_pinned(c, g_ptr_array_index(chain, i), &reason) &&
                        !g_ptr_array_find_with_equal_func(reasons, reason, g_str_equal, NULL))
                        g_ptr_array_add(reasons, (gpointer)reason);
        }
        g_ptr_array_add(reasons, NULL);
        return g_strjoinv(", ", (char **)reasons->pdata);
}

static void examine_chain(Examination *e)
{
        const CrLayer *top = find_longest(e->collection);
        g_autoptr(GPtrArray) chain = top ? cr_lineage_chain(e->collection, &top->id, NULL) : NULL;
        g_autofree char *pins = chain ? pins_of(e->collection, chain) : NULL;
        const CrDisk *disk = top ? cr_collection_disk(e->collection, &top->disk) : NULL;

        if (chain)
                notef(e, CR_HEALTH_CRITICAL, "long-chain",
                        "disk '%s' lies in %u layers, which makes reading slow; a layer stays because: %s",
                        disk ? disk->name : top->disk.text, chain->len, *pins ? pins : "nothing merges it");
}

/* One more than retention wants is usual: it is merged at the end of each cycle. */
static void examine_history(Examination *e)
{
        const CrCollection *c = e->collection;
        g_autoptr(GPtrArray) expired = cr_health_needs_layers(c, 0) ? cr_lineage_expired(c) : NULL;

        if (expired && expired->len > 1)
                notef(e, CR_HEALTH_WARNING, "history-exceeded",
                        "%u recovery points more than RecoveryHistory asks for are kept, since their layers "
                        "are open in a running machine or elsewhere: they are merged by a cycle while it is "
                        "off",
                        expired->len);
}

gboolean cr_health_needs_layers(const CrCollection *shown, guint most_layers)
{
        guint held = 0;

        for (guint i = 0; i < shown->points->len; i++)
                held += ((const CrPoint *)g_ptr_array_index(shown->points, i))->held ? 1 : 0;
        return most_layers > CR_HEALTH_LAYERS || held > shown->settings->recovery_history + 2u;
}

CrHealth cr_health_examine(const CrHealthCase *health_case, GVariant **ret_issues)
{
        Examination e = {.of = health_case, .collection = health_case->collection};

        e.worst = e.collection->has_relationship ? CR_HEALTH_OK : CR_HEALTH_NOT_APPLICABLE;
        g_variant_builder_init(&e.issues, G_VARIANT_TYPE("a(ss)"));
        examine_direction(&e);
        examine_state(&e);
        examine_cycles(&e);
        examine_chain(&e);
        examine_history(&e);
        *ret_issues = g_variant_builder_end(&e.issues);
        /* Without a relationship there is nothing to be well; but an error is one. */
        return e.worst == CR_HEALTH_OK && !e.collection->has_relationship ? CR_HEALTH_NOT_APPLICABLE
                                                                          : e.worst;
}
