/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-polkit-agent.h"

#include <check.h>
#include <glib.h>

#define AGENT_PATH "/org/example/CollectionReplicationTest/Agent"
#define AGENT_INTERFACE "org.freedesktop.PolicyKit1.AuthenticationAgent"
#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

/* The dialog is done with when BeginAuthentication is answered; polkit sends its reply only after that. */
static int on_authenticated(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        sd_bus_message *begin = userdata;
        int r;

        ck_assert_ptr_null(sd_bus_message_get_error(reply));
        r = sd_bus_reply_method_return(begin, NULL);
        sd_bus_message_unref(begin);
        return r;
}

static int authenticate(Agent *a, sd_bus_message *begin, const char *cookie)
{
        return sd_bus_call_method_async(a->bus, NULL, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                "AuthenticationAgentResponse2", on_authenticated, sd_bus_message_ref(begin), "us(sa{sv})", 0,
                cookie, "unix-user", 1, "uid", "u", 0);
}

static int on_begin(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Agent *a = userdata;
        const char *action, *message, *icon, *cookie;

        ck_assert_int_gt(sd_bus_message_read(m, "sss", &action, &message, &icon), 0);
        ck_assert_int_gt(sd_bus_message_skip(m, "a{ss}"), 0);
        ck_assert_int_gt(sd_bus_message_read(m, "s", &cookie), 0);
        g_free(a->last_action);
        g_free(a->last_message);
        a->last_action = g_strdup(action);
        a->last_message = g_strdup(message);
        a->n_begun++;
        if (a->habit == AGENT_DISMISSES)
                return sd_bus_reply_method_errorf(
                        m, "org.freedesktop.PolicyKit1.Error.Cancelled", "The dialog was dismissed");
        if (a->habit == AGENT_AUTHENTICATES)
                ck_assert_int_ge(authenticate(a, m, cookie), 0);
        return 1;
}

static int on_cancel(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Agent *a = userdata;

        a->n_cancelled++;
        return sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable agent_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("BeginAuthentication", "sssa{ss}sa(sa{sv})", "", on_begin, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("CancelAuthentication", "s", "", on_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

void agent_start(Agent *a, sd_event *event, AgentHabit habit)
{
        *a = (Agent){.habit = habit};
        ck_assert_int_ge(sd_bus_open_system(&a->bus), 0);
        ck_assert_int_ge(sd_bus_attach_event(a->bus, event, SD_EVENT_PRIORITY_NORMAL), 0);
        ck_assert_int_ge(
                sd_bus_add_object_vtable(a->bus, NULL, AGENT_PATH, AGENT_INTERFACE, agent_vtable, a), 0);
}

void agent_stop(Agent *a)
{
        sd_bus_flush_close_unref(a->bus);
        g_free(a->last_action);
        g_free(a->last_message);
}

void agent_serve(Agent *a, pid_t pid)
{
        sd_bus_error error = SD_BUS_ERROR_NULL;
        /* A start time of 0 makes polkit look it up. */
        int r = sd_bus_call_method(a->bus, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE,
                "RegisterAuthenticationAgent", &error, NULL, "(sa{sv})ss", "unix-process", 2, "pid", "u",
                (uint32_t)pid, "start-time", "t", UINT64_C(0), "C", AGENT_PATH);

        ck_assert_msg(r >= 0, "%s", error.message);
        sd_bus_error_free(&error);
}
