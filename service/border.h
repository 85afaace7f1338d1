/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where errors become what a caller on the bus sees. Within the service an error is a GError of CR_ERROR or a
 * negative errno; none leaves but through here.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "core/error.h"

/* "<message> (32774 InUse)": ends in the value and the name, as busctl shows nothing else. Not appended
 * twice. */
char *cr_border_message(CrError code, const char *message);

/* Answers @call with @error. */
void cr_border_reply_error(sd_bus_message *call, const GError *error);

/* Answers a caller that could be authorized by authenticating, if its message allowed to ask. */
void cr_border_reply_challenge(sd_bus_message *call, const char *why);

/* For the end of a handler: a negative @r answers @call with OutOfMemory or Failed, naming @what was tried; 1
 * otherwise. Nothing but 1 is returned, as the bus library would send a bare errno under a name of its own.
 */
int cr_border_finish(sd_bus_message *call, int r, const char *what);
