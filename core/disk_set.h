/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which disks of a collection take part in what. A point holds the disks that have a layer at it: not those
 * that came later, nor those that IncludedDisks leaves out. A failover to a point that lacks a disk leaves
 * that disk without a head. Pure.
 */
#pragma once

#include "core/model.h"

/* FALSE for a disk that IncludedDisks leaves out: the service only remembers where it is. */
gboolean cr_disk_set_includes(const CrCollection *collection, const CrDisk *disk);

/* The included disks. CrDisk, borrowed, in the order of their definition. */
GPtrArray *cr_disk_set_included(const CrCollection *collection);

/* The included disks that have a head: what a cut goes through. */
GPtrArray *cr_disk_set_cut(const CrCollection *collection);

/* A new disk's name is added to a list of included ones that is not empty, a removed one's leaves it: what
 * somebody adds to a collection shall replicate. */
void cr_disk_set_include(CrCollection *collection, const char *name);
void cr_disk_set_exclude(CrCollection *collection, const char *name);

/* InvalidState when @settings name other included disks than the collection's own: that is decided when the
 * relationship is made. */
gboolean cr_disk_set_check_unchanged(
        const CrCollection *collection, const CrSettings *settings, GError **error);

/* TRUE when a divergence has something of @disk. */
gboolean cr_disk_set_is_divergent(const CrCollection *collection, const CrId *disk);
