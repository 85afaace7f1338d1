/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/schedule.h"

#include "service/due.h"
#include "service/log.h"
#include "service/methods.h"
#include "service/names.h"
#include "service/service.h"

/* Between two stamps; an expiry is put off by no less than the time since the last one. */
#define STAMP_USEC (UINT64_C(3600) * G_USEC_PER_SEC)

struct CrSchedule {
        CrService *service;
        GHashTable *entries; /* id -> Entry, owned */
        sd_event_source *timer, *stamp;
        GTimeZone *zone;
        guint running; /* that this began */
        gboolean started;
};

typedef enum Kind { NOTHING, CYCLE, STORED, RESYNCHRONIZE, DISCARD, LOOK } Kind;

typedef struct Entry {
        CrDueFacts facts;
        gint64 cycle;      /* the next; 0: none */
        gint64 not_before; /* of what failed to begin and is no cycle */
        gint64 look;       /* it is to be shown again, with another health; 0: need not be */
        gboolean running;  /* what this began */
        gboolean hastened; /* a cycle is due as soon as nothing holds the collection */
} Entry;

/* A thing that is due. */
typedef struct Due {
        Entry *entry;
        Kind kind;
        gint64 when;
} Due;

static void entry_free(Entry *entry)
{
        cr_due_facts_clear(&entry->facts);
        g_free(entry);
}

/* ---- what is due when ---- */

static gboolean is_held(CrSchedule *schedule, const Entry *entry)
{
        CrOperation holder;

        return entry->running || cr_tasks_holder(schedule->service->tasks, &entry->facts.id, &holder) ||
               cr_recovery_waiting_for(schedule->service->recovery, &entry->facts.id);
}

static void take_earlier(Due *due, Kind kind, gint64 when)
{
        if (when == 0 || (due->kind != NOTHING && due->when <= when))
                return;
        due->kind = kind;
        due->when = when;
}

static gint64 when_to_resynchronize(CrSchedule *schedule, const Entry *entry, gint64 now)
{
        gint64 earliest = MAX(now, entry->not_before);

        return cr_due_in_day(entry->facts.from, entry->facts.until, schedule->zone, earliest);
}

/* While the collection is held only its cycles are, to be counted as missed. */
static Due due_of(CrSchedule *schedule, Entry *entry, gint64 now)
{
        const CrDueFacts *facts = &entry->facts;
        Due due = {.entry = entry};

        take_earlier(&due, CYCLE, entry->cycle);
        take_earlier(&due, LOOK, entry->look);
        if (is_held(schedule, entry))
                return due;
        if (facts->stored_time > 0)
                take_earlier(&due, STORED, MAX(facts->stored_time, entry->not_before));
        if (facts->resynchronizes)
                take_earlier(&due, RESYNCHRONIZE, when_to_resynchronize(schedule, entry, now));
        if (facts->expires > 0)
                take_earlier(&due, DISCARD, MAX(facts->expires, entry->not_before));
        return due;
}

static gboolean has_slot(const CrSchedule *schedule)
{
        return schedule->running < schedule->service->config->max_jobs;
}

/* When the daemon has to look again: a due cycle that waits for a slot is looked at when it is missed. */
static gint64 wake_for(CrSchedule *schedule, Entry *entry, gint64 now)
{
        Due due = due_of(schedule, entry, now);

        if (due.kind == NOTHING)
                return G_MAXINT64;
        if (due.when > now || due.kind == LOOK || has_slot(schedule) || is_held(schedule, entry))
                return due.when;
        return due.kind == CYCLE ? entry->cycle + entry->facts.interval : G_MAXINT64;
}

static void arm(CrSchedule *schedule)
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

static void show_next(CrSchedule *schedule, const Entry *entry)
{
        const CrShown *shown = cr_collections_find(schedule->service->collections, &entry->facts.id);

        if (shown)
                cr_object_set(
                        shown->object, "NextReplicationTime", g_variant_new_uint64((guint64)entry->cycle));
}

/* ---- beginning ---- */

typedef struct Beginning {
        CrSchedule *schedule;
        CrId collection;
        Kind kind;
} Beginning;

static void end_running(CrSchedule *schedule, Entry *entry)
{
        if (entry && entry->running) {
                entry->running = FALSE;
                schedule->running--;
        }
        if (entry && entry->hastened && entry->cycle != 0)
                entry->cycle = g_get_real_time();
        if (entry)
                entry->hastened = FALSE;
        arm(schedule);
}

static void on_answered(const GError *error, void *userdata)
{
        g_autofree Beginning *beginning = userdata;
        CrSchedule *schedule = beginning->schedule;
        Entry *entry = g_hash_table_lookup(schedule->entries, &beginning->collection);

        if (!error)
                return;
        cr_log(G_LOG_LEVEL_WARNING, NULL, beginning->collection.text, 0, "What was due could not begin: %s",
                error->message);
        if (beginning->kind == CYCLE || beginning->kind == RESYNCHRONIZE || beginning->kind == STORED)
                cr_counts_refused(schedule->service->counts, &beginning->collection, error);
        if (entry)
                entry->not_before = g_get_real_time() + entry->facts.interval;
        end_running(schedule, entry);
        cr_collections_refresh(schedule->service->collections, &beginning->collection);
}

static GVariant *parse_request(const char *text)
{
        GVariant *parsed = text ? g_variant_parse(G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL) : NULL;

        return parsed ? parsed : g_variant_new("a{sv}", NULL);
}

static GVariant *request_of(const Due *due)
{
        if (due->kind == STORED)
                return parse_request(due->entry->facts.stored_request);
        if (due->kind == DISCARD)
                return g_variant_new_parsed("{'Divergence': <%s>}", due->entry->facts.divergence.text);
        if (due->kind == RESYNCHRONIZE)
                return g_variant_new_parsed("{'IncludeSuspended': <false>}");
        return g_variant_new("a{sv}", NULL);
}

static const CrMethod *method_of(const Due *due)
{
        switch (due->kind) {
        case STORED:
                return cr_method_find(
                        CR_MANAGER_INTERFACE, cr_operation_word(due->entry->facts.stored_operation));
        case RESYNCHRONIZE:
                return cr_method_find(CR_MANAGER_INTERFACE, "Resynchronize");
        case DISCARD:
                return cr_method_find(CR_DIVERGENCE_INTERFACE, "Discard");
        default:
                return cr_method_find(CR_MANAGER_INTERFACE, "ReplicateNow");
        }
}

static void begin(CrSchedule *schedule, const Due *due)
{
        Beginning *beginning = g_new(Beginning, 1);

        *beginning = (Beginning){schedule, due->entry->facts.id, due->kind};
        due->entry->running = TRUE;
        schedule->running++;
        cr_call_make_own(schedule->service, method_of(due), &beginning->collection, request_of(due),
                on_answered, beginning);
}

static void miss(CrSchedule *schedule, const Entry *entry)
{
        cr_counts_missed(schedule->service->counts, &entry->facts.id);
        cr_collections_refresh(schedule->service->collections, &entry->facts.id);
}

static void run_cycle(CrSchedule *schedule, const Due *due, gint64 now)
{
        Entry *entry = due->entry;
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
                begin(schedule, due);
}

static void run_one(CrSchedule *schedule, const Due *due, gint64 now)
{
        if (due->kind == CYCLE) {
                run_cycle(schedule, due, now);
        } else if (due->kind == LOOK) {
                due->entry->look = 0;
                cr_collections_refresh(schedule->service->collections, &due->entry->facts.id);
        } else if (has_slot(schedule)) {
                begin(schedule, due);
        }
}

static gint compare_when(gconstpointer a, gconstpointer b)
{
        const Due *x = a, *y = b;

        return x->when < y->when ? -1 : x->when > y->when;
}

/* Those that have waited longest come first. */
static GArray *list_due(CrSchedule *schedule, gint64 now)
{
        GArray *list = g_array_new(FALSE, FALSE, sizeof(Due));
        GHashTableIter iter;
        gpointer entry;

        g_hash_table_iter_init(&iter, schedule->entries);
        while (g_hash_table_iter_next(&iter, NULL, &entry)) {
                Due due = due_of(schedule, entry, now);

                if (due.kind != NOTHING && due.when <= now)
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
                run_one(schedule, &g_array_index(due, Due, i), now);
        arm(schedule);
        return 0;
}

/* ---- the stamp ---- */

static void stamp_work(CrStore *store, gpointer data)
{
        cr_store_stamp_alive(store, g_get_real_time(), data);
}

static void stamp_done(gpointer data)
{
        GError **error = data;

        if (*error)
                CR_LOG_WARNING("The store can't be stamped: %s", (*error)->message);
        g_clear_error(error);
        g_free(error);
}

static void stamp(CrSchedule *schedule)
{
        cr_store_thread_submit(schedule->service->store, stamp_work, stamp_done, g_new0(GError *, 1));
}

/* The clock may have been set back meanwhile: no cycle is further off than an interval. */
static int on_stamp(sd_event_source *source, uint64_t usec, void *userdata)
{
        CrSchedule *schedule = userdata;
        gint64 now = g_get_real_time();
        GHashTableIter iter;
        gpointer value;

        stamp(schedule);
        g_hash_table_iter_init(&iter, schedule->entries);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
                Entry *entry = value;

                if (entry->cycle > now + entry->facts.interval)
                        entry->cycle = cr_due_next_cycle(entry->cycle, entry->facts.interval, now);
        }
        arm(schedule);
        (void)sd_event_source_set_time_relative(source, STAMP_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* ---- life ---- */

static gboolean make_timers(CrSchedule *schedule, GError **error)
{
        sd_event *event = schedule->service->event;
        int r = sd_event_add_time(
                event, &schedule->timer, CLOCK_REALTIME, 0, (uint64_t)cr_due_second(), on_timer, schedule);

        if (r >= 0)
                r = sd_event_source_set_enabled(schedule->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_time_relative(event, &schedule->stamp, CLOCK_BOOTTIME, STAMP_USEC,
                        STAMP_USEC / 60, on_stamp, schedule);
        return r >= 0 || cr_error_set_errno(error, -r, "the schedule's timers can't be made");
}

CrSchedule *cr_schedule_new(CrService *service, GError **error)
{
        CrSchedule *schedule = g_new0(CrSchedule, 1);

        schedule->service = service;
        schedule->zone = g_time_zone_new_local();
        schedule->entries =
                g_hash_table_new_full(cr_id_hash, cr_id_hash_equal, NULL, (GDestroyNotify)entry_free);
        return make_timers(schedule, error) ? schedule : cr_schedule_free(schedule);
}

CrSchedule *cr_schedule_free(CrSchedule *schedule)
{
        if (!schedule)
                return NULL;
        sd_event_source_disable_unref(schedule->timer);
        sd_event_source_disable_unref(schedule->stamp);
        g_hash_table_unref(schedule->entries);
        g_time_zone_unref(schedule->zone);
        g_free(schedule);
        return NULL;
}

void cr_schedule_start(CrSchedule *schedule)
{
        schedule->started = TRUE;
        arm(schedule);
}

void cr_schedule_stop(CrSchedule *schedule)
{
        schedule->started = FALSE;
        (void)sd_event_source_set_enabled(schedule->timer, SD_EVENT_OFF);
        stamp(schedule);
}

static Entry *get(CrSchedule *schedule, const CrId *id)
{
        Entry *entry = g_hash_table_lookup(schedule->entries, id);

        if (!entry) {
                entry = g_new0(Entry, 1);
                entry->facts.id = *id;
                g_hash_table_insert(schedule->entries, &entry->facts.id, entry);
        }
        return entry;
}

void cr_schedule_update(CrSchedule *schedule, const CrCollection *loaded)
{
        Entry *entry = get(schedule, &loaded->id);
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
        arm(schedule);
}

void cr_schedule_forget(CrSchedule *schedule, const CrId *collection)
{
        Entry *entry = g_hash_table_lookup(schedule->entries, collection);

        end_running(schedule, entry);
        g_hash_table_remove(schedule->entries, collection);
}

void cr_schedule_released(CrSchedule *schedule, const CrId *collection)
{
        end_running(schedule, g_hash_table_lookup(schedule->entries, collection));
}

void cr_schedule_hasten(CrSchedule *schedule, const CrId *collection)
{
        Entry *entry = g_hash_table_lookup(schedule->entries, collection);

        if (!entry || entry->cycle == 0)
                return;
        if (is_held(schedule, entry))
                entry->hastened = TRUE;
        else
                entry->cycle = g_get_real_time();
        arm(schedule);
}

CrScheduleTimes cr_schedule_times(CrSchedule *schedule, const CrId *collection)
{
        const Entry *entry = g_hash_table_lookup(schedule->entries, collection);

        if (!entry)
                return (CrScheduleTimes){0};
        return (CrScheduleTimes){
                entry->cycle,
                cr_due_too_long(&entry->facts),
                entry->facts.stored_time,
        };
}
