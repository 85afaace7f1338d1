/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How fast a disk's blocks move from one NBD server to another, beside nbdcopy between the same two; what a
 * digest and metadata alone take. */
#include <check.h>
#include <stdlib.h>

#include "transfer.h"

#define GIB (G_GUINT64_CONSTANT(1) << 30)
#define FULL_SIZE (2 * GIB)

static double seconds_since(gint64 start)
{
        return (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
}

static double rate(guint64 bytes, double seconds)
{
        return (double)bytes / seconds / (1u << 20);
}

/* From @image to a new layer above @below, by us (@depth as in CrChangesSpec), with the seconds that it took.
 */
static CrCopyResult copy_layer(
        Folder *folder, const char *image, const char *below, guint64 size, guint depth, double *ret_seconds)
{
        g_autofree char *layer = folder_file(folder, "layer.qcow2");
        g_autoptr(Server) sender = serve(folder, image, FALSE), receiver = NULL;
        g_autoptr(CrNbd) view = open_server(sender, TRUE), target = NULL;
        g_autoptr(GError) error = NULL;
        CrChangesSpec spec = {.view = view, .depth = depth, .changed_from = G_MAXUINT64};
        CrCopyResult result;
        gint64 start;

        image_create(layer, LAYER_OPTIONS, below, size);
        receiver = serve(folder, layer, TRUE);
        target = open_server(receiver, FALSE);
        start = g_get_monotonic_time();
        if (!cr_copy_changes(&spec, target, NULL, NULL, &result, &error))
                g_error("%s", error->message);
        *ret_seconds = seconds_since(start);
        return result;
}

static double nbdcopy(Folder *folder, const char *image)
{
        g_autofree char *layer = folder_file(folder, "layer.qcow2"), *from = NULL, *to = NULL;
        g_autoptr(Server) sender = serve(folder, image, FALSE), receiver = NULL;
        gint64 start;

        image_create(layer, LAYER_OPTIONS, NULL, FULL_SIZE);
        receiver = serve(folder, layer, TRUE);
        from = g_strdup_printf("nbd+unix:///?socket=%s", sender->socket_path);
        to = g_strdup_printf("nbd+unix:///?socket=%s", receiver->socket_path);
        start = g_get_monotonic_time();
        run_command((const char *const[]){"nbdcopy", "--flush", from, to, NULL}, FALSE);
        return seconds_since(start);
}

static double digest(Folder *folder, const char *image)
{
        char text[CR_DIGEST_LENGTH + 1];
        gint64 start = g_get_monotonic_time();

        image_digest(folder, image, TRUE, text);
        return seconds_since(start);
}

/* The best of three, taken in turn, so that all meet the same machine. */
static void full_disk(Folder *folder)
{
        g_autofree char *image = folder_file(folder, "full.qcow2");
        double ours = G_MAXDOUBLE, theirs = G_MAXDOUBLE, digested = G_MAXDOUBLE;

        image_create(image, LAYER_OPTIONS, NULL, FULL_SIZE);
        image_do(image, "write -P 85 0 1G");
        image_do(image, "write -P 170 1G 1G");
        for (guint i = 0; i < 3; i++) {
                double seconds;

                copy_layer(folder, image, NULL, FULL_SIZE, G_MAXUINT, &seconds);
                ours = MIN(ours, seconds);
                seconds = nbdcopy(folder, image);
                theirs = MIN(theirs, seconds);
                seconds = digest(folder, image);
                digested = MIN(digested, seconds);
        }
        g_print("full disk of 2 GiB: %.0f MiB/s, nbdcopy %.0f MiB/s, ratio of speeds %.2f; digest %.0f "
                "MiB/s\n",
                rate(FULL_SIZE, ours), rate(FULL_SIZE, theirs), theirs / ours, rate(FULL_SIZE, digested));
}

static void small_writes(Folder *folder)
{
        const guint n = 4096;
        g_autofree char *base = folder_file(folder, "base.qcow2"),
                        *image = folder_file(folder, "small.qcow2");
        g_autoptr(GRand) rand = g_rand_new_with_seed(1);
        Script *script = script_new();
        CrCopyResult result;
        double seconds;

        image_create(base, LAYER_OPTIONS, NULL, 20 * GIB);
        image_create(image, LAYER_OPTIONS, base, 20 * GIB);
        for (guint i = 0; i < n; i++)
                script_add(script, "write -P 7 %" G_GUINT64_FORMAT " 4k",
                        (guint64)g_rand_int_range(rand, 0, 20 << 18) * 4096);
        script_run(script, image);
        result = copy_layer(folder, image, base, 20 * GIB, 1, &seconds);
        g_print("%u random writes of 4 KiB on 20 GiB: %.2f MiB sent, %.2f of what was written, %.0f ms\n", n,
                (double)result.bytes_sent / (1u << 20), (double)result.bytes_sent / (n * 4096.0),
                seconds * 1000);
}

static void vast_disk(Folder *folder)
{
        const guint64 size = G_GUINT64_CONSTANT(1) << 50;
        g_autofree char *base = folder_file(folder, "vast-base.qcow2"),
                        *image = folder_file(folder, "vast.qcow2");
        g_autoptr(Server) server = NULL;
        g_autoptr(CrNbd) view = NULL;
        g_autoptr(GError) error = NULL;
        guint64 bytes;
        gint64 start;

        image_create(base, LAYER_OPTIONS, NULL, size);
        image_create(image, LAYER_OPTIONS, base, size);
        image_do(image, "write -P 1 500T 4k");
        server = serve(folder, image, FALSE);
        view = open_server(server, TRUE);
        start = g_get_monotonic_time();
        if (!cr_copy_estimate(
                    &(CrChangesSpec){.view = view, .depth = 1, .changed_from = G_MAXUINT64}, &bytes, &error))
                g_error("%s", error->message);
        g_print("metadata of a sparse disk of 1 PiB: %.1f s\n", seconds_since(start));
}

int main(void)
{
        g_autoptr(Folder) folder = folder_new();

        full_disk(folder);
        small_writes(folder);
        vast_disk(folder);
        return EXIT_SUCCESS;
}
