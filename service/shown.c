/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/shown.h"

#include "service/names.h"

/* The class's ReplicationHealth. */
enum {
        HEALTH_NOT_APPLICABLE = 0,
        HEALTH_OK = 1,
        HEALTH_WARNING = 2,
        HEALTH_CRITICAL = 3,
};

static GVariant *disks_of(const CrCollection *c)
{
        GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(sst)"));

        for (guint i = 0; i < c->disks->len; i++) {
                const CrDisk *disk = c->disks->pdata[i];

                g_variant_builder_add(&builder, "(sst)", disk->name, disk->head_path ? disk->head_path : "",
                        disk->virtual_size);
        }
        return g_variant_builder_end(&builder);
}

static CrState state_of(const CrCollection *c, const CrShownNow *now)
{
        return now->waiting_for ? CR_STATE_CRITICAL : c->state;
}

/* The other site failed over while this one was, or still is, primary. */
static gboolean is_overtaken(const CrCollection *c)
{
        return c->role == CR_ROLE_PRIMARY && c->peer.generation.number > c->generation.number;
}

static guint health_of(const CrCollection *c, const CrShownNow *now)
{
        if (state_of(c, now) == CR_STATE_CRITICAL || is_overtaken(c))
                return HEALTH_CRITICAL;
        if (c->last_error_value != 0)
                return HEALTH_WARNING;
        return c->has_relationship ? HEALTH_OK : HEALTH_NOT_APPLICABLE;
}

static void add_issue(GVariantBuilder *builder, const char *id, const char *words)
{
        g_variant_builder_add(builder, "(ss)", id, words);
}

static GVariant *issues_of(const CrCollection *c, const CrShownNow *now)
{
        GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(ss)"));
        g_autofree char *overtaken =
                g_strdup_printf("the other site has taken over with generation %" G_GUINT64_FORMAT
                                "; shut the machines down here and prepare for reverse replication",
                        c->peer.generation.number);

        if (now->waiting_for)
                add_issue(&builder, "recovery", now->waiting_for);
        else if (c->state == CR_STATE_CRITICAL && !is_overtaken(c))
                add_issue(&builder, "critical", "replication has stopped; see the last error");
        if (is_overtaken(c))
                add_issue(&builder, "peer-took-over", overtaken);
        if (c->last_error_value != 0)
                add_issue(&builder, "last-error", c->last_error);
        return g_variant_builder_end(&builder);
}

/* An operation under way, or its recovery, could be anything: only what the store has is told, but for state
 * and health. */
GVariant *cr_shown_collection(const CrCollection *c, const CrShownNow *now)
{
        CrState state = state_of(c, now);
        GVariant *values[] = {
                g_variant_new_string(c->name),
                g_variant_new_string(c->id.text),
                g_variant_new_string(c->engine),
                disks_of(c),
                g_variant_new_strv(NULL, 0), /* no engine of this version knows machines */
                g_variant_new_uint16(c->role),
                g_variant_new_uint16(state),
                g_variant_new_uint16(health_of(c, now)),
                g_variant_new_uint16(c->failed_over_type),
                g_variant_new_uint16(c->last_consistency),
                g_variant_new_string(cr_state_word(state)),
                g_variant_new_string(cr_role_word(c->role)),
                issues_of(c, now),
                g_variant_new("(us)", c->last_error_value, c->last_error),
                g_variant_new_uint64(0), /* nothing estimates it between cycles */
                g_variant_new_uint64(0), /* no cycle is due by itself */
                g_variant_new_uint64(0), /* nor is a start stored */
                g_variant_new_string(c->has_relationship ? c->settings->recovery_connection_point : ""),
                cr_settings_to_variant(c->settings),
                g_variant_new_uint64(c->generation.number),
                g_variant_new_uint64((guint64)c->last_replication),
                g_variant_new_uint64((guint64)c->last_apply),
                g_variant_new_object_path(now->current_job ? now->current_job : CR_NULL_PATH),
        };

        return g_variant_new_tuple(values, G_N_ELEMENTS(values));
}

GVariant *cr_shown_point(const CrPoint *point, const char *collection_path)
{
        return g_variant_new("(sostqst)", point->id.text, collection_path, point->parent.text,
                (guint64)point->created, (guint16)point->consistency, point->origin.text, point->size);
}

static GVariant *divergent_disks_of(const CrCollection *c, const CrDivergence *divergence)
{
        GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(sst)"));

        for (guint i = 0; i < divergence->disks->len; i++) {
                const CrDivergentDisk *divergent = divergence->disks->pdata[i];
                const CrDisk *disk = cr_collection_disk(c, &divergent->disk);
                const CrLayer *layer = cr_collection_layer(c, &divergent->layer);

                g_variant_builder_add(&builder, "(sst)", disk ? disk->name : divergent->disk.text,
                        layer ? layer->path : "", divergent->bytes);
        }
        return g_variant_builder_end(&builder);
}

GVariant *cr_shown_divergence(
        const CrCollection *c, const CrDivergence *divergence, const char *collection_path)
{
        return g_variant_new("(sostt@a(sst))", divergence->id.text, collection_path,
                divergence->common_point.text, (guint64)divergence->created, (guint64)divergence->expires,
                divergent_disks_of(c, divergence));
}
