/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client/words.h"

#include "client/client.h"

static const char *word_of(const char *const *words, gsize n, guint64 value)
{
        return value < n ? words[value] : "unknown";
}

const char *cr_words_health(guint64 health)
{
        static const char *const words[] = {"-", "ok", "warning", "critical"};
        return word_of(words, G_N_ELEMENTS(words), health);
}

const char *cr_words_consistency(guint64 level)
{
        static const char *const words[] = {"unknown", "application", "crash", "group crash"};
        return word_of(words, G_N_ELEMENTS(words), level);
}

char *cr_words_job(const char *path)
{
        if (!g_str_has_prefix(path, CR_BUS_JOB_PREFIX))
                return g_strdup("-");
        return g_strdup(path + strlen(CR_BUS_JOB_PREFIX));
}
