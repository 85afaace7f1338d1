/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/log.h"
#include "service/methods.h"
#include "service/names.h"
#include "service/schedule_private.h"
#include "service/service.h"

typedef struct Beginning {
        CrSchedule *schedule;
        CrId collection;
        CrDueKind kind;
} Beginning;

void cr_schedule_end_running(CrSchedule *schedule, CrScheduleEntry *entry)
{
        if (entry && entry->running) {
                entry->running = FALSE;
                schedule->running--;
        }
        if (entry && entry->hastened && entry->cycle != 0)
                entry->cycle = g_get_real_time();
        if (entry)
                entry->hastened = FALSE;
        cr_schedule_arm(schedule);
}

static void on_answered(const GError *error, void *userdata)
{
        g_autofree Beginning *beginning = userdata;
        CrSchedule *schedule = beginning->schedule;
        CrScheduleEntry *entry = g_hash_table_lookup(schedule->entries, &beginning->collection);

        if (!error)
                return;
        cr_log(G_LOG_LEVEL_WARNING, NULL, beginning->collection.text, 0, "What was due could not begin: %s",
                error->message);
        if (beginning->kind == CR_DUE_CYCLE || beginning->kind == CR_DUE_RESYNCHRONIZE ||
                beginning->kind == CR_DUE_STORED)
                cr_counts_refused(schedule->service->counts, &beginning->collection, error);
        if (entry)
                entry->not_before = g_get_real_time() + entry->facts.interval;
        cr_schedule_end_running(schedule, entry);
        cr_collections_refresh(schedule->service->collections, &beginning->collection);
}

static GVariant *parse_request(const char *text)
{
        GVariant *parsed = text ? g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL) : NULL;

        return parsed ? parsed : g_variant_new("a{sv}", NULL);
}

static GVariant *request_of(const CrDue *due)
{
        if (due->kind == CR_DUE_STORED)
                return parse_request(due->entry->facts.stored_request);
        if (due->kind == CR_DUE_DISCARD)
                return g_variant_new_parsed("{'Divergence': <%s>}", due->entry->facts.divergence.text);
        if (due->kind == CR_DUE_RESYNCHRONIZE)
                return g_variant_new_parsed("{'IncludeSuspended': <false>}");
        return g_variant_new("a{sv}", NULL);
}

static const CrMethod *method_of(const CrDue *due)
{
        switch (due->kind) {
        case CR_DUE_STORED:
                return cr_method_find(
                        CR_MANAGER_INTERFACE, cr_operation_word(due->entry->facts.stored_operation));
        case CR_DUE_RESYNCHRONIZE:
                return cr_method_find(CR_MANAGER_INTERFACE, "Resynchronize");
        case CR_DUE_DISCARD:
                return cr_method_find(CR_DIVERGENCE_INTERFACE, "Discard");
        default:
                return cr_method_find(CR_MANAGER_INTERFACE, "ReplicateNow");
        }
}

void cr_schedule_begin(CrSchedule *schedule, const CrDue *due)
{
        Beginning *beginning = g_new(Beginning, 1);

        *beginning = (Beginning){schedule, due->entry->facts.id, due->kind};
        due->entry->running = TRUE;
        schedule->running++;
        cr_call_make_own(schedule->service, method_of(due), &beginning->collection, request_of(due),
                on_answered, beginning);
}
