/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/managed_objects.h"

#include "service/border.h"
#include "service/names.h"
#include "service/sd_cleanup.h"

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

/* Callers that wait, all of them together and of one sender. */
#define WAITING_MAX 64U
#define WAITING_PER_SENDER_MAX 4U

struct CrManagedObjects {
        CrObjects *objects;
        CrDepartures *departures;
        sd_bus_slot *callback, *manager;
        sd_event_source *turn;  /* when nothing else is to be done: makes one answer */
        sd_event_source *drain; /* while the last answer is not sent: looks whether it is now */
        GQueue waiting;         /* Waiting */
};

typedef struct Waiting {
        CrManagedObjects *managed;
        sd_bus_message *call;
        CrDeparture *departure;
        GList link;
} Waiting;

static void waiting_free(Waiting *waiting)
{
        g_queue_unlink(&waiting->managed->waiting, &waiting->link);
        cr_departure_free(waiting->departure);
        sd_bus_message_unref(waiting->call);
        g_free(waiting);
}

static int append_object(sd_bus_message *reply, const CrObject *object)
{
        int r = sd_bus_message_open_container(reply, SD_BUS_TYPE_DICT_ENTRY, "oa{sa{sv}}");

        if (r >= 0)
                r = sd_bus_message_append_basic(reply, SD_BUS_TYPE_OBJECT_PATH, object->path);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, SD_BUS_TYPE_ARRAY, "{sa{sv}}");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, SD_BUS_TYPE_DICT_ENTRY, "sa{sv}");
        if (r >= 0)
                r = sd_bus_message_append_basic(reply, SD_BUS_TYPE_STRING, object->interface->name);
        if (r >= 0)
                r = cr_object_append_properties(object, reply);
        for (int i = 0; i < 3 && r >= 0; i++)
                r = sd_bus_message_close_container(reply);
        return r;
}

static int append_all(sd_bus_message *reply, CrObjects *objects)
{
        GHashTableIter iter;
        gpointer object;
        int r = sd_bus_message_open_container(reply, SD_BUS_TYPE_ARRAY, "{oa{sa{sv}}}");

        cr_objects_iterate(objects, &iter);
        while (r >= 0 && g_hash_table_iter_next(&iter, NULL, &object))
                r = append_object(reply, object);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static void answer(CrManagedObjects *managed, sd_bus_message *call)
{
        g_autoptr(sd_bus_message) reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = append_all(reply, managed->objects);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        cr_border_finish(call, r, "the objects can't be listed");
}

static gboolean is_drained(CrManagedObjects *managed)
{
        uint64_t n;

        return sd_bus_get_n_queued_write(cr_objects_bus(managed->objects), &n) < 0 || n == 0;
}

/* One at a time: between two of these whoever asks for less is answered. */
static int on_turn(sd_event_source *source, void *userdata)
{
        CrManagedObjects *managed = userdata;
        Waiting *first = g_queue_peek_head(&managed->waiting);

        if (!first)
                return 0;
        if (!is_drained(managed))
                return sd_event_source_set_enabled(managed->drain, SD_EVENT_ON);
        answer(managed, first->call);
        waiting_free(first);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* After whatever the loop did, sending included. */
static int on_loop_turned(sd_event_source *source, void *userdata)
{
        CrManagedObjects *managed = userdata;

        if (!is_drained(managed))
                return 0;
        (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return sd_event_source_set_enabled(managed->turn, SD_EVENT_ONESHOT);
}

static guint count_of_sender(const CrManagedObjects *managed, const char *sender)
{
        guint n = 0;

        for (const GList *link = managed->waiting.head; link; link = link->next)
                n += g_strcmp0(sd_bus_message_get_sender(((const Waiting *)link->data)->call), sender) == 0;
        return n;
}

static void on_left(void *userdata)
{
        waiting_free(userdata);
}

static void enqueue(CrManagedObjects *managed, sd_bus_message *call)
{
        const char *sender = sd_bus_message_get_sender(call);
        g_autoptr(GError) error = NULL;
        Waiting *waiting;

        if (managed->waiting.length >= WAITING_MAX ||
                count_of_sender(managed, sender) >= WAITING_PER_SENDER_MAX) {
                g_set_error(&error, CR_ERROR, CR_ERROR_OUT_OF_MEMORY,
                        "too many calls wait for the list of objects; wait for some of the answers");
                cr_border_reply_error(call, error);
                return;
        }
        waiting = g_new0(Waiting, 1);
        *waiting = (Waiting){managed, sd_bus_message_ref(call), NULL, {waiting}};
        waiting->departure = cr_departure_watch(managed->departures, sender, on_left, waiting);
        g_queue_push_tail_link(&managed->waiting, &waiting->link);
        (void)sd_event_source_set_enabled(managed->turn, SD_EVENT_ONESHOT);
}

static int on_call(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
        if (!sd_bus_message_is_method_call(call, OBJECT_MANAGER, "GetManagedObjects") ||
                !sd_bus_message_has_signature(call, ""))
                return 0;
        /* A long list for nobody would be work for nothing. */
        if (sd_bus_message_get_expect_reply(call))
                enqueue(userdata, call);
        return 1;
}

static int add_sources(CrManagedObjects *managed, sd_event *event)
{
        int r = sd_event_add_defer(event, &managed->turn, on_turn, managed);

        if (r >= 0)
                r = sd_event_source_set_enabled(managed->turn, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_source_set_priority(managed->turn, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_add_post(event, &managed->drain, on_loop_turned, managed);
        return r < 0 ? r : sd_event_source_set_enabled(managed->drain, SD_EVENT_OFF);
}

int cr_managed_objects_new(
        CrObjects *objects, sd_event *event, CrDepartures *departures, CrManagedObjects **ret)
{
        CrManagedObjects *managed = g_new0(CrManagedObjects, 1);
        sd_bus *bus = cr_objects_bus(objects);
        int r;

        managed->objects = objects;
        managed->departures = departures;
        r = add_sources(managed, event);
        if (r >= 0)
                r = sd_bus_add_object(bus, &managed->callback, CR_MANAGER_PATH, on_call, managed);
        if (r >= 0)
                r = sd_bus_add_object_manager(bus, &managed->manager, CR_MANAGER_PATH);
        if (r < 0)
                return cr_managed_objects_free(managed), r;
        *ret = managed;
        return 0;
}

CrManagedObjects *cr_managed_objects_free(CrManagedObjects *managed)
{
        if (!managed)
                return NULL;
        while (managed->waiting.head)
                waiting_free(managed->waiting.head->data);
        sd_bus_slot_unref(managed->callback);
        sd_bus_slot_unref(managed->manager);
        sd_event_source_disable_unref(managed->turn);
        sd_event_source_disable_unref(managed->drain);
        g_free(managed);
        return NULL;
}
