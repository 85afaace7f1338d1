/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/border.h"

#include <errno.h>
#include <string.h>

char *cr_border_message(CrError code, const char *message)
{
        g_autofree char *tail = g_strdup_printf("(%u %s)", cr_error_value(code), cr_error_word(code));

        if (g_str_has_suffix(message, tail))
                return g_strdup(message);
        return g_strconcat(message, *message ? " " : "", tail, NULL);
}

static void reply(sd_bus_message *call, const char *name, const char *message)
{
        sd_bus_error e = SD_BUS_ERROR_MAKE_CONST(name, message);
        int r = sd_bus_reply_method_error(call, &e);

        /* A caller that has gone, or the bus itself: nobody to tell. */
        if (r < 0)
                g_debug("A reply could not be sent: %s", g_strerror(-r));
}

void cr_border_reply_error(sd_bus_message *call, const GError *error)
{
        CrError code = cr_error_code(error);
        g_autofree char *message = cr_border_message(code, error->message);

        reply(call, cr_error_bus_name(code), message);
}

void cr_border_reply_challenge(sd_bus_message *call, const char *why)
{
        g_autofree char *message = cr_border_message(CR_ERROR_ACCESS_DENIED, why);

        reply(call, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, message);
}

int cr_border_finish(sd_bus_message *call, int r, const char *what)
{
        g_autoptr(GError) error = NULL;

        if (r >= 0)
                return 1;
        cr_error_set_errno(&error, -r, "%s", what);
        cr_border_reply_error(call, error);
        return 1;
}
