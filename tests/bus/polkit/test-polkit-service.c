/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-polkit-service.h"

#include <check.h>

#include "polkit/actions.h"

typedef struct Call {
        Service *service;
        sd_bus_message *message;
} Call;

static void on_verdict(CrVerdict verdict, const char *why, void *userdata)
{
        Call *call = userdata;
        Service *s = call->service;

        s->n_verdicts[verdict]++;
        s->last_verdict = verdict;
        g_free(s->last_why);
        s->last_why = g_strdup(why);
        if (verdict != CR_VERDICT_GONE)
                ck_assert_int_ge(sd_bus_reply_method_return(call->message, NULL), 0);
        sd_bus_message_unref(call->message);
        g_free(call);
}

static char *collection_of(sd_bus_message *m)
{
        const char *path;
        char *name = NULL;

        if (sd_bus_message_has_signature(m, "o") > 0) {
                ck_assert_int_gt(sd_bus_message_read(m, "o", &path), 0);
                ck_assert_int_gt(sd_bus_path_decode(path, SERVICE_PATH "/collection", &name), 0);
        }
        return name;
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Service *s = userdata;
        const char *member = sd_bus_message_get_member(m);
        const char *action = s->action ?: cr_action_of(sd_bus_message_get_interface(m), member);
        char *collection = collection_of(m);
        Call *call = g_new(Call, 1);
        unsigned n_before = service_count_verdicts(s);
        int r;

        ck_assert_ptr_nonnull(action);
        *call = (Call){s, sd_bus_message_ref(m)};
        r = cr_authority_check(s->authority, m, action, collection, member, on_verdict, call);
        ck_assert_uint_eq(service_count_verdicts(s), n_before);
        free(collection);
        if (r < 0) {
                s->n_refused++;
                s->last_refusal = r;
                sd_bus_message_unref(m);
                g_free(call);
                return sd_bus_reply_method_errno(m, r, NULL);
        }
        return 1;
}

void service_start(Service *s)
{
        *s = (Service){};
        ck_assert_int_ge(sd_event_new(&s->event), 0);
        ck_assert_int_ge(sd_bus_open_system(&s->bus), 0);
        ck_assert_int_ge(sd_bus_attach_event(s->bus, s->event, SD_EVENT_PRIORITY_NORMAL), 0);
        ck_assert_int_ge(sd_bus_add_object(s->bus, NULL, SERVICE_PATH, on_call, s), 0);
        ck_assert_int_ge(cr_authority_new(s->bus, &s->authority), 0);
        ck_assert_int_ge(sd_bus_request_name(s->bus, SERVICE_NAME, 0), 0);
}

void service_stop(Service *s)
{
        s->authority = cr_authority_free(s->authority);
        /* The bus may notice only later that the connection is closed, and the next test wants the name. */
        ck_assert_int_ge(sd_bus_release_name(s->bus, SERVICE_NAME), 0);
        sd_bus_flush_close_unref(s->bus);
        sd_event_unref(s->event);
        g_free(s->last_why);
}

unsigned service_count_verdicts(const Service *s)
{
        unsigned n = 0;

        for (size_t i = 0; i < G_N_ELEMENTS(s->n_verdicts); i++)
                n += s->n_verdicts[i];
        return n;
}

CrVerdict service_next_verdict(Service *s)
{
        unsigned n_before = service_count_verdicts(s);

        SERVICE_RUN_UNTIL(s, service_count_verdicts(s) > n_before);
        return s->last_verdict;
}
