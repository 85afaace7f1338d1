/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bus/contract/answer.h"

#include <stdarg.h>
#include <string.h>

#define ERROR_PREFIX "org.example.CollectionReplication.Error."
/* The service answers within 15 s; a machine that does much else gets more. */
#define CALL_USEC (UINT64_C(60) * G_USEC_PER_SEC)

/* From the documentation of the class, in the order of the values from 32768. Written down here once more, as
 * callers know them. */
static const char *const words[] = {"Failed", "AccessDenied", "NotSupported", "StatusUnknown", "Timeout",
        "InvalidParameter", "InUse", "InvalidState", "IncorrectDataType", "NotAvailable", "OutOfMemory",
        "FileNotFound"};

struct Pending {
        sd_bus *bus;
        sd_bus_slot *call, *matches[2];
        gboolean ended;
        Answer answer;
};

void answer_clear(Answer *answer)
{
        g_clear_pointer(&answer->error, g_free);
        g_clear_pointer(&answer->message, g_free);
        g_clear_pointer(&answer->path, g_free);
        g_clear_pointer(&answer->signals, g_ptr_array_unref);
}

const char *value_word(guint value)
{
        ck_assert_uint_ge(value, 32768);
        ck_assert_uint_lt(value - 32768, G_N_ELEMENTS(words));
        return words[value - 32768];
}

static int on_signal(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
        Pending *pending = userdata;
        const char *path = "", *member = sd_bus_message_get_member(signal);

        if (strcmp(member, "JobNew") == 0)
                ck_assert_int_gt(sd_bus_message_read(signal, "to", NULL, &path), 0);
        else
                ck_assert_int_gt(sd_bus_message_read(signal, "o", &path), 0);
        g_ptr_array_add(pending->answer.signals, g_strdup_printf("%s %s", member, path));
        return 0;
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        Pending *pending = userdata;
        const char *path;

        pending->ended = TRUE;
        if (error) {
                pending->answer.error = g_strdup(error->name);
                pending->answer.message = g_strdup(error->message ? error->message : "");
        } else if (sd_bus_message_peek_type(reply, &(char){0}, NULL) > 0 &&
                   *sd_bus_message_get_signature(reply, TRUE) == 'o') {
                ck_assert_int_gt(sd_bus_message_read(reply, "o", &path), 0);
                pending->answer.path = g_strdup(path);
        }
        return 0;
}

static void watch(Pending *pending)
{
        static const struct {
                const char *interface, *member;
        } watched[] = {
                {"org.freedesktop.DBus.ObjectManager", "InterfacesAdded"}, {CR_MANAGER_INTERFACE, "JobNew"}};

        for (gsize i = 0; i < G_N_ELEMENTS(watched); i++)
                ck_assert_int_ge(sd_bus_match_signal(pending->bus, &pending->matches[i], CR_BUS_NAME, MANAGER,
                                         watched[i].interface, watched[i].member, on_signal, pending),
                        0);
}

Pending *ask_later(sd_bus *bus, sd_bus_message *message)
{
        Pending *pending = g_new0(Pending, 1);

        pending->bus = bus;
        pending->answer.signals = g_ptr_array_new_with_free_func(g_free);
        watch(pending);
        ck_assert_int_ge(sd_bus_call_async(bus, &pending->call, message, on_answer, pending, CALL_USEC), 0);
        sd_bus_message_unref(message);
        ck_assert_int_ge(sd_bus_flush(bus), 0);
        return pending;
}

gboolean pending_has_ended(Pending *pending)
{
        int r;

        do {
                r = sd_bus_process(pending->bus, NULL);
                ck_assert_int_ge(r, 0);
        } while (r > 0);
        return pending->ended;
}

Answer pending_answer(Pending *pending)
{
        Answer answer;

        while (!pending->ended) {
                int r = sd_bus_process(pending->bus, NULL);

                ck_assert_int_ge(r, 0);
                if (r == 0)
                        ck_assert_int_ge(sd_bus_wait(pending->bus, UINT64_MAX), 0);
        }
        sd_bus_slot_unref(pending->call);
        for (gsize i = 0; i < G_N_ELEMENTS(pending->matches); i++)
                sd_bus_slot_unref(pending->matches[i]);
        answer = pending->answer;
        g_free(pending);
        return answer;
}

Answer answer_to(sd_bus *bus, sd_bus_message *message)
{
        return pending_answer(ask_later(bus, message));
}

Answer ask(sd_bus *bus, const char *path, const char *interface, const char *member, const char *types, ...)
{
        sd_bus_message *m = NULL;
        va_list arguments;

        ck_assert_int_ge(sd_bus_message_new_method_call(bus, &m, CR_BUS_NAME, path, interface, member), 0);
        va_start(arguments, types);
        if (types)
                ck_assert_int_ge(sd_bus_message_appendv(m, types, arguments), 0);
        va_end(arguments);
        return answer_to(bus, m);
}

/* A job that came too late for the answer's own list would come before the answer to another call. */
static void check_no_job(sd_bus *bus, const Answer *answer)
{
        g_auto(Answer) later = ask(bus, MANAGER, "org.freedesktop.DBus.Properties", "Get", "ss",
                CR_MANAGER_INTERFACE, "Version");

        ck_assert_ptr_null(later.error);
        ck_assert_msg(answer->signals->len == 0, "the refused call was followed by '%s'",
                (char *)answer->signals->pdata[0]);
        ck_assert_msg(later.signals->len == 0, "the refused call was followed by '%s'",
                (char *)later.signals->pdata[0]);
}

static void check_words(const Answer *answer, guint value, const char *object)
{
        g_autofree char *tail = g_strdup_printf(" (%u %s)", value, value_word(value));

        ck_assert_msg(
                g_str_has_suffix(answer->message, tail), "'%s' does not end in '%s'", answer->message, tail);
        ck_assert_msg(
                strstr(answer->message, object) != NULL, "'%s' does not name %s", answer->message, object);
}

void check_refused(sd_bus *bus, const Answer *answer, guint value, const char *object)
{
        g_autofree char *name = g_strconcat(ERROR_PREFIX, value_word(value), NULL);

        ck_assert_msg(answer->error != NULL, "the call succeeded (%s), which should fail with %s",
                answer->path, name);
        ck_assert_msg(
                strcmp(answer->error, name) == 0, "%s (%s), not %s", answer->error, answer->message, name);
        check_words(answer, value, object);
        check_no_job(bus, answer);
}

void check_challenged(sd_bus *bus, const Answer *answer, const char *object)
{
        ck_assert_msg(answer->error != NULL, "the call succeeded (%s)", answer->path);
        ck_assert_str_eq(answer->error, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired");
        check_words(answer, 32769, object);
        check_no_job(bus, answer);
}

void check_done(sd_bus *bus, const Answer *answer)
{
        ck_assert_msg(!answer->error, "%s: %s", answer->error, answer->message);
        ck_assert_str_eq(answer->path, "/");
        check_no_job(bus, answer);
}

void check_started(const Answer *answer)
{
        g_autofree char *added = g_strdup_printf("InterfacesAdded %s", answer->path);
        g_autofree char *announced = g_strdup_printf("JobNew %s", answer->path);

        ck_assert_msg(!answer->error, "%s: %s", answer->error, answer->message);
        ck_assert_msg(g_str_has_prefix(answer->path, MANAGER "/job/_"), "'%s' is no job", answer->path);
        ck_assert_uint_eq(answer->signals->len, 2);
        ck_assert_str_eq(answer->signals->pdata[0], added);
        ck_assert_str_eq(answer->signals->pdata[1], announced);
}

void check_completes(sd_bus *bus, const Answer *answer)
{
        g_autoptr(sd_bus_message) reply = NULL;
        const char *name, *message;
        guint32 value;

        ck_assert_msg(!answer->error, "%s: %s", answer->error, answer->message);
        if (strcmp(answer->path, "/") == 0)
                return;
        reply = call(bus, answer->path, CR_JOB_INTERFACE, "Wait", NULL);
        ck_assert_int_gt(sd_bus_message_read(reply, "uss", &value, &name, &message), 0);
        ck_assert_msg(value == 0, "the job ended with %u %s: %s", value, name, message);
}

void check_fails(sd_bus *bus, const Answer *answer, guint value, const char *object)
{
        g_autoptr(sd_bus_message) reply = NULL;
        const char *name, *message;
        guint32 found;

        check_started(answer);
        reply = call(bus, answer->path, CR_JOB_INTERFACE, "Wait", NULL);
        ck_assert_int_gt(sd_bus_message_read(reply, "uss", &found, &name, &message), 0);
        ck_assert_msg(found == value, "the job ended with %u %s: %s", found, name, message);
        ck_assert_msg(strstr(message, object) != NULL, "'%s' does not name %s", message, object);
}
