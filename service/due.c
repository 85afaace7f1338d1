/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/due.h"

#include "config.h"

#define SPREAD_SECONDS 60 /* of what is overdue */
#define EARLY_PART 10     /* of an interval: at most this part of it a cycle comes early */
#define START_BY_EXPORT 2 /* the class's InitialReplicationType */

static gint64 read_second(void)
{
#if CR_FAILPOINTS
        const char *text = g_getenv("COLLECTION_REPLICATION_SECOND");
        guint64 second;

        if (text && g_ascii_string_to_unsigned(text, 10, 1, G_USEC_PER_SEC, &second, NULL))
                return (gint64)second;
#endif
        return G_USEC_PER_SEC;
}

gint64 cr_due_second(void)
{
        static gint64 second;

        if (second == 0)
                second = read_second();
        return second;
}

gint64 cr_due_part(const CrId *id, gint64 width)
{
        char digits[9] = "";

        g_strlcpy(digits, id->text, sizeof digits);
        return (gint64)((double)g_ascii_strtoull(digits, NULL, 16) / (double)(G_MAXUINT32 + 1.0) *
                        (double)width);
}

gint64 cr_due_first_cycle(const CrDueFacts *facts, gint64 now)
{
        gint64 last = facts->last > 0 && facts->last < now ? facts->last : now;
        gint64 due = last + facts->interval - cr_due_part(&facts->id, facts->interval / EARLY_PART);

        if (due > now)
                return due;
        return now + cr_due_part(&facts->id, MIN(facts->interval, SPREAD_SECONDS * cr_due_second()));
}

gint64 cr_due_next_cycle(gint64 due, gint64 interval, gint64 now)
{
        if (due > now)
                return MIN(due, now + interval);
        return due + ((now - due) / interval + 1) * interval;
}

gint64 cr_due_too_long(const CrDueFacts *facts)
{
        return facts->last > 0 ? facts->last + CR_DUE_TOO_LONG * facts->interval : 0;
}

/* ---- a time of the day ---- */

/* Minutes after midnight of "HH:MM", which the settings have checked. */
static gint minute_of(const char *text)
{
        return (gint)(g_ascii_strtoull(text, NULL, 10) * 60 + g_ascii_strtoull(text + 3, NULL, 10));
}

static gboolean is_within(gint from, gint until, gint minute)
{
        if (from == until)
                return TRUE;
        if (from < until)
                return minute >= from && minute < until;
        return minute >= from || minute < until;
}

static gint64 to_usec(GDateTime *time)
{
        return g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time);
}

/* The minute on the day that @days after @local is. */
static gint64 minute_on(GDateTime *local, gint days, gint minute)
{
        g_autoptr(GDateTime) day = g_date_time_add_days(local, days);
        g_autoptr(GDateTime) time = g_date_time_new(g_date_time_get_timezone(local),
                g_date_time_get_year(day), g_date_time_get_month(day), g_date_time_get_day_of_month(day),
                minute / 60, minute % 60, 0);

        return to_usec(time);
}

gint64 cr_due_in_day(const char *from, const char *until, GTimeZone *zone, gint64 now)
{
        g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(now / G_USEC_PER_SEC);
        g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);
        gint minute = g_date_time_get_hour(local) * 60 + g_date_time_get_minute(local);
        gint begin = minute_of(from);
        gint64 today = minute_on(local, 0, begin);

        if (is_within(begin, minute_of(until), minute))
                return now;
        return today > now ? today : minute_on(local, 1, begin);
}

/* ---- facts ---- */

static gboolean may(const CrCollection *c, CrOperation operation)
{
        return cr_state_check(c->name, c->role, c->state, operation, NULL);
}

/* An initial replication goes on by itself only where it waits for an import over there. */
static gboolean may_cycle(const CrCollection *c)
{
        return c->role == CR_ROLE_PRIMARY && c->has_relationship && may(c, CR_OP_REPLICATE) &&
               (c->state != CR_STATE_INITIAL_REPLICATION || c->initial_type == START_BY_EXPORT);
}

static void take_stored(CrDueFacts *facts, const CrCollection *c)
{
        if (c->scheduled_time == 0 || !c->scheduled_operation ||
                !cr_operation_from_word(c->scheduled_operation, &facts->stored_operation) ||
                !may(c, facts->stored_operation))
                return;
        facts->stored_time = c->scheduled_time;
        facts->stored_request = g_strdup(c->scheduled_request);
}

static void take_expiry(CrDueFacts *facts, const CrCollection *c)
{
        for (guint i = 0; i < c->divergences->len; i++) {
                const CrDivergence *divergence = g_ptr_array_index(c->divergences, i);

                if (divergence->expires == 0 ||
                        (facts->expires != 0 && facts->expires <= divergence->expires))
                        continue;
                facts->divergence = divergence->id;
                facts->expires = divergence->expires;
        }
}

void cr_due_facts_take(CrDueFacts *facts, const CrCollection *c)
{
        cr_due_facts_clear(facts);
        *facts = (CrDueFacts){
                .id = c->id,
                .cycles = may_cycle(c),
                .resynchronizes = c->role == CR_ROLE_PRIMARY && c->settings->auto_resynchronize &&
                                  c->state == CR_STATE_WAITING_TO_RESYNCHRONIZE,
                .last = c->role == CR_ROLE_REPLICA ? c->last_apply : c->last_replication,
                .interval = c->settings->replication_interval * cr_due_second(),
                .from = g_strdup(c->settings->auto_resynchronize_start),
                .until = g_strdup(c->settings->auto_resynchronize_end),
        };
        take_stored(facts, c);
        take_expiry(facts, c);
}

void cr_due_facts_clear(CrDueFacts *facts)
{
        g_free(facts->stored_request);
        g_free(facts->from);
        g_free(facts->until);
        *facts = (CrDueFacts){0};
}
