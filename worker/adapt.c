/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/failpoint.h"
#include "worker/adapt.h"

static gboolean is_among(GPtrArray *disks, const CrId *id)
{
        for (guint i = 0; i < disks->len; i++)
                if (cr_id_equal(&((CrDisk *)g_ptr_array_index(disks, i))->id, id))
                        return TRUE;
        return FALSE;
}

/* a(sst) of the disks that the peer does not have. */
static GVariant *missing_disks(const CrPeerSite *site, GPtrArray *disks)
{
        GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("a(sst)"));

        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);

                if (!is_among(site->disks, &disk->id))
                        g_variant_builder_add(
                                &builder, "(sst)", disk->id.text, disk->name, disk->virtual_size);
        }
        return g_variant_ref_sink(g_variant_builder_end(&builder));
}

/* as of the ids of disks that only the peer has. */
static GVariant *former_disks(const CrPeerSite *site, GPtrArray *disks)
{
        GVariantBuilder builder = G_VARIANT_BUILDER_INIT(G_VARIANT_TYPE("as"));

        for (guint i = 0; i < site->disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(site->disks, i);

                if (!is_among(disks, &disk->id))
                        g_variant_builder_add(&builder, "s", disk->id.text);
        }
        return g_variant_ref_sink(g_variant_builder_end(&builder));
}

/* A side that took over has a replica's settings until its first point is sealed. */
static GVariant *other_settings(const CrCollection *collection, const CrPeerSite *site)
{
        if (collection->state == CR_STATE_FAILED_OVER || collection->state == CR_STATE_COMMITTED)
                return g_variant_ref_sink(g_variant_new("a{sv}", NULL));
        return g_variant_ref_sink(cr_settings_difference(collection->settings, site->settings));
}

gboolean cr_adapt_peer(CrPeer *peer, const CrCollection *collection, const CrPeerSite *site, GPtrArray *disks,
        GError **error)
{
        g_autoptr(GVariant) missing = missing_disks(site, disks), former = former_disks(site, disks);
        g_autoptr(GVariant) settings = other_settings(collection, site);

        if (g_variant_n_children(missing) + g_variant_n_children(former) + g_variant_n_children(settings) ==
                0)
                return TRUE;
        CR_FAILPOINT("adapt.calling");
        if (!cr_peer_adapt(peer, &collection->peer.preparation, missing, former, settings, error))
                return FALSE;
        CR_FAILPOINT("adapt.called");
        return TRUE;
}
