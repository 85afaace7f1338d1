/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bus/contract/definition.h"

Answer define(Site *site, const char *name, const NamedDisk *disks, gsize n)
{
        sd_bus_message *m = NULL;

        ck_assert_int_ge(sd_bus_message_new_method_call(site->bus, &m, CR_BUS_NAME, MANAGER,
                                 CR_MANAGER_INTERFACE, "DefineCollection"),
                0);
        ck_assert_int_ge(sd_bus_message_append(m, "s", name), 0);
        ck_assert_int_ge(sd_bus_message_open_container(m, 'a', "(ss)"), 0);
        for (gsize i = 0; i < n; i++)
                ck_assert_int_ge(sd_bus_message_append(m, "(ss)", disks[i].name, disks[i].path), 0);
        ck_assert_int_ge(sd_bus_message_close_container(m), 0);
        ck_assert_int_ge(sd_bus_message_append(m, "a{sv}", 0), 0);
        return answer_to(site->bus, m);
}

/* Collections that the tree shows. */
static guint count(Site *site)
{
        g_autoptr(sd_bus_message) reply =
                call(site->bus, MANAGER, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", NULL);
        const char *path;
        guint n = 0;

        ck_assert_int_ge(sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}"), 0);
        while (sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}") > 0) {
                ck_assert_int_gt(sd_bus_message_read(reply, "o", &path), 0);
                n += g_str_has_prefix(path, MANAGER "/collection/");
                ck_assert_int_gt(sd_bus_message_skip(reply, "a{sa{sv}}"), 0);
                ck_assert_int_ge(sd_bus_message_exit_container(reply), 0);
        }
        return n;
}

void check_define_refused(
        Site *site, const char *name, const NamedDisk *disks, gsize n, guint value, const char *object)
{
        guint before = count(site);
        g_auto(Answer) answer = define(site, name, disks, n);

        check_refused(site->bus, &answer, value, object);
        ck_assert_uint_eq(count(site), before);
}

void check_image_refused(Site *site, const char *path, guint value)
{
        const NamedDisk disk = {"root", path};

        check_define_refused(site, "shop", &disk, 1, value, path);
}

void check_image_unsupported(Site *site, const char *path, const char *reason)
{
        const NamedDisk disk = {"root", path};

        check_image_refused(site, path, 32770);
        check_define_refused(site, "shop", &disk, 1, 32770, reason);
}

void check_defines(Site *site, const char *name, const NamedDisk *disks, gsize n)
{
        g_auto(Answer) defined = define(site, name, disks, n), destroyed = {0};

        ck_assert_msg(!defined.error, "%s: %s", defined.error, defined.message);
        destroyed = ask_manager(site->bus, "DestroyCollection", "oa{sv}", defined.path, 0);
        check_completes(site->bus, &destroyed);
}

void check_no_collection(Site *site)
{
        ck_assert_uint_eq(count(site), 0);
        site_stop(site);
        site_run(site);
        ck_assert_uint_eq(count(site), 0);
}
