/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sd-event as a source of a GLib loop, under a more urgent source that is always ready: GLib then prepares
 * the less urgent ones again and again without ever checking them. */
#include "tests/unit/core/unit.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "service/event_source.h"

#define TIMERS 1000

typedef struct Fixture {
        GMainLoop *loop;
        sd_event *event;
        GSource *source;
        guint urgent_id;
        guint n_timers, n_urgent;
        gboolean finished;
} Fixture;

static Fixture fixture;

static gboolean on_finished(gpointer userdata)
{
        fixture.finished = TRUE;
        g_main_loop_quit(fixture.loop);
        return G_SOURCE_REMOVE;
}

static void set_up(void)
{
        fixture = (Fixture){.loop = g_main_loop_new(NULL, FALSE)};
        ck_assert_int_ge(sd_event_new(&fixture.event), 0);
        fixture.source = cr_event_source_new(fixture.event);
        g_source_set_callback(fixture.source, on_finished, NULL, NULL);
        g_source_attach(fixture.source, NULL);
}

static void tear_down(void)
{
        g_source_destroy(fixture.source);
        g_source_unref(fixture.source);
        sd_event_unref(fixture.event);
        g_main_loop_unref(fixture.loop);
}

static gboolean on_urgent(gpointer userdata)
{
        fixture.n_urgent++;
        return G_SOURCE_CONTINUE;
}

/* Busy, with gaps: it starves the others whenever it is ready. */
static gboolean on_pause(gpointer userdata)
{
        if (fixture.urgent_id)
                g_source_remove(fixture.urgent_id);
        fixture.urgent_id = fixture.urgent_id ? 0 : g_idle_add_full(G_PRIORITY_HIGH, on_urgent, NULL, NULL);
        return G_SOURCE_CONTINUE;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        if (++fixture.n_timers == TIMERS)
                g_main_loop_quit(fixture.loop);
        return 0;
}

START_TEST(every_timer_comes_through_under_a_busy_urgent_source)
{
        guint pause = g_timeout_add_full(G_PRIORITY_HIGH - 1, 1, on_pause, NULL, NULL);

        for (guint i = 0; i < TIMERS; i++)
                ck_assert_int_ge(sd_event_add_time_relative(
                                         fixture.event, NULL, CLOCK_MONOTONIC, i * 100, 1, on_timer, NULL),
                        0);
        g_main_loop_run(fixture.loop);
        ck_assert_uint_eq(fixture.n_timers, TIMERS);
        ck_assert_uint_gt(fixture.n_urgent, 0);
        g_source_remove(pause);
        if (fixture.urgent_id)
                g_source_remove(fixture.urgent_id);
}
END_TEST

static int on_descriptor(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        guint64 value;

        ck_assert_int_eq(read(fd, &value, sizeof value), sizeof value);
        g_main_loop_quit(fixture.loop);
        return 0;
}

static gboolean on_write(gpointer userdata)
{
        guint64 one = 1;

        ck_assert_int_eq(write(GPOINTER_TO_INT(userdata), &one, sizeof one), sizeof one);
        return G_SOURCE_REMOVE;
}

START_TEST(a_sleeping_loop_is_woken_by_a_descriptor)
{
        int fd = eventfd(0, EFD_CLOEXEC);

        ck_assert_int_ge(sd_event_add_io(fixture.event, NULL, fd, EPOLLIN, on_descriptor, NULL), 0);
        g_timeout_add(20, on_write, GINT_TO_POINTER(fd));
        g_main_loop_run(fixture.loop);
        close(fd);
}
END_TEST

/* What other sources ask of it while it is armed is heard, too. */
static gboolean on_add_timer(gpointer userdata)
{
        fixture.n_timers = TIMERS - 1;
        ck_assert_int_ge(
                sd_event_add_time_relative(fixture.event, NULL, CLOCK_MONOTONIC, 1000, 1, on_timer, NULL), 0);
        return G_SOURCE_REMOVE;
}

START_TEST(a_timer_added_by_another_source_fires)
{
        g_timeout_add(20, on_add_timer, NULL);
        g_main_loop_run(fixture.loop);
        ck_assert_uint_eq(fixture.n_timers, TIMERS);
}
END_TEST

static int on_exit_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        return sd_event_exit(fixture.event, 3);
}

START_TEST(the_end_of_the_inner_loop_is_told_once)
{
        int code = 0;

        ck_assert_int_ge(sd_event_add_time_relative(
                                 fixture.event, NULL, CLOCK_MONOTONIC, 1000, 1, on_exit_timer, NULL),
                0);
        g_main_loop_run(fixture.loop);
        ck_assert(fixture.finished);
        ck_assert(g_source_is_destroyed(fixture.source));
        ck_assert_int_ge(sd_event_get_exit_code(fixture.event, &code), 0);
        ck_assert_int_eq(code, 3);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {every_timer_comes_through_under_a_busy_urgent_source,
                a_sleeping_loop_is_woken_by_a_descriptor, a_timer_added_by_another_source_fires,
                the_end_of_the_inner_loop_is_told_once, NULL};

        return run_tests_with("event source", tests, set_up, tear_down);
}
