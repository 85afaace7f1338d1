/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Verify: compares the contents of the newest point that both sites hold. Nothing is sent. */
#include "core/failpoint.h"
#include "worker/compare.h"
#include "worker/cycle.h"
#include "worker/operations.h"
#include "worker/source.h"

typedef struct Verify {
        CrCycle cycle;
        CrId point;
        GVariantBuilder differences; /* a(st): disk name, first byte that differs */
        gboolean differs;
        guint64 total, compared; /* bytes */
} Verify;

static gboolean show_progress(guint64 done, void *userdata)
{
        const Verify *verify = userdata;

        cr_worker_progress(verify->compared + done, verify->total);
        return TRUE;
}

static gboolean compare(Verify *verify, const CrDisk *disk, CrNbd *view, GError **error)
{
        CrCompareSpec spec = {.peer = verify->cycle.peer,
                .view = view,
                .disk = disk->id,
                .point = verify->point,
                .progress = show_progress,
                .userdata = verify};
        g_autoptr(CrComparison) comparison = cr_compare(&spec, error);
        gboolean equal;
        guint64 offset;

        if (!comparison || !cr_compare_locate(&spec, comparison, &equal, &offset, error))
                return FALSE;
        verify->compared += cr_nbd_size(view);
        if (equal)
                return TRUE;
        verify->differs = TRUE;
        g_variant_builder_add(&verify->differences, "(st)", disk->name, offset);
        return TRUE;
}

static gboolean verify_disk(Verify *verify, const CrDisk *disk, const CrLayer *layer, GError **error)
{
        CrCycle *cycle = &verify->cycle;
        g_autofree char *phase = g_strdup_printf("comparing disk '%s' with the other site", disk->name);
        g_autoptr(CrSource) source =
                cr_source_open(cycle->worker, cycle->engine, cycle->collection, layer, NULL, error);

        cr_worker_phase(phase);
        if (source && cr_source_connect(source, error) && compare(verify, disk, source->view, error))
                return TRUE;
        g_prefix_error(error, "disk '%s' of collection '%s': ", disk->name, cycle->collection->name);
        return FALSE;
}

/* A disk that the point lacks, here or over there, has nothing to compare. */
static const CrLayer *layer_of(const Verify *verify, const CrDisk *disk)
{
        if (!cr_peer_site_has(verify->cycle.site, &verify->point, &disk->id))
                return NULL;
        return cr_collection_layer_at(verify->cycle.collection, &disk->id, &verify->point);
}

static gboolean verify_disks(Verify *verify, GError **error)
{
        GPtrArray *disks = verify->cycle.collection->disks;

        for (guint i = 0; i < disks->len; i++) {
                const CrLayer *layer = layer_of(verify, g_ptr_array_index(disks, i));

                verify->total += layer ? layer->virtual_size : 0;
        }
        for (guint i = 0; i < disks->len; i++) {
                const CrDisk *disk = g_ptr_array_index(disks, i);
                const CrLayer *layer = layer_of(verify, disk);

                if (layer && !verify_disk(verify, disk, layer, error))
                        return FALSE;
                CR_FAILPOINT("verify.disk-compared");
        }
        return TRUE;
}

/* Cycles go on, since what they send is right whatever lies below; the health tells what to do. */
static gboolean note_difference(Verify *verify, GError **error)
{
        if (!verify->differs)
                return TRUE;
        verify->cycle.collection->needs_resynchronize = TRUE;
        CR_FAILPOINT("verify.noting");
        return cr_cycle_save(&verify->cycle, error);
}

static gboolean run(Verify *verify, GError **error)
{
        g_variant_builder_init(&verify->differences, G_VARIANT_TYPE("a(st)"));
        if (!verify_disks(verify, error) || !note_difference(verify, error)) {
                g_variant_builder_clear(&verify->differences);
                return FALSE;
        }
        cr_worker_result(
                g_variant_new_parsed("{'BytesSent': <@t 0>, 'Compared': <%t>, 'Point': <%s>, 'Differences': "
                                     "<%@a(st)>}",
                        verify->compared, verify->point.text, g_variant_builder_end(&verify->differences)));
        return TRUE;
}

gboolean cr_operation_verify(CrWorker *worker, GError **error)
{
        Verify verify = {0};
        gboolean ok = cr_worker_refuse_options(worker, error) &&
                      cr_cycle_open(&verify.cycle, worker, error) &&
                      cr_send_check_shared(verify.cycle.collection, verify.cycle.site, error);

        if (ok) {
                verify.point = cr_lineage_shared_point(verify.cycle.collection, verify.cycle.site->points);
                ok = cr_worker_ready(worker, NULL, error) && run(&verify, error);
        }
        cr_cycle_close(&verify.cycle);
        return ok;
}
