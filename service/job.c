/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/job.h"

#include <string.h>

#include "service/border.h"

/* The contract's words, and CIM's numbers. */
static const struct {
        const char *word;
        guint16 number;
} states[] = {
        [CR_JOB_QUEUED] = {"queued", 2},
        [CR_JOB_RUNNING] = {"running", 4},
        [CR_JOB_COMPLETED] = {"completed", 7},
        [CR_JOB_CANCELLED] = {"cancelled", 8},
        [CR_JOB_FAILED] = {"failed", 10},
};

static GVariant *empty_dictionary(void)
{
        return g_variant_ref_sink(g_variant_new("a{sv}", NULL));
}

void cr_job_data_init(CrJobData *job, guint64 id, const char *operation, const CrId *collection,
        const char *collection_path, guint32 owner, gint64 now)
{
        *job = (CrJobData){
                .id = id,
                .operation = g_strdup(operation),
                .collection = *collection,
                .collection_path = g_strdup(collection_path),
                .owner = owner,
                .state = CR_JOB_RUNNING,
                .started = now,
                .phase = g_strdup(""),
                .value = CR_VALUE_JOB_STARTED,
                .error_name = g_strdup(""),
                .error_message = g_strdup(""),
                .result = empty_dictionary(),
        };
}

void cr_job_data_clear(CrJobData *job)
{
        g_free(job->operation);
        g_free(job->collection_path);
        g_free(job->phase);
        g_free(job->error_name);
        g_free(job->error_message);
        g_clear_pointer(&job->result, g_variant_unref);
        *job = (CrJobData){0};
}

gboolean cr_job_data_has_ended(const CrJobData *job)
{
        return job->state != CR_JOB_QUEUED && job->state != CR_JOB_RUNNING;
}

static void set_error(CrJobData *job, const GError *error)
{
        CrError code = cr_error_code(error);

        job->state = code == CR_ERROR_CANCELLED ? CR_JOB_CANCELLED : CR_JOB_FAILED;
        job->value = cr_error_value(code);
        g_free(job->error_name);
        g_free(job->error_message);
        job->error_name = g_strdup(cr_error_bus_name(code));
        job->error_message = cr_border_message(code, error->message);
}

static void set_result(CrJobData *job, GVariant *result)
{
        g_auto(GVariantDict) dict = G_VARIANT_DICT_INIT(result);

        if (!g_variant_dict_contains(&dict, "BytesSent"))
                g_variant_dict_insert(&dict, "BytesSent", "t", (guint64)0);
        g_variant_dict_insert(&dict, "Duration", "t", (guint64)MAX(job->ended - job->started, 0));
        g_variant_unref(job->result);
        job->result = g_variant_ref_sink(g_variant_dict_end(&dict));
}

void cr_job_data_end(CrJobData *job, const GError *error, GVariant *result, gint64 now)
{
        job->ended = now;
        job->final = TRUE;
        job->progress.rate = 0;
        g_free(job->phase);
        job->phase = g_strdup("");
        set_result(job, result);
        if (error) {
                set_error(job, error);
                return;
        }
        job->state = CR_JOB_COMPLETED;
        job->value = CR_VALUE_COMPLETED;
}

GVariant *cr_job_data_values(const CrJobData *job)
{
        guint16 percent = job->state == CR_JOB_COMPLETED ? 100 : cr_progress_percent(&job->progress);

        return g_variant_new("(tsoutsqsqtttbtuss@a{sv})", job->id, job->operation, job->collection_path,
                job->owner, (guint64)job->started, states[job->state].word, states[job->state].number,
                job->phase, percent, job->progress.done, job->progress.total, job->progress.rate,
                !job->final && !cr_job_data_has_ended(job), (guint64)job->ended, job->value, job->error_name,
                job->error_message, job->result);
}

CrJobRecord *cr_job_data_to_record(const CrJobData *job)
{
        CrJobRecord *record = g_new0(CrJobRecord, 1);

        *record = (CrJobRecord){
                .id = job->id,
                .operation = g_strdup(job->operation),
                .collection_path = g_strdup(job->collection_path),
                .collection = job->collection,
                .owner = job->owner,
                .state = g_strdup(states[job->state].word),
                .started = job->started,
                .ended = job->ended,
                .value = job->value,
                .error_name = g_strdup(job->error_name),
                .error_message = g_strdup(job->error_message),
                .result = g_variant_n_children(job->result) > 0 ? g_variant_print(job->result, TRUE)
                                                                : g_strdup(""),
                .scheduled = job->scheduled,
        };
        return record;
}

static CrJobState state_of(const char *word)
{
        for (gsize i = 0; i < G_N_ELEMENTS(states); i++)
                if (g_strcmp0(states[i].word, word) == 0)
                        return (CrJobState)i;
        return CR_JOB_FAILED;
}

static GVariant *result_of(const char *text)
{
        GVariant *parsed = *text ? g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL) : NULL;

        return parsed ? parsed : empty_dictionary();
}

void cr_job_data_from_record(CrJobData *job, const CrJobRecord *record)
{
        *job = (CrJobData){
                .id = record->id,
                .operation = g_strdup(record->operation),
                .collection = record->collection,
                .collection_path = g_strdup(record->collection_path),
                .owner = record->owner,
                .scheduled = record->scheduled,
                .state = state_of(record->state),
                .started = record->started,
                .ended = record->ended,
                .phase = g_strdup(""),
                .final = TRUE,
                .value = record->value,
                .error_name = g_strdup(record->error_name),
                .error_message = g_strdup(record->error_message),
                .result = result_of(record->result),
        };
}

gint64 cr_job_data_expires(const CrJobData *job, guint newer)
{
        guint kept = job->scheduled ? 1 : CR_JOB_KEPT_PER_OWNER;

        return job->ended + (newer < kept ? CR_JOB_KEPT_USEC : CR_JOB_KEPT_AT_LEAST_USEC);
}
