/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* DefineCollection: images that want something of a service that runs as root. */
#include "tests/bus/contract/definition.h"
#include "tests/bus/contract/disk.h"

#include <string.h>
#include <unistd.h>
#include <fcntl.h>

#define SECRET "/etc/passwd"
#define HEADER_CLUSTER 65536 /* bytes; the header and what it refers to by name lie in it */

static Site site;

static void set_up(void)
{
        site_start(&site, 1, NULL);
}

static void tear_down(void)
{
        check_no_collection(&site);
        site_clear(&site);
}

static char *in_images(const char *name)
{
        return g_strdup_printf("%s/images/%s", site.directory, name);
}

/* qemu-img create of an overlay, taking the backing file's word for its size. */
static void make_overlay(const char *path, const char *backing, const char *format)
{
        must_run("qemu-img", "create", "-q", "-u", "-f", "qcow2", "-b", backing, "-F", format, path, "8M",
                NULL);
}

static void check_overlay_refused(const char *backing, const char *format, guint value)
{
        g_autofree char *path = in_images("overlay.qcow2");

        make_overlay(path, backing, format);
        check_image_refused(&site, path, value);
        ck_assert_int_eq(unlink(path), 0);
}

START_TEST(backing_files_outside)
{
        g_autofree char *outside = g_strdup_printf("%s/outside.qcow2", site.directory);
        g_autofree char *link = in_images("link"), *up = in_images("../outside.qcow2");

        disk_make(outside, "8M");
        must_run("ln", "-s", outside, link, NULL);
        check_overlay_refused(SECRET, "raw", 32773);
        check_overlay_refused(outside, "qcow2", 32773);
        check_overlay_refused("../outside.qcow2", "qcow2", 32773);
        check_overlay_refused(up, "qcow2", 32773);
        check_overlay_refused("link", "qcow2", 32773);
        check_overlay_refused("missing.qcow2", "qcow2", 32779);
}
END_TEST

/* Each would make QEMU open or dial something else than a file below the folder. */
START_TEST(backing_files_that_are_protocols)
{
        static const char *const names[] = {
                "json:{\"driver\":\"raw\",\"file\":{\"driver\":\"file\",\"filename\":\"" SECRET "\"}}",
                "nbd://127.0.0.1:1/", "nbd+unix:///?socket=/tmp/x", "ssh://127.0.0.1/" SECRET,
                "https://127.0.0.1/x", "fd:3", "fat:/etc", "file:" SECRET, "host_device:/dev/sda",
                "blkdebug::" SECRET};

        for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
                check_overlay_refused(names[i], "raw", 32770);
}
END_TEST

/* Deep in the chain. */
START_TEST(backing_files_of_backing_files)
{
        g_autofree char *below = in_images("below.qcow2"), *top = in_images("top.qcow2");

        make_overlay(below, SECRET, "raw");
        make_overlay(top, below, "qcow2");
        check_image_refused(&site, top, 32773);
        make_overlay(below, "nbd://127.0.0.1:1/", "raw");
        check_image_refused(&site, top, 32770);
        make_overlay(below, top, "qcow2"); /* a circle */
        check_image_refused(&site, top, 32770);
}
END_TEST

static void patch(const char *path, off_t offset, const char *bytes, gsize length)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(pwrite(fd, bytes, length, offset), length);
        close(fd);
}

/* A template never changes, a disk does: no image is both, whichever comes first and in whatever collection.
 */
START_TEST(templates_that_are_disks)
{
        g_autofree char *template = in_images("template.qcow2");
        g_autofree char *clone = in_images("clone.qcow2");
        const NamedDisk both[] = {{"clone", clone}, {"base", template}},
                        turned[] = {{"base", template}, {"clone", clone}};

        disk_make(template, "8M");
        must_run("qemu-img", "create", "-q", "-f", "qcow2", "-b", template, "-F", "qcow2", clone, NULL);
        check_define_refused(&site, "shop", both, 2, 32773, template);
        check_define_refused(&site, "shop", turned, 2, 32773, clone);
        check_defines(&site, "shop", both, 1);
}
END_TEST

static void take_back(const Answer *defined)
{
        g_auto(Answer) destroyed = ask_manager(site.bus, "DestroyCollection", "oa{sv}", defined->path, 0);

        check_completes(site.bus, &destroyed);
}

/* The same at whatever depth. */
START_TEST(templates_of_templates_that_are_disks)
{
        g_autofree char *lowest = in_images("lowest.qcow2"), *template = in_images("template.qcow2");
        g_autofree char *clone = in_images("clone.qcow2");
        const NamedDisk both[] = {{"clone", clone}, {"base", lowest}},
                        turned[] = {{"base", lowest}, {"clone", clone}};
        g_auto(Answer) defined = {0};

        disk_make(lowest, "8M");
        must_run("qemu-img", "create", "-q", "-f", "qcow2", "-b", lowest, "-F", "qcow2", template, NULL);
        must_run("qemu-img", "create", "-q", "-f", "qcow2", "-b", template, "-F", "qcow2", clone, NULL);
        check_define_refused(&site, "shop", both, 2, 32773, lowest);
        check_define_refused(&site, "shop", turned, 2, 32773, clone);
        defined = define(&site, "shop", both, 1);
        ck_assert_msg(!defined.error, "%s: %s", defined.error, defined.message);
        check_define_refused(&site, "other", turned, 1, 32773, lowest);
        take_back(&defined);
}
END_TEST

START_TEST(disks_below_other_collections_clones)
{
        g_autofree char *lowest = in_images("lowest.qcow2"), *template = in_images("template.qcow2");
        g_autofree char *clone = in_images("clone.qcow2");
        const NamedDisk base[] = {{"base", lowest}}, top[] = {{"clone", clone}};
        g_auto(Answer) defined = {0};

        disk_make(lowest, "8M");
        must_run("qemu-img", "create", "-q", "-f", "qcow2", "-b", lowest, "-F", "qcow2", template, NULL);
        must_run("qemu-img", "create", "-q", "-f", "qcow2", "-b", template, "-F", "qcow2", clone, NULL);
        defined = define(&site, "shop", base, 1);
        ck_assert_msg(!defined.error, "%s: %s", defined.error, defined.message);
        check_define_refused(&site, "other", top, 1, 32773, clone);
        take_back(&defined);
}
END_TEST

/* Makes the header's extension that names the backing file's format one that nobody knows. */
static void forget_backing_format(const char *path)
{
        static const char magic[] = "\xe2\x79\x2a\xca";
        g_autofree char *text = NULL;
        const char *found;
        gsize length;

        ck_assert(g_file_get_contents(path, &text, &length, NULL));
        found = memmem(text, length, magic, 4);
        ck_assert_ptr_nonnull(found);
        patch(path, found - text, "none", 4);
}

START_TEST(backing_files_of_a_format_that_would_be_guessed)
{
        g_autofree char *base = in_images("base.qcow2"), *top = in_images("top.qcow2");

        disk_make(base, "8M");
        check_overlay_refused(base, "vmdk", 32770);
        make_overlay(top, base, "qcow2");
        forget_backing_format(top);
        check_image_refused(&site, top, 32770);
}
END_TEST

START_TEST(data_files)
{
        g_autofree char *path = in_images("data.qcow2"),
                        *data = g_strdup_printf("data_file=%s/data.raw", site.directory);

        must_run("qemu-img", "create", "-q", "-f", "qcow2", "-o", data, path, "8M", NULL);
        check_image_unsupported(&site, path, "data-file");
        must_run("qemu-img", "create", "-q", "-f", "qcow2", "-o", data, "-o", "data_file_raw=on", path, "8M",
                NULL);
        check_image_unsupported(&site, path, "data-file");
}
END_TEST

START_TEST(encrypted_images)
{
        g_autofree char *path = in_images("secret.qcow2");

        must_run("qemu-img", "create", "-q", "-f", "qcow2", "--object", "secret,id=s,data=0123456789abcdef",
                "-o", "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10", path, "8M", NULL);
        check_image_unsupported(&site, path, "encrypted");
}
END_TEST

START_TEST(internal_snapshots)
{
        g_autofree char *path = in_images("snapshots.qcow2");

        disk_make(path, "8M");
        must_run("qemu-img", "snapshot", "-c", "one", path, NULL);
        check_image_unsupported(&site, path, "internal snapshots");
        must_run("qemu-img", "snapshot", "-d", "one", path, NULL);
        check_defines(&site, "shop", &(NamedDisk){"root", path}, 1);
}
END_TEST

START_TEST(marked_images)
{
        g_autofree char *path = in_images("marked.qcow2");

        disk_make(path, "8M");
        patch(path, 79, "\x02", 1); /* incompatible features: corrupt */
        check_image_unsupported(&site, path, "corrupt");
        patch(path, 79, "\x20", 1); /* one that nobody knows yet */
        check_image_refused(&site, path, 32770);
        patch(path, 79, "\x00", 1);
        patch(path, 4, "\x00\x00\x00\x04", 4); /* version 4 */
        check_image_refused(&site, path, 32770);
}
END_TEST

/* A machine that has a raw disk can write any header into it. */
START_TEST(raw_images_and_forged_headers)
{
        g_autofree char *raw = in_images("raw.img"), *forged = in_images("forged.img"),
                        *model = in_images("model.qcow2");
        g_autofree char *empty = in_images("empty.qcow2"), *text = NULL;
        gsize length;

        must_run("truncate", "-s", "8M", raw, NULL);
        check_image_unsupported(&site, raw, "not a qcow2 image");
        must_run("truncate", "-s", "0", empty, NULL);
        check_image_refused(&site, empty, 32770);

        make_overlay(model, SECRET, "raw");
        ck_assert(g_file_get_contents(model, &text, &length, NULL));
        must_run("truncate", "-s", "8M", forged, NULL);
        patch(forged, 0, text, HEADER_CLUSTER);
        check_image_refused(&site, forged, 32773);
        must_run("truncate", "-s", "60", forged, NULL); /* the end of the header is missing */
        check_image_refused(&site, forged, 32770);
}
END_TEST

START_TEST(images_of_other_formats)
{
        static const char *const formats[] = {"vmdk", "vdi", "vhdx", "qed"};
        g_autofree char *path = in_images("other.img");

        for (gsize i = 0; i < G_N_ELEMENTS(formats); i++) {
                must_run("qemu-img", "create", "-q", "-f", formats[i], path, "8M", NULL);
                check_image_unsupported(&site, path, "not a qcow2 image");
        }
}
END_TEST

/* A header that makes a reader take a lot of memory. */
START_TEST(absurd_sizes)
{
        g_autofree char *path = in_images("absurd.qcow2");

        disk_make(path, "8M");
        patch(path, 24, "\x7f\xff\xff\xff\xff\xff\xfe\x00", 8); /* virtual size */
        patch(path, 36, "\x7f\xff\xff\xff", 4);                 /* entries of the L1 table */
        check_image_refused(&site, path, 32768);
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {templates_that_are_disks, templates_of_templates_that_are_disks,
                disks_below_other_collections_clones, backing_files_outside, backing_files_that_are_protocols,
                backing_files_of_backing_files, backing_files_of_a_format_that_would_be_guessed, data_files,
                encrypted_images, internal_snapshots, marked_images, raw_images_and_forged_headers,
                images_of_other_formats, absurd_sizes, NULL};

        return run_bus_tests("define: images", tests, set_up, tear_down);
}
