/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A site: the real daemon with the real worker, in folders of its own, on one of the private buses. */
#pragma once

#include <check.h>
#include <glib.h>
#include <stdlib.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "service/names.h"
#include "service/sd_cleanup.h"

#define MANAGER CR_MANAGER_PATH
#define ERROR_NAME(word) CR_BUS_NAME ".Error." word

typedef struct Site {
        guint n; /* of its bus: 1 or 2 */
        char *address;
        char *directory;
        pid_t pid;
        sd_bus *bus; /* root's connection */
} Site;

/* Fresh folders; started and ready. @more: further lines of the configuration, or NULL. */
void site_start(Site *site, guint n, const char *more);
/* The same folders, no daemon yet. */
void site_prepare(Site *site, guint n, const char *more);
void site_run(Site *site);
/* SIGTERM; it must end well. */
void site_stop(Site *site);
/* SIGKILL. */
void site_kill(Site *site);
/* Ends what still runs, removes the folders. */
void site_clear(Site *site);

/* A connection of that user (NULL: root). */
sd_bus *site_connect(const Site *site, const char *user);

/* Makes an image; its path. */
char *site_image(const Site *site, const char *name);
/* Defines a collection of one such disk; its path. */
char *site_define(Site *site, const char *name);

/* Defines a collection of one disk at @from and replicates it to @to, until the first point is there. Its
 * path. */
char *sites_replicate(Site *from, Site *to, const char *name);

/* The next process of this site that gets to the failpoint stops or is killed: "send.begun", "stop". */
void site_order(const Site *site, const char *failpoint, const char *what);
/* Waits until one of the daemon's children has stopped; its pid. */
pid_t site_wait_stopped(const Site *site);
/* The daemon's children. */
GArray *site_workers(const Site *site);

/* Calls and wants success; the reply. */
sd_bus_message *call(
        sd_bus *bus, const char *path, const char *interface, const char *member, const char *types, ...);
#define call_manager(bus, member, ...) call(bus, MANAGER, CR_MANAGER_INTERFACE, member, __VA_ARGS__)
/* Calls and wants this error, the message of which holds @words. */
void call_fails(const char *error, const char *words, sd_bus *bus, const char *path, const char *interface,
        const char *member, const char *types, ...);
#define manager_fails(error, words, bus, member, ...)                                                        \
        call_fails(ERROR_NAME(error), words, bus, MANAGER, CR_MANAGER_INTERFACE, member, __VA_ARGS__)

/* A method that answers with one path. */
char *call_path(
        sd_bus *bus, const char *path, const char *interface, const char *member, const char *types, ...);
#define manager_path(bus, member, ...) call_path(bus, MANAGER, CR_MANAGER_INTERFACE, member, __VA_ARGS__)

/* Waits for the job's end; its value. */
guint wait_job(sd_bus *bus, const char *job);
char *get_string(sd_bus *bus, const char *path, const char *interface, const char *property);

/* Whether there is an object. */
gboolean exists(sd_bus *bus, const char *path, const char *interface);

/* @condition as a call of @function, until it is true, for at most 120 s. */
void wait_until(gboolean (*function)(gpointer), gpointer data, const char *what);

/* Runs the tests, NULL-terminated, each with @setup and @teardown around it. */
int run_bus_tests(const char *name, const TTest *const *tests, SFun setup, SFun teardown);
