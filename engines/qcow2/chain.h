/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening layers and what lies below them, each checked: inside the configured directories, the recorded
 * inode, a plain qcow2 header. */
#pragma once

#include "core/engine.h"
#include "engines/qcow2/graph.h"

#include <sys/stat.h>

/* How many images may lie on top of one another. */
#define CR_CHAIN_MAX 200u

/* A file's time of change, in microseconds, as a layer's template_mtime has it. */
gint64 cr_chain_mtime(const struct stat *st);

/* Opens the file of one layer. FileNotFound; Failed when its inode is not the recorded one. -1 on error. */
int cr_chain_open_layer(const CrConfig *config, const CrLayer *layer, GError **error);

/* Adds @layers (CrLayer, topmost first) from index @from on to @graph, and below the last of them (which may
 * be before @from: it is in
 * @graph then) its template, unchanged since it was recorded, with all that is below that. */
gboolean cr_chain_add_layers(
        const CrConfig *config, CrGraph *graph, GPtrArray *layers, guint from, GError **error);

/* Adds, below the lowest of @graph, what its header names, and so on down to the end. */
gboolean cr_chain_add_backing(const CrConfig *config, CrGraph *graph, GError **error);
