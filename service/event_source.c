/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/event_source.h"

typedef struct EventSource {
        GSource source;
        sd_event *event;
} EventSource;

static gboolean is_ready(sd_event *event)
{
        int state = sd_event_get_state(event);

        return state == SD_EVENT_PENDING || state == SD_EVENT_FINISHED;
}

/* An armed loop must be asked before it can be prepared again: GLib calls prepare without the check in
 * between whenever a more urgent source was dispatched first. */
static void look(sd_event *event)
{
        if (sd_event_get_state(event) == SD_EVENT_ARMED)
                (void)sd_event_wait(event, 0);
}

static gboolean on_prepare(GSource *source, gint *timeout)
{
        sd_event *event = ((EventSource *)source)->event;

        *timeout = -1; /* timers are descriptors of the loop, too */
        look(event);
        if (sd_event_get_state(event) == SD_EVENT_INITIAL)
                (void)sd_event_prepare(event);
        return is_ready(event);
}

static gboolean on_check(GSource *source)
{
        sd_event *event = ((EventSource *)source)->event;

        look(event);
        return is_ready(event);
}

static gboolean on_dispatch(GSource *source, GSourceFunc callback, gpointer userdata)
{
        sd_event *event = ((EventSource *)source)->event;

        if (sd_event_get_state(event) == SD_EVENT_PENDING)
                (void)sd_event_dispatch(event);
        if (sd_event_get_state(event) != SD_EVENT_FINISHED)
                return G_SOURCE_CONTINUE;
        if (callback)
                callback(userdata);
        return G_SOURCE_REMOVE;
}

static void on_finalize(GSource *source)
{
        sd_event_unref(((EventSource *)source)->event);
}

GSource *cr_event_source_new(sd_event *event)
{
        static GSourceFuncs functions = {on_prepare, on_check, on_dispatch, on_finalize, NULL, NULL};
        GSource *source = g_source_new(&functions, sizeof(EventSource));

        ((EventSource *)source)->event = sd_event_ref(event);
        g_source_set_name(source, "sd-event");
        g_source_add_unix_fd(source, sd_event_get_fd(event), G_IO_IN);
        return source;
}
