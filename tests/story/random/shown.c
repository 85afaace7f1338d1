/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/story/random/shown.h"

#include <string.h>

void shown_clear(Shown *shown)
{
        for (guint i = 0; i < N_DISKS; i++) {
                g_free(shown->paths[i]);
                g_free(shown->test_paths[i]);
        }
        g_clear_pointer(&shown->points, g_array_unref);
        g_clear_pointer(&shown->divergences, g_array_unref);
        *shown = (Shown){0};
}

static CrId lookup_id(GVariant *properties, const char *name)
{
        CrId id = CR_ID_NONE;
        const char *text;

        ck_assert_msg(g_variant_lookup(properties, name, "&s", &text), "there is no property %s", name);
        ck_assert_msg(*text == '\0' || cr_id_parse(text, &id), "%s is '%s', no id", name, text);
        return id;
}

static void read_disks(GVariant *properties, char **ret_paths)
{
        g_autoptr(GVariant) disks = g_variant_lookup_value(properties, "Disks", G_VARIANT_TYPE("a(sst)"));

        ck_assert_uint_eq(g_variant_n_children(disks), N_DISKS);
        for (guint i = 0; i < N_DISKS; i++)
                g_variant_get_child(disks, i, "(sst)", NULL, &ret_paths[i], NULL);
}

static gboolean waits_for_recovery(GVariant *properties)
{
        g_autoptr(GVariant) issues =
                g_variant_lookup_value(properties, "HealthIssues", G_VARIANT_TYPE("a(ss)"));
        GVariantIter iter;
        const char *id;

        g_variant_iter_init(&iter, issues);
        while (g_variant_iter_next(&iter, "(&s&s)", &id, NULL))
                if (strstr(id, "recover"))
                        return TRUE;
        return FALSE;
}

static void read_collection(GVariant *properties, Shown *shown)
{
        g_autoptr(GVariant) settings = g_variant_lookup_value(properties, "Settings", G_VARIANT_TYPE_VARDICT);
        const char *role, *state, *job;
        guint16 history = 0;

        ck_assert(g_variant_lookup(properties, "Role", "&s", &role) &&
                  g_variant_lookup(properties, "State", "&s", &state) &&
                  g_variant_lookup(properties, "Generation", "t", &shown->generation) &&
                  g_variant_lookup(properties, "CurrentJob", "&o", &job) &&
                  g_variant_lookup(settings, "RecoveryHistory", "q", &history));
        ck_assert(cr_role_from_word(role, &shown->role) && cr_state_from_word(state, &shown->state));
        ck_assert_msg(cr_state_occurs(shown->role, shown->state), "a %s is %s", role, state);
        shown->exists = TRUE;
        shown->id = lookup_id(properties, "Id");
        shown->history = history;
        shown->is_busy = strcmp(job, "/") != 0;
        shown->waits_for_recovery = waits_for_recovery(properties);
        read_disks(properties, shown->paths);
}

static void read_object(const char *path, GVariant *interfaces, Shown *shown)
{
        g_autoptr(GVariant) collection = g_variant_lookup_value(interfaces, CR_COLLECTION_INTERFACE, NULL);
        g_autoptr(GVariant) point = g_variant_lookup_value(interfaces, CR_POINT_INTERFACE, NULL);
        g_autoptr(GVariant) divergence = g_variant_lookup_value(interfaces, CR_DIVERGENCE_INTERFACE, NULL);

        const char *name = "";

        if (collection && strcmp(path, SHOP) == 0)
                read_collection(collection, shown);
        if (collection && g_variant_lookup(collection, "Name", "&s", &name) &&
                strcmp(name, TEST_COPY_NAME) == 0) {
                shown->has_test_copy = TRUE;
                read_disks(collection, shown->test_paths);
        }
        if (point && g_str_has_prefix(path, SHOP "/")) {
                ShownPoint one = {lookup_id(point, "Id"), lookup_id(point, "Parent")};

                g_array_append_val(shown->points, one);
        }
        if (divergence && g_str_has_prefix(path, SHOP "/")) {
                ShownDivergence one = {lookup_id(divergence, "Id"), lookup_id(divergence, "CommonPoint")};

                g_array_append_val(shown->divergences, one);
        }
}

gboolean shown_read(GDBusConnection *bus, Shown *shown)
{
        g_autoptr(GVariant) body = g_dbus_connection_call_sync(bus, CR_BUS_NAME, MANAGER,
                "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL,
                G_VARIANT_TYPE("(a{oa{sa{sv}}})"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL, NULL);
        g_autoptr(GVariant) objects = body ? g_variant_get_child_value(body, 0) : NULL;
        GVariantIter iter;
        const char *path;
        GVariant *interfaces;

        shown_clear(shown);
        if (!objects)
                return FALSE;
        shown->points = g_array_new(FALSE, FALSE, sizeof(ShownPoint));
        shown->divergences = g_array_new(FALSE, FALSE, sizeof(ShownDivergence));
        g_variant_iter_init(&iter, objects);
        while (g_variant_iter_loop(&iter, "{&o@a{sa{sv}}}", &path, &interfaces))
                read_object(path, interfaces, shown);
        return TRUE;
}

gboolean shown_has_point(const Shown *shown, const CrId *id)
{
        for (guint i = 0; i < shown->points->len; i++)
                if (cr_id_equal(&g_array_index(shown->points, ShownPoint, i).id, id))
                        return TRUE;
        return FALSE;
}
