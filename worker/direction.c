/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/disk_set.h"
#include "core/lineage.h"
#include "worker/direction.h"

static gboolean check_taken_over(const CrCollection *collection, const CrPeerSite *site, GError **error)
{
        if (!site->has_relationship) {
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "the peer of collection '%s' removed its half of the relationship: remove it here "
                        "too, then create a new one",
                        collection->name);
                return FALSE;
        }
        if (site->role == CR_ROLE_PRIMARY &&
                (site->state == CR_STATE_FAILED_OVER || site->state == CR_STATE_COMMITTED))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                "the peer of collection '%s' is %s (%s): it has not failed over. Call InitiateFailover over "
                "there first",
                collection->name, cr_role_word(site->role), cr_state_word(site->state));
        return FALSE;
}

static gboolean check_generation(const CrCollection *collection, const CrPeerSite *site, GError **error)
{
        if (site->generation.number > collection->generation.number)
                return TRUE;
        gboolean is_tie = site->generation.number == collection->generation.number;
        g_set_error(error, CR_ERROR, is_tie ? CR_ERROR_STATUS_UNKNOWN : CR_ERROR_INVALID_STATE,
                "%s of collection '%s' (here generation %" G_GUINT64_FORMAT ", the peer %" G_GUINT64_FORMAT
                "): call InitiateFailover with '/' on the side that shall win",
                is_tie ? "neither site is the newer primary" : "this side is the newer primary",
                collection->name, collection->generation.number, site->generation.number);
        return FALSE;
}

static gboolean check_lineage(
        const CrCollection *collection, const CrPeerSite *site, CrId *ret_common, GError **error)
{
        *ret_common = cr_lineage_common_point(collection, site->points);
        if (!cr_id_is_none(ret_common))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN,
                "the two sites of collection '%s' share no point: nothing proves that the peer has this "
                "side's data. Decide whose disks shall stay, remove the relationship on both sites, destroy "
                "the collection where it loses, and replicate to there anew, with the images there as the "
                "seed (StartReplication, type 3)",
                collection->name);
        return FALSE;
}

static gboolean check_disks(const CrCollection *collection, const CrId *common, GError **error)
{
        g_autoptr(GPtrArray) disks = cr_disk_set_cut(collection);

        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);

                if (cr_collection_layer_at(collection, &disk->id, common))
                        continue;
                g_set_error(error, CR_ERROR, CR_ERROR_INVALID_STATE,
                        "disk '%s' of collection '%s' is not in the common point %s: take it out of the set "
                        "of disks first (UpdateDiskSet)",
                        disk->name, collection->name, common->text);
                return FALSE;
        }
        return TRUE;
}

gboolean cr_direction_prove(
        const CrCollection *collection, const CrPeerSite *site, CrId *ret_common, GError **error)
{
        return check_taken_over(collection, site, error) && check_generation(collection, site, error) &&
               check_lineage(collection, site, ret_common, error) &&
               check_disks(collection, ret_common, error);
}
