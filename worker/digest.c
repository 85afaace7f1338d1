/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Digests of the blocks of a disk at a point here, for a primary that compares. Reads only. */
#include "transfer/block_digests.h"
#include "worker/operations.h"
#include "worker/source.h"

/* An answer stays small and comes in time; the caller asks for the rest. A worker's RESULT is one datagram,
 * which holds 200 KiB everywhere: as text a run takes 50 bytes, a digest 22. */
#define RUNS_MAX 1000u
#define DIGESTS_MAX 4096u
#define TIME_US (4 * G_USEC_PER_SEC)

typedef struct Question {
        CrId point; /* none: the layers that are part of no point */
        CrId disk;
        guint64 offset, end;
        guint32 block_size;
} Question;

/* What is told so far: the runs that ended, and the one that may still grow. */
typedef struct Answer {
        GVariantBuilder runs; /* a(ts): offset, digests as base64 */
        guint n_runs, n_digests;
        guint64 offset;      /* of the run */
        GByteArray *digests; /* its; empty: there is none */
        guint64 next;
} Answer;

static gboolean check_range(const Question *question, GError **error)
{
        guint32 size = question->block_size;

        if (size > 0 && size <= CR_BLOCK_DIGEST_MAX && (size & (size - 1)) == 0 &&
                question->offset % size == 0 && question->end % size == 0 && question->offset < question->end)
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                "digests of blocks of %u bytes from byte %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                " can't be had: a block is a power of two up to %u, the rest multiples of it",
                size, question->offset, question->end, CR_BLOCK_DIGEST_MAX);
        return FALSE;
}

static gboolean read_question(CrWorker *worker, Question *question, GError **error)
{
        g_autoptr(GVariant) what = cr_worker_get(worker, "What", "a{sv}", error);
        const char *point = NULL, *disk = NULL;
        guint64 length = 0;

        if (!what)
                return FALSE;
        *question = (Question){.point = CR_ID_NONE};
        if (!g_variant_lookup(what, "Point", "&s", &point) || !g_variant_lookup(what, "Disk", "&s", &disk) ||
                !g_variant_lookup(what, "Offset", "t", &question->offset) ||
                !g_variant_lookup(what, "Length", "t", &length) ||
                !g_variant_lookup(what, "BlockSize", "u", &question->block_size) ||
                (*point != '\0' && !cr_id_parse(point, &question->point)) ||
                !cr_id_parse(disk, &question->disk)) {
                g_set_error_literal(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                        "what to tell digests of is not complete: Point, Disk, Offset, Length, BlockSize");
                return FALSE;
        }
        if (!g_uint64_checked_add(&question->end, question->offset, length))
                question->end = 0;
        return check_range(question, error);
}

/* Only the site that this one replicates for compares with it. */
static gboolean check_caller(CrWorker *worker, const CrCollection *collection, GError **error)
{
        g_autoptr(GVariant) caller = cr_worker_get(worker, "Caller", "a{sv}", error);
        const char *host = "";

        if (!caller)
                return FALSE;
        if (collection->has_relationship && g_variant_lookup(caller, "HostId", "&s", &host) &&
                (cr_id_is_none(&collection->peer.host) || g_str_equal(host, collection->peer.host.text)))
                return TRUE;
        g_set_error(error, CR_ERROR, CR_ERROR_STATUS_UNKNOWN,
                "collection '%s' has no relationship with the host %s", collection->name, host);
        return FALSE;
}

static gboolean check_held(const CrCollection *collection, const Question *question, GError **error)
{
        const CrPoint *point = cr_collection_point(collection, &question->point);

        if (!cr_collection_disk(collection, &question->disk))
                g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND, "collection '%s' has no disk %s here",
                        collection->name, question->disk.text);
        else if (!cr_id_is_none(&question->point) && (!point || !point->held))
                g_set_error(error, CR_ERROR, CR_ERROR_FILE_NOT_FOUND, "collection '%s' holds no point %s",
                        collection->name, question->point.text);
        else
                return TRUE;
        return FALSE;
}

static void end_run(Answer *answer)
{
        g_autofree char *text = g_base64_encode(answer->digests->data, answer->digests->len);

        if (answer->digests->len == 0)
                return;
        g_variant_builder_add(&answer->runs, "(ts)", answer->offset, text);
        answer->n_runs++;
        g_byte_array_set_size(answer->digests, 0);
}

/* Zeroes are what no run names. */
static void add(Answer *answer, const CrBlockRun *run)
{
        if (run->zero) {
                end_run(answer);
        } else {
                if (answer->digests->len == 0)
                        answer->offset = run->offset;
                g_byte_array_append(answer->digests, run->digest, CR_BLOCK_DIGEST_SIZE);
                answer->n_digests++;
        }
        answer->next = run->offset + run->length;
}

static gboolean collect(CrNbd *view, const Question *question, Answer *answer, GError **error)
{
        g_autoptr(CrBlockDigests) digests =
                cr_block_digests_new(view, question->offset, question->end, question->block_size);
        g_autoptr(GError) failure = NULL;
        gint64 start = g_get_monotonic_time();

        for (CrBlockRun run; cr_block_digests_next(digests, &run, &failure);) {
                add(answer, &run);
                if (answer->n_runs >= RUNS_MAX || answer->n_digests >= DIGESTS_MAX ||
                        g_get_monotonic_time() - start > TIME_US)
                        break;
        }
        end_run(answer);
        if (failure)
                g_propagate_error(error, g_steal_pointer(&failure));
        return !failure;
}

static void tell(Answer *answer, guint64 size)
{
        GVariantDict dict;

        g_variant_dict_init(&dict, NULL);
        g_variant_dict_insert(&dict, "Size", "t", size);
        g_variant_dict_insert(&dict, "Next", "t", answer->next);
        g_variant_dict_insert_value(&dict, "Runs", g_variant_builder_end(&answer->runs));
        cr_worker_result(g_variant_dict_end(&dict));
}

/* Nothing is as zeroes are. */
static gboolean answer_question(CrWorker *worker, const CrEngine *engine, const CrCollection *collection,
        const Question *question, GError **error)
{
        const CrLayer *layer = cr_lineage_base_layer(collection, &question->disk, &question->point);
        g_autoptr(CrSource) source =
                layer ? cr_source_open(worker, engine, collection, layer, NULL, error) : NULL;
        Answer answer = {.digests = g_byte_array_new(), .next = question->end};
        gboolean ok = !layer;

        g_variant_builder_init(&answer.runs, G_VARIANT_TYPE("a(ts)"));
        if (source && cr_source_connect(source, error))
                ok = collect(source->view, question, &answer, error);
        if (ok)
                tell(&answer, layer ? layer->virtual_size : 0);
        else
                g_variant_builder_clear(&answer.runs);
        g_byte_array_unref(answer.digests);
        return ok;
}

gboolean cr_operation_digest(CrWorker *worker, GError **error)
{
        g_autoptr(CrCollection) collection = cr_worker_load(worker, error);
        const CrEngine *engine = collection ? cr_worker_engine(collection, error) : NULL;
        Question question;

        return engine && read_question(worker, &question, error) && check_caller(worker, collection, error) &&
               check_held(collection, &question, error) && cr_worker_ready(worker, NULL, error) &&
               answer_question(worker, engine, collection, &question, error);
}
