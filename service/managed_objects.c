/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/managed_objects.h"

#include "service/border.h"
#include "service/names.h"
#include "service/sd_cleanup.h"

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"

/* Callers that wait, all of them together and of one sender. */
#define WAITING_MAX 256U
#define WAITING_PER_SENDER_MAX 8U

struct CrManagedObjects {
        CrObjects *objects;
        sd_bus_slot *callback, *manager;
        sd_event_source *drained;
        GQueue waiting; /* sd_bus_message, owned */
};

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

static int on_loop_turned(sd_event_source *source, void *userdata)
{
        CrManagedObjects *managed = userdata;

        while (managed->waiting.length > 0 && is_drained(managed)) {
                g_autoptr(sd_bus_message) call = g_queue_pop_head(&managed->waiting);

                answer(managed, call);
        }
        if (managed->waiting.length == 0)
                (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

static guint count_of_sender(const CrManagedObjects *managed, const char *sender)
{
        guint n = 0;

        for (const GList *link = managed->waiting.head; link; link = link->next)
                n += g_strcmp0(sd_bus_message_get_sender(link->data), sender) == 0;
        return n;
}

static void wait_for_turn(CrManagedObjects *managed, sd_bus_message *call)
{
        g_autoptr(GError) error = NULL;

        if (managed->waiting.length < WAITING_MAX &&
                count_of_sender(managed, sd_bus_message_get_sender(call)) < WAITING_PER_SENDER_MAX) {
                g_queue_push_tail(&managed->waiting, sd_bus_message_ref(call));
                (void)sd_event_source_set_enabled(managed->drained, SD_EVENT_ON);
                return;
        }
        g_set_error(&error, CR_ERROR, CR_ERROR_OUT_OF_MEMORY,
                "too many callers wait for the list of objects; read the answers first");
        cr_border_reply_error(call, error);
}

static int on_call(sd_bus_message *call, void *userdata, sd_bus_error *ret_error)
{
        CrManagedObjects *managed = userdata;

        if (!sd_bus_message_is_method_call(call, OBJECT_MANAGER, "GetManagedObjects") ||
                !sd_bus_message_has_signature(call, ""))
                return 0;
        if (managed->waiting.length == 0 && is_drained(managed))
                answer(managed, call);
        else
                wait_for_turn(managed, call);
        return 1;
}

int cr_managed_objects_new(CrObjects *objects, sd_event *event, CrManagedObjects **ret)
{
        CrManagedObjects *managed = g_new0(CrManagedObjects, 1);
        sd_bus *bus = cr_objects_bus(objects);
        int r;

        managed->objects = objects;
        r = sd_event_add_post(event, &managed->drained, on_loop_turned, managed);
        if (r >= 0)
                r = sd_event_source_set_enabled(managed->drained, SD_EVENT_OFF);
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
                sd_bus_message_unref(g_queue_pop_head(&managed->waiting));
        sd_bus_slot_unref(managed->callback);
        sd_bus_slot_unref(managed->manager);
        sd_event_source_disable_unref(managed->drained);
        g_free(managed);
        return NULL;
}
