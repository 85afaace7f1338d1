/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "polkit/authorize.h"

#include <errno.h>
#include <glib.h>
#include <stdbool.h>

#include "polkit/question.h"

/* A bus daemon lets a connection have 128 calls without a reply (max_replies_per_connection) and answers the
 * next with an error, which would deny a caller who is authorized. So no more than this many are sent at a
 * time, the rest wait here, and a quarter of the bus's limit is left to whatever else the service calls. */
#define QUICK_SENT_MAX 64U
#define DIALOGS_SENT_MAX 32U

#define DIALOGS_MAX (CR_CHECKS_MAX / 2)

/* Every client that leaves the bus. One match for good, not one per check: messages arrive in order, so a
 * caller's departure can't come before its call, and no check has to wait for a match of its own. */
#define DEPARTURES                                                                                           \
        "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"                          \
        "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg2=''"

/* Checks of one kind, in the order in which they came. */
typedef struct Lane {
        GQueue waiting;
        GQueue sent;
        unsigned sent_max;
} Lane;

struct CrAuthority {
        sd_bus *bus;
        sd_bus_slot *departures;
        Lane quick;
        Lane dialogs;
        GHashTable *per_sender; /* unique name -> number of its checks, never 0 */
        uint64_t last_id;
};

typedef struct Check {
        GList link; /* in `queue` */
        CrAuthority *authority;
        GQueue *queue; /* one of the authority's, or one of checks that have ended */
        sd_bus_message *call;
        CrQuestion question;
        sd_bus_slot *reply_slot; /* while sent */
        CrVerdictFunc done;
        void *userdata;
        CrVerdict verdict; /* once ended */
        char *why;
} Check;

static Lane *check_lane(const Check *c)
{
        return c->question.dialog ? &c->authority->dialogs : &c->authority->quick;
}

static void check_move(Check *c, GQueue *queue)
{
        if (c->queue)
                g_queue_unlink(c->queue, &c->link);
        c->queue = queue;
        if (queue)
                g_queue_push_tail_link(queue, &c->link);
}

static unsigned count_of_sender(const CrAuthority *a, const char *sender)
{
        return GPOINTER_TO_UINT(g_hash_table_lookup(a->per_sender, sender));
}

static void set_count_of_sender(CrAuthority *a, const char *sender, unsigned n)
{
        if (n == 0)
                g_hash_table_remove(a->per_sender, sender);
        else
                g_hash_table_replace(a->per_sender, g_strdup(sender), GUINT_TO_POINTER(n));
}

static Check *check_new(CrAuthority *a, sd_bus_message *call, CrVerdictFunc done, void *userdata)
{
        Check *c = g_new0(Check, 1);

        c->authority = a;
        c->link.data = c;
        c->call = sd_bus_message_ref(call);
        c->done = done;
        c->userdata = userdata;
        return c;
}

/* Takes the check away from its authority, which it never touches again: whoever is told a verdict may free
 * it. */
static void check_detach(Check *c, GQueue *new_queue)
{
        const char *sender = c->question.sender;

        check_move(c, new_queue);
        set_count_of_sender(c->authority, sender, count_of_sender(c->authority, sender) - 1);
        c->reply_slot = sd_bus_slot_unref(c->reply_slot);
        c->authority = NULL;
}

static void check_free(Check *c)
{
        sd_bus_message_unref(c->call);
        cr_question_clear(&c->question);
        g_free(c->why);
        g_free(c);
}

/* Takes ownership of `why`. The verdict is told by tell_verdicts(). */
static void check_end(Check *c, CrVerdict verdict, char *why, GQueue *ended)
{
        c->verdict = verdict;
        c->why = why;
        check_detach(c, ended);
}

static void tell_verdicts(GQueue *ended)
{
        GList *link;

        while ((link = g_queue_pop_head_link(ended))) {
                Check *c = link->data;

                c->done(c->verdict, c->why, c->userdata);
                check_free(c);
        }
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error);

static int check_send(Check *c)
{
        int r;

        c->question.id = ++c->authority->last_id;
        r = cr_question_send(&c->question, c->authority->bus, on_reply, c, &c->reply_slot);
        if (r < 0)
                return r;
        check_move(c, &check_lane(c)->sent);
        return 0;
}

static void lane_fill(Lane *lane, GQueue *ended)
{
        while (lane->sent.length < lane->sent_max && lane->waiting.length > 0) {
                Check *c = g_queue_peek_head(&lane->waiting);
                int r = check_send(c);

                if (r < 0)
                        check_end(c, CR_VERDICT_UNAVAILABLE,
                                g_strdup_printf("polkit can't be asked: %s", g_strerror(-r)), ended);
        }
}

/* Fills what has become free, then tells; nothing of the authority may be touched after that. */
static void authority_settle(CrAuthority *a, GQueue *ended)
{
        lane_fill(&a->quick, ended);
        lane_fill(&a->dialogs, ended);
        tell_verdicts(ended);
}

static void check_ask_person(Check *c, GQueue *ended)
{
        Lane *dialogs = &c->authority->dialogs;

        if (dialogs->waiting.length + dialogs->sent.length >= DIALOGS_MAX) {
                check_end(c, CR_VERDICT_UNAVAILABLE,
                        g_strdup("too many callers wait for an authentication dialog"), ended);
                return;
        }
        c->question.dialog = true;
        c->reply_slot = sd_bus_slot_unref(c->reply_slot);
        check_move(c, &dialogs->waiting);
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
        Check *c = userdata;
        CrAuthority *a = c->authority;
        GQueue ended = G_QUEUE_INIT;
        g_autofree char *why = NULL;
        CrVerdict verdict = cr_question_read_reply(&c->question, reply, &why);

        if (verdict == CR_VERDICT_CHALLENGE &&
                sd_bus_message_get_allow_interactive_authorization(c->call) > 0)
                check_ask_person(c, &ended);
        else
                check_end(c, verdict, g_steal_pointer(&why), &ended);
        authority_settle(a, &ended);
        return 0;
}

/* Ends the checks of `sender`, or all of them if it is NULL. */
static void queue_end_gone(GQueue *queue, const char *sender, GQueue *ended)
{
        for (GList *link = queue->head, *next; link; link = next) {
                Check *c = link->data;

                next = link->next;
                if (sender && !g_str_equal(c->question.sender, sender))
                        continue;
                if (c->reply_slot)
                        cr_question_withdraw(&c->question, c->authority->bus);
                check_end(c, CR_VERDICT_GONE, g_strdup("the caller has left"), ended);
        }
}

static void authority_end_gone(CrAuthority *a, const char *sender, GQueue *ended)
{
        queue_end_gone(&a->quick.waiting, sender, ended);
        queue_end_gone(&a->quick.sent, sender, ended);
        queue_end_gone(&a->dialogs.waiting, sender, ended);
        queue_end_gone(&a->dialogs.sent, sender, ended);
}

static int on_departure(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error)
{
        CrAuthority *a = userdata;
        GQueue ended = G_QUEUE_INIT;
        const char *name;

        if (sd_bus_message_read(signal, "s", &name) < 0 || count_of_sender(a, name) == 0)
                return 0;
        authority_end_gone(a, name, &ended);
        authority_settle(a, &ended);
        return 0;
}

int cr_authority_new(sd_bus *bus, CrAuthority **ret)
{
        CrAuthority *a = g_new0(CrAuthority, 1);
        int r;

        a->bus = sd_bus_ref(bus);
        a->quick.sent_max = QUICK_SENT_MAX;
        a->dialogs.sent_max = DIALOGS_SENT_MAX;
        a->per_sender = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        r = sd_bus_add_match(bus, &a->departures, DEPARTURES, on_departure, a);
        if (r < 0) {
                cr_authority_free(a);
                return r;
        }
        *ret = a;
        return 0;
}

CrAuthority *cr_authority_free(CrAuthority *a)
{
        GQueue ended = G_QUEUE_INIT;

        if (!a)
                return NULL;
        authority_end_gone(a, NULL, &ended);
        sd_bus_slot_unref(a->departures);
        g_hash_table_unref(a->per_sender);
        sd_bus_unref(a->bus);
        g_free(a);
        tell_verdicts(&ended);
        return NULL;
}

unsigned cr_authority_count_pending(const CrAuthority *a)
{
        return a->quick.waiting.length + a->quick.sent.length + a->dialogs.waiting.length +
               a->dialogs.sent.length;
}

int cr_authority_check(CrAuthority *a, sd_bus_message *call, const char *action_id, const char *collection,
        const char *operation, CrVerdictFunc done, void *userdata)
{
        const char *sender = sd_bus_message_get_sender(call);
        Check *c;
        int r;

        if (!sender)
                return -EINVAL;
        if (cr_authority_count_pending(a) >= CR_CHECKS_MAX ||
                count_of_sender(a, sender) >= CR_CHECKS_PER_SENDER_MAX)
                return -ENOBUFS;

        c = check_new(a, call, done, userdata);
        cr_question_init(&c->question, sender, action_id, collection, operation);
        set_count_of_sender(a, sender, count_of_sender(a, sender) + 1);
        if (a->quick.sent.length >= a->quick.sent_max) {
                check_move(c, &a->quick.waiting);
                return 0;
        }
        r = check_send(c);
        if (r < 0) {
                check_detach(c, NULL);
                check_free(c);
        }
        return r;
}
