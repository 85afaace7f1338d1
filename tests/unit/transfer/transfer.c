/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "transfer.h"

CrNbd *open_server(Server *server, gboolean with_changes)
{
        g_autoptr(GError) error = NULL;
        CrNbd *nbd = cr_nbd_open(server->socket_path, with_changes, &error);

        g_assert_no_error(error);
        return nbd;
}

void image_digest(Folder *folder, const char *image, gboolean whole, char ret[CR_DIGEST_LENGTH + 1])
{
        g_autoptr(Server) server = serve(folder, image, FALSE);
        g_autoptr(CrNbd) nbd = open_server(server, TRUE);
        g_autoptr(GError) error = NULL;

        cr_copy_digest(nbd, whole, NULL, NULL, ret, &error);
        g_assert_no_error(error);
}

static gboolean count_reports(guint64 done, void *userdata)
{
        guint64 *last = userdata;

        g_assert_cmpint(done, >=, *last);
        *last = done;
        return TRUE;
}

static CrCopyResult copy(const CrChangesSpec *spec, CrNbd *target)
{
        g_autoptr(GError) error = NULL;
        CrCopyResult result;
        guint64 estimate, done = 0;

        cr_copy_estimate(spec, &estimate, &error);
        g_assert_no_error(error);
        cr_copy_changes(spec, target, count_reports, &done, &result, &error);
        g_assert_no_error(error);
        g_assert_cmpint(done, ==, result.bytes_total);
        g_assert_cmpint(result.bytes_sent, <=, estimate);
        g_assert_cmpint(estimate, <=, result.bytes_total);
        return result;
}

CrCopyResult transfer_run(Folder *folder, const Transfer *transfer)
{
        g_autoptr(Server) sender = serve(folder, transfer->view, FALSE);
        g_autoptr(Server) other_server = transfer->other ? serve(folder, transfer->other, FALSE) : NULL;
        g_autoptr(CrNbd) view = open_server(sender, TRUE), other = NULL;
        char digest[CR_DIGEST_LENGTH + 1];
        CrCopyResult result;

        if (other_server)
                other = open_server(other_server, TRUE);
        image_create(transfer->layer, LAYER_OPTIONS, transfer->below, transfer->size);
        {
                g_autoptr(Server) receiver = serve(folder, transfer->layer, TRUE);
                g_autoptr(CrNbd) target = open_server(receiver, FALSE);

                result = copy(&(CrChangesSpec){.view = view,
                                      .depth = transfer->depth,
                                      .other = other,
                                      .other_depth = transfer->other_depth,
                                      .changed_from = transfer->changed_from,
                                      .compared = transfer->compared},
                        target);
                server_end(receiver);
        }
        image_digest(folder, transfer->layer, transfer->depth == G_MAXUINT, digest);
        g_assert_cmpstr(digest, ==, result.digest);
        return result;
}
