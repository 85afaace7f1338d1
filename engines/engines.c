/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The list of engines. */
#include "core/engine.h"

#include "core/error.h"
#include "engines/qcow2/engine.h"

static const CrEngine *const engines[] = {&cr_qcow2_engine};

const char *const cr_engine_names[] = {"qcow2", NULL};

G_STATIC_ASSERT(G_N_ELEMENTS(cr_engine_names) == G_N_ELEMENTS(engines) + 1);

const CrEngine *cr_engine_find(const char *name, GError **error)
{
        g_autofree char *names = NULL;

        for (gsize i = 0; i < G_N_ELEMENTS(engines); i++)
                if (g_strcmp0(engines[i]->name, name) == 0)
                        return engines[i];
        names = g_strjoinv(", ", (char **)cr_engine_names);
        g_set_error(error, CR_ERROR, CR_ERROR_NOT_SUPPORTED, "there is no engine '%s'; there are: %s",
                name ? name : "", names);
        return NULL;
}

void cr_image_info_clear(CrImageInfo *info)
{
        g_clear_pointer(&info->template_path, g_free);
        g_clear_pointer(&info->below, g_strfreev);
        *info = (CrImageInfo){0};
}

void cr_machine_free(CrMachine *machine)
{
        g_array_unref(machine->disks);
        g_free(machine->socket);
        g_free(machine);
}
