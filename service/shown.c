/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/shown.h"

#include "service/health.h"
#include "service/names.h"

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

/* Of the collection's own operations, or of a cycle that could not even begin. */
static GVariant *error_of(const CrCollection *c, const CrShownNow *now)
{
        if (c->last_error_value == 0 && now->statistics)
                return g_variant_new("(us)", now->statistics->failed_value, now->statistics->failed_message);
        return g_variant_new("(us)", c->last_error_value, c->last_error);
}

static GVariant *machines_of(const CrCollection *c)
{
        g_auto(GStrv) sockets = g_strsplit(c->machines ? c->machines : "", "\n", -1);

        return g_variant_new_strv((const char *const *)sockets, -1);
}

/* An operation under way, or its recovery, could be anything: only what the store has is told, but for state
 * and health. */
GVariant *cr_shown_collection(const CrCollection *c, const CrShownNow *now)
{
        const CrHealthCase health_case = {
                c, now->waiting_for, now->statistics, now->now, now->times.too_long};
        CrState state = cr_health_state(&health_case);
        GVariant *issues;
        CrHealth health = cr_health_examine(&health_case, &issues);
        GVariant *values[] = {
                g_variant_new_string(c->name),
                g_variant_new_string(c->id.text),
                g_variant_new_string(c->engine),
                disks_of(c),
                machines_of(c),
                g_variant_new_uint16(c->role),
                g_variant_new_uint16(state),
                g_variant_new_uint16(health),
                g_variant_new_uint16(c->failed_over_type),
                g_variant_new_uint16(c->last_consistency),
                g_variant_new_string(cr_state_word(state)),
                g_variant_new_string(cr_role_word(c->role)),
                issues,
                error_of(c, now),
                g_variant_new_uint64(now->statistics ? now->statistics->pending : 0),
                g_variant_new_uint64((guint64)now->times.next_cycle),
                g_variant_new_uint64((guint64)now->times.stored),
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
