/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DefineCollection: names, paths and numbers of disks that are refused, and those at the very edge that are
 * not. */
#include "tests/bus/contract/definition.h"
#include "tests/bus/contract/disk.h"

#include <string.h>
#include <sys/stat.h>

#define TEXT_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define MAX_DISKS 64

static Site site;
static char *image;

static void set_up(void)
{
        site_start(&site, 1, NULL);
        image = site_image(&site, "root");
}

static void tear_down(void)
{
        g_clear_pointer(&image, g_free);
        site_clear(&site);
}

static char *in_images(const char *name)
{
        return g_strdup_printf("%s/images/%s", site.directory, name);
}

START_TEST(names_of_collections)
{
        static const char *const bad[] = {"", TEXT_64 "x", "a\nb", "\x01", "a\x7f",
                "a\xc2\x85"
                "b" /* U+0085 */,
                TEXT_64 "\xc3\xa9"};
        const NamedDisk disk = {"root", image};

        for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
                check_define_refused(&site, bad[i], &disk, 1, 32773, "collection name");
        check_no_collection(&site);
        check_defines(&site, TEXT_64, &disk, 1);
        check_defines(&site, "../\xc3\xa9 shop/.", &disk, 1);
}
END_TEST

START_TEST(names_of_disks)
{
        static const char *const bad[] = {"", TEXT_64 "x", "a\tb", "a/b", "..", ".hidden", "/"};

        for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
                const NamedDisk disk = {bad[i], image};

                check_define_refused(&site, "shop", &disk, 1, 32773, "disk name");
        }
        check_no_collection(&site);
        check_defines(&site, "shop", &(NamedDisk){TEXT_64, image}, 1);
}
END_TEST

/* libsystemd's client lets nobody send it, and the bus ends the connection of whoever does. */
START_TEST(a_name_that_is_not_utf8_does_not_get_here)
{
        sd_bus_message *m = NULL;

        ck_assert_int_ge(sd_bus_message_new_method_call(site.bus, &m, CR_BUS_NAME, MANAGER,
                                 CR_MANAGER_INTERFACE, "DefineCollection"),
                0);
        ck_assert_int_eq(sd_bus_message_append(m, "s", "\xff"), -EINVAL);
        sd_bus_message_unref(m);
}
END_TEST

START_TEST(paths)
{
        static const char *const bad[] = {"root.qcow2", "images/root.qcow2", "", "/", "/etc/passwd"};
        g_autofree char *up = in_images("../images/root.qcow2"), *twice = in_images("/root.qcow2");
        g_autofree char *here = in_images("./root.qcow2"), *folder = in_images(""),
                        *end = in_images("root.qcow2/");
        g_autofree char *escape = in_images("../../../../../etc/passwd");
        g_autofree char *images = g_strdup_printf("%s/images", site.directory);
        const char *const made[] = {up, twice, here, folder, end, escape, images};

        for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
                check_image_refused(&site, bad[i], 32773);
        for (gsize i = 0; i < G_N_ELEMENTS(made); i++)
                check_image_refused(&site, made[i], 32773);
        check_no_collection(&site);
}
END_TEST

START_TEST(links)
{
        g_autofree char *link = in_images("link.qcow2"), *folder = in_images("folder"),
                        *outside = in_images("out");
        g_autofree char *through = in_images("folder/root.qcow2"), *out_there = in_images("out/passwd");
        g_autofree char *second = in_images("second.qcow2"), *images = in_images("");

        must_run("ln", "-s", image, link, NULL);
        must_run("ln", "-s", images, folder, NULL);
        must_run("ln", "-s", "/etc", outside, NULL);
        check_image_refused(&site, link, 32773);
        check_image_refused(&site, through, 32773);
        check_image_refused(&site, out_there, 32773);
        must_run("ln", image, second, NULL);
        check_image_refused(&site, image, 32773);
        check_image_refused(&site, second, 32773);
        check_no_collection(&site);
}
END_TEST

START_TEST(what_is_no_file)
{
        g_autofree char *fifo = in_images("fifo"), *device = in_images("device"), *folder = in_images("sub");
        g_autofree char *nothing = in_images("nothing.qcow2"), *nowhere = in_images("no/root.qcow2");
        g_autofree char *below = in_images("root.qcow2/root.qcow2");

        ck_assert_int_eq(mkfifo(fifo, 0600), 0);
        must_run("mknod", device, "b", "7", "0", NULL);
        must_run("mkdir", folder, NULL);
        check_image_refused(&site, fifo, 32773);
        check_image_refused(&site, device, 32773);
        check_image_refused(&site, folder, 32773);
        check_image_refused(&site, below, 32773);
        check_image_refused(&site, nothing, 32779);
        check_image_refused(&site, nowhere, 32779);
        check_no_collection(&site);
}
END_TEST

START_TEST(nothing_is_in_two_collections_or_twice_in_one)
{
        g_autofree char *other = site_image(&site, "other"), *shop = NULL;
        const NamedDisk twice[] = {{"root", image}, {"data", image}};
        const NamedDisk alike[] = {{"root", image}, {"root", other}};

        check_define_refused(&site, "shop", twice, 2, 32773, image);
        check_define_refused(&site, "shop", alike, 2, 32773, "'root'");
        check_no_collection(&site);
        shop = manager_path(site.bus, "DefineCollection", "sa(ss)a{sv}", "shop", 1, "root", image, 0);
        check_define_refused(&site, "mall", &(NamedDisk){"root", image}, 1, 32773, image);
        check_define_refused(&site, "shop", &(NamedDisk){"root", other}, 1, 32773, "'shop'");
        check_defines(&site, "mall", &(NamedDisk){"root", other}, 1);
}
END_TEST

START_TEST(numbers_of_disks)
{
        NamedDisk disks[MAX_DISKS + 1];

        for (guint i = 0; i < G_N_ELEMENTS(disks); i++) {
                g_autofree char *name = g_strdup_printf("disk%u", i);

                disks[i].path = site_image(&site, name);
                disks[i].name = g_steal_pointer(&name);
        }
        check_define_refused(&site, "shop", disks, 0, 32773, "0");
        check_define_refused(&site, "shop", disks, MAX_DISKS + 1, 32773, "65");
        check_no_collection(&site);
        check_defines(&site, "shop", disks, MAX_DISKS);
        for (guint i = 0; i < G_N_ELEMENTS(disks); i++) {
                g_free((char *)disks[i].name);
                g_free((char *)disks[i].path);
        }
}
END_TEST

START_TEST(options_and_types)
{
        g_auto(Answer)
                option = ask_manager(site.bus, "DefineCollection", "sa(ss)a{sv}", "shop", 1, "root", image, 1,
                        "Bogus", "s", "x"),
                list = ask_manager(site.bus, "DefineCollection", "sasa{sv}", "shop", 1, image, 0),
                number = ask_manager(site.bus, "DefineCollection", "ua(ss)a{sv}", 1, 1, "root", image, 0),
                few = ask_manager(site.bus, "DefineCollection", "s", "shop");

        check_refused(site.bus, &option, 32773, "'Bogus'");
        ck_assert_str_eq(list.error, "org.freedesktop.DBus.Error.InvalidArgs");
        ck_assert_str_eq(number.error, "org.freedesktop.DBus.Error.InvalidArgs");
        ck_assert_str_eq(few.error, "org.freedesktop.DBus.Error.InvalidArgs");
        check_no_collection(&site);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {names_of_collections, names_of_disks,
                a_name_that_is_not_utf8_does_not_get_here, paths, links, what_is_no_file,
                nothing_is_in_two_collections_or_twice_in_one, numbers_of_disks, options_and_types, NULL};

        return run_bus_tests("define: names", tests, set_up, tear_down);
}
