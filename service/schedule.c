/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/schedule.h"

#include "service/schedule_private.h"
#include "service/service.h"

static void entry_free(CrScheduleEntry *entry)
{
        cr_due_facts_clear(&entry->facts);
        g_free(entry);
}

/* ---- what is due when ---- */

static gboolean is_held(CrSchedule *schedule, const CrScheduleEntry *entry)
{
        CrOperation holder;

        return entry->running || cr_tasks_holder(schedule->service->tasks, &entry->facts.id, &holder) ||
               cr_recovery_waiting_for(schedule->service->recovery, &entry->facts.id);
}

static void take_earlier(CrDue *due, CrDueKind kind, gint64 when)
{
        if (when == 0 || (due->kind != CR_DUE_NOTHING && due->when <= when))
                return;
        due->kind = kind;
        due->when = when;
}

static gint64 when_to_resynchronize(CrSchedule *schedule, const CrScheduleEntry *entry, gint64 now)
{
        gint64 earliest = MAX(now, entry->not_before);

        return cr_due_in_day(entry->facts.from, entry->facts.until, schedule->zone, earliest);
}

/* While the collection is held only its cycles are, to be counted as missed. */
static CrDue due_of(CrSchedule *schedule, CrScheduleEntry *entry, gint64 now)
{
        const CrDueFacts *facts = &entry->facts;
        CrDue due = {.entry = entry};

        take_earlier(&due, CR_DUE_CYCLE, entry->cycle);
        take_earlier(&due, CR_DUE_LOOK, entry->look);
        if (is_held(schedule, entry))
                return due;
        if (facts->stored_time > 0)
                take_earlier(&due, CR_DUE_STORED, MAX(facts->stored_time, entry->not_before));
        if (facts->resynchronizes)
                take_earlier(&due, CR_DUE_RESYNCHRONIZE, when_to_resynchronize(schedule, entry, now));
        if (facts->expires > 0)
                take_earlier(&due, CR_DUE_DISCARD, MAX(facts->expires, entry->not_before));
        return due;
}

static gboolean has_slot(const CrSchedule *schedule)
{
        return schedule->running < schedule->service->config->max_jobs;
}

/* When the daemon has to look again: a due cycle that waits for a slot is looked at when it is missed. */
static gint64 wake_for(CrSchedule *schedule, CrScheduleEntry *entry, gint64 now)
{
        CrDue due = due_of(schedule, entry, now);

        if (due.kind == CR_DUE_NOTHING)
                return G_MAXINT64;
        if (due.when > now || due.kind == CR_DUE_LOOK || has_slot(schedule) || is_held(schedule, entry))
                return due.when;
        return due.kind == CR_DUE_CYCLE ? entry->cycle + entry->facts.interval : G_MAXINT64;
}

void cr_schedule_arm(CrSchedule *schedule)
{
        gint64 now = g_get_real_time(), next = G_MAXINT64;
        GHashTableIter iter;
        gpointer entry;

        if (!schedule->started)
                return;
        g_hash_table_iter_init(&iter, schedule->entries);
        while (g_hash_table_iter_next(&iter, NULL, &entry))
                next = MIN(next, wake_for(schedule, entry, now));
        if (next < G_MAXINT64)
                (void)sd_event_source_set_time(schedule->timer, (uint64_t)MAX(next, 1));
        (void)sd_event_source_set_enabled(
                schedule->timer, next < G_MAXINT64 ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static void show_next(CrSchedule *schedule, const CrScheduleEntry *entry)
{
        const CrShown *shown = cr_collections_find(schedule->service->collections, &entry->facts.id);

        if (shown)
                cr_object_set(
                        shown->object, "NextReplicationTime", g_variant_new_uint64((guint64)entry->cycle));
}

/* ---- cycles ---- */

static void miss(CrSchedule *schedule, const CrScheduleEntry *entry)
{
        cr_counts_missed(schedule->service->counts, &entry->facts.id);
        cr_collections_refresh(schedule->service->collections, &entry->facts.id);
}

static void run_cycle(CrSchedule *schedule, const CrDue *due, gint64 now)
{
        CrScheduleEntry *entry = due->entry;
        gboolean held = is_held(schedule, entry);
        gint64 interval = entry->facts.interval;

        if (!held && !has_slot(schedule)) {
                /* It waits; when the next is due this one has been missed. */
                if (now < entry->cycle + interval)
                        return;
                entry->cycle = cr_due_next_cycle(entry->cycle, interval, now) - interval;
                miss(schedule, entry);
                return;
        }
        entry->cycle = cr_due_next_cycle(entry->cycle, interval, now);
        show_next(schedule, entry);
        if (held)
                miss(schedule, entry);
        else
                cr_schedule_begin(schedule, due);
}

static void run_one(CrSchedule *schedule, const CrDue *due, gint64 now)
{
        if (due->kind == CR_DUE_CYCLE) {
                run_cycle(schedule, due, now);
        } else if (due->kind == CR_DUE_LOOK) {
                due->entry->look = 0;
                cr_collections_refresh(schedule->service->collections, &due->entry->facts.id);
        } else if (has_slot(schedule)) {
                cr_schedule_begin(schedule, due);
        }
}

static gint compare_when(gconstpointer a, gconstpointer b)
{
        const CrDue *x = a, *y = b;

        return x->when < y->when ? -1 : x->when > y->when;
}

/* Those that have waited longest come first. */
static GArray *list_due(CrSchedule *schedule, gint64 now)
{
        GArray *list = g_array_new(FALSE, FALSE, sizeof(CrDue));
        GHashTableIter iter;
        gpointer entry;

        g_hash_table_iter_init(&iter, schedule->entries);
        while (g_hash_table_iter_next(&iter, NULL, &entry)) {
                CrDue due = due_of(schedule, entry, now);

                if (due.kind != CR_DUE_NOTHING && due.when <= now)
                        g_array_append_val(list, due);
        }
        g_array_sort(list, compare_when);
        return list;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        CrSchedule *schedule = userdata;
        gint64 now = g_get_real_time();
        g_autoptr(GArray) due = list_due(schedule, now);

        if (schedule->service->stopping)
                return 0;
        for (guint i = 0; i < due->len; i++)
                run_one(schedule, &g_array_index(due, CrDue, i), now);
        cr_schedule_arm(schedule);
        return 0;
}

/* ---- life ---- */

static gboolean make_timer(CrSchedule *schedule, GError **error)
{
        sd_event *event = schedule->service->event;
        int r = sd_event_add_time(
                event, &schedule->timer, CLOCK_REALTIME, 0, (uint64_t)cr_due_second(), on_timer, schedule);

        if (r >= 0)
                r = sd_event_source_set_enabled(schedule->timer, SD_EVENT_OFF);
        return r >= 0 || cr_error_set_errno(error, -r, "the schedule's timer can't be made");
}

CrSchedule *cr_schedule_new(CrService *service, GError **error)
{
        CrSchedule *schedule = g_new0(CrSchedule, 1);

        schedule->service = service;
        schedule->zone = g_time_zone_new_local();
        schedule->entries =
                g_hash_table_new_full(cr_id_hash, cr_id_hash_equal, NULL, (GDestroyNotify)entry_free);
        return make_timer(schedule, error) ? schedule : cr_schedule_free(schedule);
}

CrSchedule *cr_schedule_free(CrSchedule *schedule)
{
        if (!schedule)
                return NULL;
        sd_event_source_disable_unref(schedule->timer);
        g_hash_table_unref(schedule->entries);
        g_time_zone_unref(schedule->zone);
        g_free(schedule);
        return NULL;
}

void cr_schedule_start(CrSchedule *schedule)
{
        schedule->started = TRUE;
        cr_schedule_arm(schedule);
}

void cr_schedule_stop(CrSchedule *schedule)
{
        schedule->started = FALSE;
        (void)sd_event_source_set_enabled(schedule->timer, SD_EVENT_OFF);
}

void cr_schedule_check_clock(CrSchedule *schedule)
{
        gint64 now = g_get_real_time();
        GHashTableIter iter;
        gpointer value;

        g_hash_table_iter_init(&iter, schedule->entries);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                CrScheduleEntry *entry = value;

                if (entry->cycle > now + entry->facts.interval)
                        entry->cycle = cr_due_next_cycle(entry->cycle, entry->facts.interval, now);
        }
        cr_schedule_arm(schedule);
}

static CrScheduleEntry *get(CrSchedule *schedule, const CrId *id)
{
        CrScheduleEntry *entry = g_hash_table_lookup(schedule->entries, id);

        if (!entry) {
                entry = g_new0(CrScheduleEntry, 1);
                entry->facts.id = *id;
                g_hash_table_insert(schedule->entries, &entry->facts.id, entry);
        }
        return entry;
}

void cr_schedule_update(CrSchedule *schedule, const CrCollection *loaded)
{
        CrScheduleEntry *entry = get(schedule, &loaded->id);
        gint64 interval = entry->facts.interval, stored = entry->facts.stored_time, now = g_get_real_time();
        gint64 too_long;

        cr_due_facts_take(&entry->facts, loaded);
        if (!entry->facts.cycles)
                entry->cycle = 0;
        else if (entry->cycle == 0 || entry->facts.interval != interval)
                entry->cycle = cr_due_first_cycle(&entry->facts, now);
        if (entry->facts.stored_time != stored)
                entry->not_before = 0;
        too_long = cr_due_too_long(&entry->facts);
        entry->look = too_long > now ? too_long : 0;
        cr_schedule_arm(schedule);
}

void cr_schedule_forget(CrSchedule *schedule, const CrId *collection)
{
        CrScheduleEntry *entry = g_hash_table_lookup(schedule->entries, collection);

        cr_schedule_end_running(schedule, entry);
        g_hash_table_remove(schedule->entries, collection);
}

void cr_schedule_released(CrSchedule *schedule, const CrId *collection)
{
        cr_schedule_end_running(schedule, g_hash_table_lookup(schedule->entries, collection));
}

void cr_schedule_hasten(CrSchedule *schedule, const CrId *collection)
{
        CrScheduleEntry *entry = g_hash_table_lookup(schedule->entries, collection);

        if (!entry || entry->cycle == 0)
                return;
        if (is_held(schedule, entry))
                entry->hastened = TRUE;
        else
                entry->cycle = g_get_real_time();
        cr_schedule_arm(schedule);
}

CrScheduleTimes cr_schedule_times(CrSchedule *schedule, const CrId *collection)
{
        const CrScheduleEntry *entry = g_hash_table_lookup(schedule->entries, collection);

        if (!entry)
                return (CrScheduleTimes){0};
        return (CrScheduleTimes){
                entry->cycle,
                cr_due_too_long(&entry->facts),
                entry->facts.stored_time,
        };
}
