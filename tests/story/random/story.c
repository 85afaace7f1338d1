/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/story/random/story.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "core/error.h"

#define PATIENCE_USEC (120 * G_USEC_PER_SEC)

/* ---- the record ---- */

/* What the processes of the sites can be struck at. */
static void list_failpoints(GPtrArray *names, const char *program)
{
        char *arguments[] = {(char *)program, (char *)"--list-failpoints", NULL};
        g_autofree char *output = NULL;
        g_auto(GStrv) lines = NULL;

        ck_assert(g_spawn_sync(NULL, arguments, NULL, 0, NULL, NULL, &output, NULL, NULL, NULL));
        lines = g_strsplit(output, "\n", -1);
        for (char **line = lines; *line; line++)
                if (**line != '\0')
                        g_ptr_array_add(names, g_strdup(*line));
}

static GDBusConnection *connect_to(const Site *site)
{
        g_autoptr(GError) error = NULL;
        GDBusConnection *bus = g_dbus_connection_new_for_address_sync(site->address,
                G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                        G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                NULL, NULL, &error);

        ck_assert_msg(bus != NULL, "%s", error ? error->message : "");
        return bus;
}

Story *story_new(guint32 seed)
{
        Story *story = g_new0(Story, 1);

        story->seed = seed;
        story->random = g_rand_new_with_seed(seed);
        story->next_number = 1;
        story->folder = g_strdup_printf("%s/story-XXXXXX", g_getenv("PRIVATE_BUS_DIR"));
        ck_assert_ptr_nonnull(g_mkdtemp(story->folder));
        story->known = g_ptr_array_new_with_free_func(g_free);
        story->failpoints = g_ptr_array_new_with_free_func(g_free);
        list_failpoints(story->failpoints, g_getenv("COLLECTION_REPLICATION_WORKER"));
        list_failpoints(story->failpoints, g_getenv("SERVICE_DAEMON"));
        for (guint s = 0; s < 2; s++) {
                site_start(&story->sites[s], s + 1, NULL);
                story->buses[s] = connect_to(&story->sites[s]);
                story->runs[s] = TRUE;
        }
        return story;
}

void story_free(Story *story)
{
        for (guint s = 0; s < 2; s++) {
                g_object_unref(story->buses[s]);
                site_clear(&story->sites[s]);
                shown_clear(&story->shown[s]);
        }
        g_rand_free(story->random);
        g_ptr_array_unref(story->known);
        g_ptr_array_unref(story->failpoints);
        g_free(story->folder);
        g_free(story);
}

static void print_half(const Story *story, guint s)
{
        const Half *half = &story->model.half[s];
        const Shown *shown = &story->shown[s];

        fprintf(stderr, "site %c %s; expected: %s, %s %s, %s, %u points, %u divergences, history %u\n",
                'A' + (int)s, story->runs[s] ? "runs" : "is down", half->exists ? "there" : "absent",
                cr_role_word(half->role), cr_state_word(half->state), half->has_head ? "heads" : "no heads",
                half->n_points, half->n_divergences, half->history);
        if (!shown->points)
                return;
        fprintf(stderr,
                "       shown: %s, %s %s, generation %" G_GUINT64_FORMAT
                ", %u points, %u divergences, history %u\n",
                shown->exists ? "there" : "absent", cr_role_word(shown->role), cr_state_word(shown->state),
                shown->generation, shown->points->len, shown->divergences->len, shown->history);
        for (guint i = 0; i < half->n_points; i++)
                fprintf(stderr, "       expected %s point %s\n", half->point[i].must ? "sure" : "perhaps",
                        half->point[i].id.text);
        for (guint i = 0; i < shown->points->len; i++)
                fprintf(stderr, "       shown    point %s above %s\n",
                        g_array_index(shown->points, ShownPoint, i).id.text,
                        g_array_index(shown->points, ShownPoint, i).parent.text);
}

void story_fail(Story *story, const char *format, ...)
{
        g_autofree char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        print_half(story, 0);
        print_half(story, 1);
        ck_abort_msg("CR_TEST_SEED=%u, step %u: %s", story->seed, story->step, text);
        abort(); /* not reached */
}

void story_say(const Story *story, const char *format, ...)
{
        g_autofree char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        text = g_strdup_vprintf(format, arguments);
        va_end(arguments);
        printf("%4u %s\n", story->step, text);
        fflush(stdout);
}

guint story_random(Story *story, guint n)
{
        return (guint)g_rand_int_range(story->random, 0, (gint32)n);
}

const Known *story_known(const Story *story, const CrId *id)
{
        for (guint i = 0; i < story->known->len; i++) {
                const Known *known = g_ptr_array_index(story->known, i);

                if (cr_id_equal(&known->id, id))
                        return known;
        }
        return NULL;
}

/* ---- calls ---- */

void outcome_clear(Outcome *outcome)
{
        g_clear_pointer(&outcome->message, g_free);
        g_clear_pointer(&outcome->result, g_variant_unref);
}

/* An error that the service did not send: nobody is there to answer. */
static Outcome outcome_of_error(const GError *error)
{
        g_autofree char *name = g_dbus_error_get_remote_error(error);
        Outcome outcome = {.ending = ENDED_UNHEARD, .message = g_strdup(error->message)};

        if (name && g_str_has_prefix(name, CR_BUS_NAME ".Error.")) {
                outcome.ending = ENDED_REFUSED;
                outcome.value = cr_error_value(cr_error_from_bus_name(name));
        }
        return outcome;
}

static GVariant *call_bus(GDBusConnection *bus, const char *path, const char *interface, const char *member,
        GVariant *arguments, GError **error)
{
        return g_dbus_connection_call_sync(bus, CR_BUS_NAME, path, interface, member, arguments, NULL,
                G_DBUS_CALL_FLAGS_NO_AUTO_START, G_MAXINT, NULL, error);
}

static GVariant *job_result(GDBusConnection *bus, const char *job)
{
        g_autoptr(GVariant) reply = call_bus(bus, job, "org.freedesktop.DBus.Properties", "Get",
                g_variant_new("(ss)", CR_JOB_INTERFACE, "Result"), NULL);
        GVariant *value = NULL;

        if (reply)
                g_variant_get(reply, "(v)", &value);
        return value;
}

static Outcome wait_for_job(GDBusConnection *bus, const char *job)
{
        g_autoptr(GVariant) reply = call_bus(bus, job, CR_JOB_INTERFACE, "Wait", NULL, NULL);
        Outcome outcome = {.ending = ENDED_UNHEARD};

        if (!reply)
                return outcome;
        g_variant_get(reply, "(uss)", &outcome.value, NULL, &outcome.message);
        outcome.ending = outcome.value == 0 ? ENDED_WELL : ENDED_FAILED;
        if (outcome.value == 0)
                outcome.result = job_result(bus, job);
        return outcome;
}

Outcome story_call(Story *story, guint s, const char *path, const char *interface, const char *member,
        GVariant *arguments)
{
        GDBusConnection *bus = story->buses[s];
        g_autoptr(GError) error = NULL;
        g_autoptr(GVariant) reply = call_bus(bus, path, interface, member, arguments, &error);
        g_autoptr(GVariant) last = NULL;

        if (!reply)
                return outcome_of_error(error);
        /* The job is the last result. */
        last = g_variant_get_child_value(reply, g_variant_n_children(reply) - 1);
        if (g_variant_is_of_type(last, G_VARIANT_TYPE_OBJECT_PATH) &&
                g_str_has_prefix(g_variant_get_string(last, NULL), CR_JOB_PREFIX "/"))
                return wait_for_job(bus, g_variant_get_string(last, NULL));
        return (Outcome){.ending = ENDED_WELL};
}

/* ---- until all is quiet ---- */

static void revive(Story *story, guint s)
{
        Site *site = &story->sites[s];

        if (site->pid == 0 || waitpid(site->pid, NULL, WNOHANG) != site->pid)
                return;
        site->pid = 0;
        site_run(site);
}

/* A recovery that was killed, too, is tried again every minute, and when somebody asks. */
static gboolean is_quiet(Story *story, guint s)
{
        revive(story, s);
        if (!shown_read(story->buses[s], &story->shown[s]))
                return FALSE;
        if (story->shown[s].waits_for_recovery) {
                g_auto(Outcome) asked = story_manager(story, s, "PreviewReverseReplication", "(o)", SHOP);
                g_usleep(100000);
                return FALSE;
        }
        return !story->shown[s].is_busy;
}

void story_settle(Story *story)
{
        gint64 end = g_get_monotonic_time() + PATIENCE_USEC;

        for (guint s = 0; s < 2; s++)
                while (story->runs[s] && !is_quiet(story, s)) {
                        if (g_get_monotonic_time() > end)
                                story_fail(story, "site %c does not come to rest", 'A' + (int)s);
                        g_usleep(5000);
                }
}
