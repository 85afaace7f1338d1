/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>
#include <stdio.h>

#include <glib.h>

#include "client/command.h"

/* What goes out is UTF-8 in every locale: names must come through to programs as they are. */
static void print_utf8(const char *text)
{
        fputs(text, stdout);
        fflush(stdout);
}

static void print_error_utf8(const char *text)
{
        fputs(text, stderr);
}

int main(int argc, char **argv)
{
        setlocale(LC_ALL, "");
        g_set_prgname("collectionctl");
        g_set_print_handler(print_utf8);
        g_set_printerr_handler(print_error_utf8);
        return argc < 1 ? 2 : cr_command_run(argv + 1);
}
