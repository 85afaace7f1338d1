/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peer/authorized_key.h"

#include <gio/gio.h>

/* No options before the type: they would come after ours and could take something back. */
#define FORM "^(?<key>[a-z0-9][-a-z0-9@.]* [A-Za-z0-9+/]+=*(?: [^\\n]*)?)\\n?\\z"
#define LENGTH_MAX 16384 /* bytes; an RSA key of 16,384 bits has 2,800 */

static char *read_file(const char *path, GError **error)
{
        g_autoptr(GFile) file = g_file_new_for_path(g_str_equal(path, "-") ? "/dev/stdin" : path);
        g_autoptr(GFileInputStream) stream = g_file_read(file, NULL, error);
        g_autofree char *text = g_malloc0(LENGTH_MAX + 1);

        if (!stream || !g_input_stream_read_all(G_INPUT_STREAM(stream), text, LENGTH_MAX, NULL, NULL, error))
                return NULL;
        return g_steal_pointer(&text);
}

char *cr_authorized_key(const char *public_key, const char *program, GError **error)
{
        g_autofree char *text = read_file(public_key, error);
        g_autoptr(GRegex) form = g_regex_new(FORM, G_REGEX_RAW, 0, NULL);
        g_autoptr(GMatchInfo) match = NULL;

        if (!text)
                return NULL;
        if (!g_regex_match(form, text, 0, &match)) {
                g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
                        "'%s' is not one public key as ssh-keygen writes it (TYPE BASE64 [COMMENT])",
                        public_key);
                return NULL;
        }
        g_autofree char *key = g_match_info_fetch_named(match, "key");
        return g_strdup_printf("command=\"%s\",restrict %s\n", program, key);
}
