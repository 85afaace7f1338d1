/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A chain of opened images as QEMU is told it: every format explicit, every file by its descriptor
 * (/proc/self/fd), the lowest with nothing below it. So QEMU opens what was checked, and ignores what headers
 * name.
 */
#pragma once

#include <glib.h>

typedef struct CrGraphNode {
        int fd;             /* read-only; QEMU opens the same inode anew as it needs */
        const char *format; /* "qcow2" or "raw", static */
        char *path;         /* for messages, and for names relative to it */
} CrGraphNode;

typedef struct CrGraph {
        GArray *nodes; /* CrGraphNode, the topmost first */
} CrGraph;

typedef enum CrGraphFlags {
        CR_GRAPH_LOCKED = 0,
        CR_GRAPH_UNLOCKED = 1 << 0, /* take no locks: the caller holds a fence on the files */
        CR_GRAPH_SHARED = 1 << 1,   /* read beside a writer; what is seen may be a little old */
} CrGraphFlags;

CrGraph *cr_graph_new(void);
void cr_graph_free(CrGraph *graph); /* closes all */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrGraph, cr_graph_free)

/* Puts @fd (taken) below what there is. @format is static. */
void cr_graph_add(CrGraph *graph, int fd, const char *format, const char *path);

/* Borrowed; valid until the next cr_graph_add. */
CrGraphNode *cr_graph_node(const CrGraph *graph, guint i);
CrGraphNode *cr_graph_lowest(const CrGraph *graph);

/* "json:{...}": the view of @n nodes from @first on; @n G_MAXUINT: all the rest. */
char *cr_graph_text(const CrGraph *graph, guint first, guint n, CrGraphFlags flags);

/* The descriptors that a tool must inherit to open the graph, and @extra_fd (-1: none). The caller frees the
 * array. */
int *cr_graph_fds(const CrGraph *graph, int extra_fd, gsize *ret_n);
