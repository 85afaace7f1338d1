/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The site's configuration file (GKeyFile, group [Service]); read by the daemon at its start, and handed as a
 * text to each worker, so that both go by the same. */
#pragma once

#include <glib.h>

typedef struct CrConfig {
        char **image_directories;  /* absolute; default /var/lib/libvirt/images */
        char *replica_directory;   /* absolute; default /var/lib/collection-replication/replicas. Counts as an
                                      image directory */
        char **export_directories; /* absolute; default /var/lib/collection-replication/exports */
        char **machine_directories; /* absolute; QMP sockets of machines lie in them; default /run, /var/run
                                     */
        char *ssh_config_file;      /* absolute; default /etc/collection-replication/ssh_config */
        guint max_objects; /* bus objects of collections, points and divergences; default 20000 (the contract)
                            */
        guint max_collections; /* default 1000 */
        guint max_jobs;        /* workers that work at once; default 4; others wait, queued */
        char *text;            /* what was read, without comments: for cr_config_parse() */
} CrConfig;

/* An absent file is an error only when @required; otherwise the defaults. A bad value, an unknown key or
 * group is InvalidParameter, naming file, group and key. */
CrConfig *cr_config_load(const char *path, gboolean required, GError **error);
/* From the text of another one. */
CrConfig *cr_config_parse(const char *text, GError **error);
void cr_config_free(CrConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrConfig, cr_config_free)
