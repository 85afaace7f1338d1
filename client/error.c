/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/error.h"

#include <gio/gio.h>

#include "client/text.h"

#define PREFIX "org.example.CollectionReplication.Error."

static const struct {
        guint32 value;
        const char *name;
} results[] = {
        {32768, "Failed"},
        {32769, "AccessDenied"},
        {32770, "NotSupported"},
        {32771, "StatusUnknown"},
        {32772, "Timeout"},
        {32773, "InvalidParameter"},
        {32774, "InUse"},
        {32775, "InvalidState"},
        {32776, "IncorrectDataType"},
        {32777, "NotAvailable"},
        {32778, "OutOfMemory"},
        {32779, "FileNotFound"},
};

G_DEFINE_QUARK(cr - client - error - quark, cr_client_error)

guint32 cr_error_value(const char *dbus_name)
{
        if (g_strcmp0(dbus_name, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired") == 0)
                return 32769;
        if (dbus_name == NULL || !g_str_has_prefix(dbus_name, PREFIX))
                return 0;
        const char *name = dbus_name + strlen(PREFIX);
        if (g_str_equal(name, "Cancelled"))
                return 32768;
        for (gsize i = 0; i < G_N_ELEMENTS(results); i++)
                if (g_str_equal(name, results[i].name))
                        return results[i].value;
        return 0;
}

const char *cr_error_name(guint32 value)
{
        for (gsize i = 0; i < G_N_ELEMENTS(results); i++)
                if (results[i].value == value)
                        return results[i].name;
        return NULL;
}

GError *cr_error_new(const char *dbus_name, const char *message)
{
        return g_dbus_error_new_for_dbus_error(dbus_name, message);
}

int cr_error_exit_status(const GError *error)
{
        if (g_error_matches(error, CR_CLIENT_ERROR, CR_CLIENT_ERROR_USAGE) || error->domain == G_OPTION_ERROR)
                return 2;
        return 1;
}

/* What the bus itself answers says nothing to a person; these say what it means here. */
static const char *bus_error_meaning(const char *dbus_name)
{
        static const struct {
                const char *name;
                const char *meaning;
        } meanings[] = {
                {"org.freedesktop.DBus.Error.ServiceUnknown", "the service is not running on this bus"},
                {"org.freedesktop.DBus.Error.NameHasNoOwner", "the service is not running on this bus"},
                {"org.freedesktop.DBus.Error.NoReply", "the service went away or did not answer in time"},
                {"org.freedesktop.DBus.Error.UnknownObject", "there is no such object (any more)"},
                {"org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
                        "authentication is needed; call again without --no-ask-password"},
        };
        for (gsize i = 0; i < G_N_ELEMENTS(meanings); i++)
                if (g_strcmp0(dbus_name, meanings[i].name) == 0)
                        return meanings[i].meaning;
        return NULL;
}

static char *error_message(const GError *error, const char *dbus_name)
{
        if (dbus_name == NULL)
                return cr_text_printable(error->message);

        g_autoptr(GError) plain = g_error_copy(error);
        g_dbus_error_strip_remote_error(plain);
        const char *meaning = bus_error_meaning(dbus_name);
        g_autofree char *text = meaning == NULL ? g_strdup(plain->message)
                                                : g_strdup_printf("%s: %s", meaning, plain->message);
        return cr_text_printable(text);
}

/* The last part of an error's name: what stands behind the value. */
static const char *short_name(const char *dbus_name)
{
        return strrchr(dbus_name, '.') + 1;
}

char *cr_error_text(const GError *error)
{
        g_autofree char *dbus_name = g_dbus_error_get_remote_error(error);
        g_autofree char *message = error_message(error, dbus_name);
        guint32 value = cr_error_value(dbus_name);
        if (value == 0)
                return g_steal_pointer(&message);

        g_autofree char *number = g_strdup_printf("(%u ", value);
        if (g_str_has_suffix(message, ")") && strstr(message, number) != NULL)
                return g_steal_pointer(&message);
        return g_strdup_printf("%s (%u %s)", message, value, short_name(dbus_name));
}

JsonNode *cr_error_json(const GError *error)
{
        g_autofree char *dbus_name = g_dbus_error_get_remote_error(error);
        g_autofree char *message = error_message(error, dbus_name);
        g_autoptr(JsonBuilder) builder = json_builder_new();
        json_builder_begin_object(builder);
        json_builder_set_member_name(builder, "Error");
        json_builder_begin_object(builder);
        json_builder_set_member_name(builder, "Name");
        json_builder_add_string_value(builder, dbus_name == NULL ? "" : dbus_name);
        json_builder_set_member_name(builder, "Value");
        json_builder_add_int_value(builder, cr_error_value(dbus_name));
        json_builder_set_member_name(builder, "Message");
        json_builder_add_string_value(builder, message);
        json_builder_end_object(builder);
        json_builder_end_object(builder);
        return json_builder_get_root(builder);
}
