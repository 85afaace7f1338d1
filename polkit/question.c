/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "polkit/question.h"

#include <glib.h>
#include <inttypes.h>

#define POLKIT_NAME "org.freedesktop.PolicyKit1"
#define POLKIT_PATH "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"
#define POLKIT_ALLOW_USER_INTERACTION UINT32_C(1)

#define UNATTENDED_TIMEOUT_USEC (UINT64_C(10) * 1000 * 1000)

/* The longest name that a collection may have; what is longer is refused later and need not be shown whole.
 */
#define COLLECTION_DETAIL_BYTES 64

/* "%" and a 64-bit number fit. */
#define ID_SIZE 32

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sd_bus_message, sd_bus_message_unref)

/* A dialog must not be made to show lines that a caller made up. */
static char *detail_of(const char *text)
{
        g_autoptr(GString) detail = g_string_new(NULL);

        for (const char *p = text; p && *p; p = g_utf8_next_char(p)) {
                gunichar c = g_utf8_get_char(p);

                if (detail->len + (gsize)(g_utf8_next_char(p) - p) > COLLECTION_DETAIL_BYTES)
                        break;
                g_string_append_unichar(detail, g_unichar_iscntrl(c) ? '?' : c);
        }
        return g_string_free(g_steal_pointer(&detail), FALSE);
}

void cr_question_init(CrQuestion *q, const char *sender, const char *action_id, const char *collection,
        const char *operation)
{
        *q = (CrQuestion){
                .sender = g_strdup(sender),
                .action_id = g_strdup(action_id),
                .collection = detail_of(collection),
                .operation = g_strdup(operation),
        };
}

void cr_question_clear(CrQuestion *q)
{
        g_free(q->sender);
        g_free(q->action_id);
        g_free(q->collection);
        g_free(q->operation);
        *q = (CrQuestion){};
}

static int new_call(sd_bus *bus, const char *member, sd_bus_message **ret)
{
        return sd_bus_message_new_method_call(bus, ret, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE, member);
}

static void format_id(const CrQuestion *q, char id[static ID_SIZE])
{
        g_snprintf(id, ID_SIZE, "check-%" PRIu64, q->id);
}

int cr_question_send(const CrQuestion *q, sd_bus *bus, sd_bus_message_handler_t on_reply, void *userdata,
        sd_bus_slot **ret_slot)
{
        g_autoptr(sd_bus_message) m = NULL;
        char id[ID_SIZE];
        int r;

        format_id(q, id);
        r = new_call(bus, "CheckAuthorization", &m);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s", q->sender,
                q->action_id, 2, "collection", q->collection, "operation", q->operation,
                q->dialog ? POLKIT_ALLOW_USER_INTERACTION : 0, id);
        if (r < 0)
                return r;
        r = sd_bus_call_async(
                bus, ret_slot, m, on_reply, userdata, q->dialog ? UINT64_MAX : UNATTENDED_TIMEOUT_USEC);
        return r < 0 ? r : 0;
}

void cr_question_withdraw(const CrQuestion *q, sd_bus *bus)
{
        g_autoptr(sd_bus_message) m = NULL;
        char id[ID_SIZE];

        /* Best effort: a check that has just ended is unknown to polkit, and without polkit there is no
         * dialog. */
        format_id(q, id);
        if (new_call(bus, "CancelCheckAuthorization", &m) < 0 || sd_bus_message_append(m, "s", id) < 0 ||
                sd_bus_message_set_auto_start(m, false) < 0 || sd_bus_message_set_expect_reply(m, false) < 0)
                return;
        (void)sd_bus_send(bus, m, NULL);
}

static bool was_dismissed(sd_bus_message *reply)
{
        const char *key, *value;
        bool dismissed = false;

        if (sd_bus_message_enter_container(reply, 'a', "{ss}") < 0)
                return false;
        while (sd_bus_message_read(reply, "{ss}", &key, &value) > 0)
                dismissed |= g_str_equal(key, "polkit.dismissed");
        return dismissed;
}

static CrVerdict verdict_of_no(const CrQuestion *q, bool challenge, sd_bus_message *reply, char **ret_why)
{
        if (challenge && !q->dialog) {
                *ret_why = g_strdup("authentication is required, and the call does not allow asking for it");
                return CR_VERDICT_CHALLENGE;
        }
        if (challenge)
                *ret_why =
                        g_strdup("authentication is required, and no authentication agent is there to ask");
        else if (was_dismissed(reply))
                *ret_why = g_strdup("the authentication dialog was dismissed");
        else
                *ret_why = g_strdup("polkit does not authorize the caller");
        return CR_VERDICT_DENIED;
}

CrVerdict cr_question_read_reply(const CrQuestion *q, sd_bus_message *reply, char **ret_why)
{
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        int authorized, challenge, r;

        if (error) {
                *ret_why = g_strdup_printf("polkit can't be asked: %s", error->message ?: error->name);
                return CR_VERDICT_UNAVAILABLE;
        }
        r = sd_bus_message_enter_container(reply, 'r', "bba{ss}");
        if (r > 0)
                r = sd_bus_message_read(reply, "bb", &authorized, &challenge);
        if (r <= 0) {
                *ret_why = g_strdup("polkit's answer can't be read");
                return CR_VERDICT_UNAVAILABLE;
        }
        if (!authorized)
                return verdict_of_no(q, challenge, reply, ret_why);
        *ret_why = g_strdup("");
        return CR_VERDICT_ALLOWED;
}
