/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* qcow2 images that somebody made to lead a service that runs as root elsewhere. */
#include "run.h"
#include "world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Offsets in a qcow2 header. Source: QEMU's docs/interop/qcow2.txt. */
#define VERSION_LOW_BYTE 7
#define FEATURES_HIGH_BYTE 72
#define FEATURES_LOW_BYTE 79
#define FORMAT_EXTENSION 112 /* the first, as QEMU writes it */

static char *hostile; /* the image's path */
static char *outside; /* a file that nobody may be led to */
static int watch;     /* tells when it was opened */

static void setup(void)
{
        world_setup();
        hostile = world_path("hostile.qcow2");
        outside = g_build_filename(world.root, "outside", NULL);
        images_must("qemu-img create -q -f qcow2 '%s' 8M", outside);
        watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        ck_assert_int_ge(inotify_add_watch(watch, outside, IN_OPEN), 0);
}

static void teardown(void)
{
        close(watch);
        g_free(hostile);
        g_free(outside);
        world_teardown();
}

static void check_nothing_opened_it(void)
{
        char event[4096];

        ck_assert_msg(read(watch, event, sizeof event) < 0 && errno == EAGAIN, "'%s' was opened", outside);
}

static void refuse_image(CrError code, const char *what)
{
        CrImageInfo info = {0};
        g_autoptr(GError) error = NULL;

        ck_assert_msg(!world.engine->probe(&world.config, hostile, &info, &error),
                "accepted, to be refused: %s", what);
        ck_assert_msg(strstr(error->message, hostile), "the image is not named: %s", error->message);
        world_assert_error(&error, code, what);
        check_nothing_opened_it();
}

static void poke(const char *path, off_t offset, guint8 value)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        ck_assert_int_eq(pwrite(fd, &value, 1, offset), 1);
        close(fd);
}

/* The image names @backing, whatever that is. */
static void make_above(const char *backing, const char *format)
{
        unlink(hostile);
        images_must("qemu-img create -q -f qcow2 -u -F %s -b '%s' '%s' 8M", format, backing, hostile);
}

START_TEST(a_backing_file_outside_is_refused)
{
        g_autofree char *link = world_path("link");
        g_autofree char *folder_link = world_path("folder");
        g_autofree char *through_folder = world_path("folder/outside");

        make_above(outside, "qcow2");
        refuse_image(CR_ERROR_INVALID_PARAMETER, outside);
        make_above("../outside", "qcow2");
        refuse_image(CR_ERROR_INVALID_PARAMETER, outside);
        ck_assert_int_eq(symlink(outside, link), 0);
        make_above("link", "raw");
        refuse_image(CR_ERROR_INVALID_PARAMETER, link);
        ck_assert_int_eq(symlink(world.root, folder_link), 0);
        make_above(through_folder, "qcow2");
        refuse_image(CR_ERROR_INVALID_PARAMETER, through_folder);
        make_above("missing.qcow2", "qcow2");
        refuse_image(CR_ERROR_FILE_NOT_FOUND, "missing.qcow2");
}
END_TEST

START_TEST(a_file_further_down_is_checked_like_the_first)
{
        g_autofree char *middle = world_path("middle.qcow2");

        make_above(outside, "raw");
        ck_assert_int_eq(rename(hostile, middle), 0);
        make_above(middle, "qcow2");
        refuse_image(CR_ERROR_INVALID_PARAMETER, outside);
}
END_TEST

/* A server that notices whoever is led to it. */
static int listen_at(const char *path)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        g_strlcpy(address.sun_path, path, sizeof address.sun_path);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
        ck_assert_int_eq(listen(fd, 1), 0);
        return fd;
}

START_TEST(a_protocol_is_refused)
{
        g_autofree char *socket_path = g_build_filename(world.runtime_folder, "s", NULL);
        g_autofree char *nbd = g_strdup_printf("nbd+unix:///?socket=%s", socket_path);
        g_autofree char *old_nbd = g_strdup_printf("nbd:unix:%s", socket_path);
        g_autofree char *file = g_strdup_printf("file:%s", outside);
        g_autofree char *json = g_strdup_printf(
                "json:{\"driver\":\"qcow2\",\"file\":{\"driver\":\"file\",\"filename\":\"%s\"}}", outside);
        const char *const names[] = {nbd, old_nbd, file, json, "fd:0", "http://localhost/x"};
        int server = listen_at(socket_path);

        for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
                make_above(names[i], "qcow2");
                refuse_image(CR_ERROR_NOT_SUPPORTED, names[i]);
        }
        ck_assert_int_lt(accept(server, NULL, NULL), 0);
        ck_assert_int_eq(errno, EAGAIN);
        close(server);
}
END_TEST

START_TEST(a_data_file_is_refused_unopened)
{
        g_autofree char *data = world_path("data.raw");
        int inside;
        char event[4096];

        images_must("qemu-img create -q -f qcow2 -o data_file='%s',data_file_raw=on '%s' 8M", data, hostile);
        inside = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        ck_assert_int_ge(inotify_add_watch(inside, data, IN_OPEN), 0);
        refuse_image(CR_ERROR_NOT_SUPPORTED, "data-file");
        ck_assert_int_lt(read(inside, event, sizeof event), 0);
        close(inside);
}
END_TEST

START_TEST(a_raw_image_is_refused_and_told_what_to_do)
{
        images_must("qemu-img create -q -f raw '%s' 8M", hostile);
        refuse_image(CR_ERROR_NOT_SUPPORTED, "qemu-img convert");
        images_must("truncate -s 0 '%s'", hostile);
        refuse_image(CR_ERROR_NOT_SUPPORTED, "qemu-img convert");
        images_must("truncate -s 4 '%s'", hostile);
        refuse_image(CR_ERROR_NOT_SUPPORTED, "qemu-img convert");
}
END_TEST

/* A guest with a raw disk can write a header into its first block that names any file of the host. */
START_TEST(a_header_forged_by_a_guest_leads_nowhere)
{
        make_above(outside, "raw");
        images_must("truncate -s 8M '%s'", hostile);
        refuse_image(CR_ERROR_INVALID_PARAMETER, outside);
        make_above("/etc/shadow", "raw");
        refuse_image(CR_ERROR_INVALID_PARAMETER, "/etc/shadow");
}
END_TEST

START_TEST(a_raw_template_stays_raw_whatever_is_in_it)
{
        g_autofree char *template = world_path("template.raw");
        g_autofree char *content = NULL;
        g_autoptr(GBytes) view = NULL;
        CrId point;
        gsize size;

        make_above(outside, "qcow2");
        ck_assert_int_eq(rename(hostile, template), 0);
        images_must("truncate -s 8M '%s'", template);
        world_define(NULL);
        images_must("qemu-img rebase -q -u -f qcow2 -F raw -b '%s' '%s'", template, world.disk->head_path);
        world_forget_head();
        ck_assert_str_eq(world_head()->template_path, template);
        point = world_cut();
        view = world_view(world_layer_at(&point));
        ck_assert(g_file_get_contents(template, &content, &size, NULL));
        ck_assert_uint_eq(g_bytes_get_size(view), size);
        ck_assert_int_eq(memcmp(g_bytes_get_data(view, NULL), content, size), 0);
        check_nothing_opened_it();
}
END_TEST

START_TEST(a_format_must_be_named_and_known)
{
        images_must("qemu-img create -q -f vmdk '%s/x.vmdk' 8M", world.image_folder);
        make_above("x.vmdk", "vmdk");
        refuse_image(CR_ERROR_NOT_SUPPORTED, "vmdk");
        make_above("x.vmdk", "qcow2");
        poke(hostile, FORMAT_EXTENSION, 0); /* an extension that nobody knows */
        refuse_image(CR_ERROR_NOT_SUPPORTED, "-F");
}
END_TEST

START_TEST(an_encrypted_image_is_refused)
{
        images_must("qemu-img create -q -f qcow2 --object secret,id=s,data=x -o "
                    "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10 '%s' 8M",
                hostile);
        refuse_image(CR_ERROR_NOT_SUPPORTED, "encrypted");
}
END_TEST

START_TEST(internal_snapshots_are_refused)
{
        images_must("qemu-img create -q -f qcow2 '%s' 8M", hostile);
        images_must("qemu-img snapshot -c one '%s'", hostile);
        refuse_image(CR_ERROR_NOT_SUPPORTED, "qemu-img snapshot -d");
}
END_TEST

START_TEST(what_is_corrupt_or_unknown_is_refused)
{
        images_must("qemu-img create -q -f qcow2 '%s' 8M", hostile);
        poke(hostile, FEATURES_LOW_BYTE, 2);
        refuse_image(CR_ERROR_NOT_SUPPORTED, "qemu-img check");
        poke(hostile, FEATURES_LOW_BYTE, 0);
        poke(hostile, FEATURES_HIGH_BYTE, 0x80);
        refuse_image(CR_ERROR_NOT_SUPPORTED, "features");
        poke(hostile, FEATURES_HIGH_BYTE, 0);
        poke(hostile, VERSION_LOW_BYTE, 4);
        refuse_image(CR_ERROR_NOT_SUPPORTED, "version");
        poke(hostile, VERSION_LOW_BYTE, 3);
        images_must("truncate -s 60 '%s'", hostile);
        refuse_image(CR_ERROR_NOT_SUPPORTED, "version");
}
END_TEST

/* Whatever the header says, it ends in an answer. */
static void try_noise(guint32 seed)
{
        g_autoptr(GRand) dice = g_rand_new_with_seed(seed);
        CrImageInfo info = {0};
        g_autoptr(GError) error = NULL;

        images_must("qemu-img create -q -f qcow2 '%s' 8M", hostile);
        for (guint i = 0; i < 8; i++)
                poke(hostile, g_rand_int_range(dice, VERSION_LOW_BYTE + 1, 112),
                        (guint8)g_rand_int_range(dice, 0, 256));
        if (world.engine->probe(&world.config, hostile, &info, &error))
                cr_image_info_clear(&info);
        else
                ck_assert_msg(strstr(error->message, hostile), "seed %u: %s", seed, error->message);
}

START_TEST(a_header_of_noise_is_refused_or_taken)
{
        for (guint32 seed = 0; seed < 40; seed++)
                try_noise(seed);
        check_nothing_opened_it();
}
END_TEST

START_TEST(an_image_below_itself_is_refused)
{
        make_above("hostile.qcow2", "qcow2");
        refuse_image(CR_ERROR_NOT_SUPPORTED, "below itself");
}
END_TEST

START_TEST(a_bottomless_chain_is_refused)
{
        CrImageInfo info = {0};
        g_autoptr(GError) error = NULL;

        for (guint i = 0; i < 201; i++) {
                g_autofree char *path = g_strdup_printf("%s/%u", world.image_folder, i);
                g_autofree char *below = g_strdup_printf("%u", i + 1);

                make_above(below, "qcow2");
                ck_assert_int_eq(rename(hostile, path), 0);
        }
        make_above("0", "qcow2");
        /* On a slow machine the time is over before the last is reached. */
        ck_assert(!world.engine->probe(&world.config, hostile, &info, &error));
        if (error->code == CR_ERROR_TIMEOUT)
                world_assert_error(&error, CR_ERROR_TIMEOUT, hostile);
        else
                world_assert_error(&error, CR_ERROR_NOT_SUPPORTED, "200");
}
END_TEST

START_TEST(a_relative_name_is_made_absolute_before_the_first_cut)
{
        g_autofree char *template = world_path("template.qcow2");
        g_autofree char *head = world_path("vm.qcow2");
        CrId point;

        world.images->make(template, WORLD_SIZE, NULL);
        ck_assert(world.images->write(template, 7, 0, WORLD_BLOCK));
        world_define(template);
        images_must("qemu-img rebase -q -u -f qcow2 -F qcow2 -b template.qcow2 '%s'", head);
        world_forget_head();
        ck_assert_str_eq(world_head()->template_path, template);
        for (guint i = 0; i < 2; i++)
                ck_assert(world.engine->normalize(&world.config, world_head(), NULL));
        world_check_head();
        point = world_cut();
        world_check_point(&point);
        world_check_head();
}
END_TEST

START_TEST(what_a_layers_header_names_is_not_followed)
{
        CrId point;

        world_define(NULL);
        world_write(1, 0);
        world_cut();
        world_write(2, 1);
        point = world_cut();
        images_must(
                "qemu-img rebase -q -u -f qcow2 -F raw -b '%s' '%s'", outside, world_layer_at(&point)->path);
        world_check_point(&point);
        check_nothing_opened_it();
}
END_TEST

START_TEST(a_layer_that_got_a_data_file_is_not_served)
{
        g_autoptr(GPtrArray) chain = NULL;
        g_autoptr(GError) error = NULL;
        CrId point;

        world_define(NULL);
        point = world_cut();
        chain = world_chain(world_head());
        poke(world_layer_at(&point)->path, FEATURES_LOW_BYTE, 4);
        ck_assert_ptr_null(world.engine->serve(&world.config, chain, FALSE, world.runtime_folder, &error));
        world_assert_error(&error, CR_ERROR_NOT_SUPPORTED, world_layer_at(&point)->path);
}
END_TEST

/* In place of qemu-nbd: first swaps the files, then serves. */
static void swap_before_serving(const char *path)
{
        g_autofree char *folder = g_build_filename(world.root, "bin", NULL);
        g_autofree char *program = g_build_filename(folder, "qemu-nbd", NULL);
        g_autofree char *script = g_strdup_printf(
                "#!/bin/sh\ncp '%s' '%s.new' && mv '%s.new' '%s'\nexec /usr/bin/qemu-nbd \"$@\"\n", outside,
                path, path, path);
        g_autofree char *paths = g_strconcat(folder, ":", g_getenv("PATH"), NULL);

        ck_assert_int_eq(g_mkdir_with_parents(folder, 0755), 0);
        ck_assert(g_file_set_contents_full(program, script, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
        g_setenv("PATH", paths, TRUE);
}

START_TEST(what_was_checked_is_what_is_used)
{
        g_autofree char *path = g_strdup(g_getenv("PATH"));
        ino_t inode;
        CrId point;

        world_define(NULL);
        world_write(1, 0);
        point = world_cut();
        inode = world_layer_at(&point)->inode;
        swap_before_serving(world_layer_at(&point)->path);
        world_check_point(&point);
        g_setenv("PATH", path, TRUE);
        ck_assert_uint_ne(world_inode(world_layer_at(&point)->path), inode); /* it was swapped */
}
END_TEST

int main(void)
{
        const TTest *const tests[] = {a_backing_file_outside_is_refused,
                a_file_further_down_is_checked_like_the_first, a_protocol_is_refused,
                a_data_file_is_refused_unopened, a_raw_image_is_refused_and_told_what_to_do,
                a_header_forged_by_a_guest_leads_nowhere, a_raw_template_stays_raw_whatever_is_in_it,
                a_format_must_be_named_and_known, an_encrypted_image_is_refused,
                internal_snapshots_are_refused, what_is_corrupt_or_unknown_is_refused,
                a_header_of_noise_is_refused_or_taken, an_image_below_itself_is_refused,
                a_bottomless_chain_is_refused, a_relative_name_is_made_absolute_before_the_first_cut,
                what_a_layers_header_names_is_not_followed, a_layer_that_got_a_data_file_is_not_served,
                what_was_checked_is_what_is_used, NULL};

        world_images = &qcow2_images;
        return run_suite(make_suite("hostile images", tests, setup, teardown));
}
