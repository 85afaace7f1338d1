/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls with random arguments: well typed mostly, meaningful sometimes. */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

/* Words and paths that mean something to the service, and those that do not; NULL-terminated, borrowed. */
typedef struct Vocabulary {
        GRand *random;
        const char *const *words, *const *paths;
} Vocabulary;

/* One of a NULL-terminated array. */
const char *pick(const Vocabulary *vocabulary, const char *const *from);

/* Appends random values of these types. */
void append_random(const Vocabulary *vocabulary, sd_bus_message *message, const char *types);
