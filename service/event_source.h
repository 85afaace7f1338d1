/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An sd-event loop as one source of a GLib main loop. */
#pragma once

#include <glib.h>
#include <systemd/sd-event.h>

/* A source, not attached yet, that dispatches @event and keeps a reference to it. Its callback is called when
 * @event has finished (sd_event_exit()); the source is gone then. */
GSource *cr_event_source_new(sd_event *event);
