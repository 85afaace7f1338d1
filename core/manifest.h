/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What lies beside the images of an exported initial replication and says what they are: of which collection,
 * at which point, with which digests. A text from a medium: hostile until it is read and matched here.
 */
#pragma once

#include "core/model.h"

#define CR_MANIFEST_NAME "collection-replication.json"
#define CR_MANIFEST_MAX (128u * 1024u) /* bytes; 64 disks with the longest names take a quarter of it */

typedef struct CrManifestDisk {
        CrId id;
        char *name; /* its image is beside the manifest: cr_manifest_image_name */
        guint64 size;
        CrId digest; /* of the whole contents, as the transfer computes it (32 hex digits, like an id) */
} CrManifestDisk;

typedef struct CrManifest {
        CrId collection;
        char *name;
        CrId point;
        CrId parent;    /* the point before it; none: it is the first */
        CrId origin;    /* host that cut it */
        gint64 created; /* microseconds since the epoch */
        guint consistency;
        GPtrArray *disks; /* CrManifestDisk */
} CrManifest;

CrManifest *cr_manifest_new(void);
void cr_manifest_free(CrManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrManifest, cr_manifest_free)

/* Adds a disk; borrowed. */
CrManifestDisk *cr_manifest_add_disk(CrManifest *manifest, const CrId *id, const char *name, guint64 size);

/* Name of a disk's image in an export's folder. */
char *cr_manifest_image_name(const char *disk);

char *cr_manifest_to_json(const CrManifest *manifest);
/* InvalidParameter, with the reason, for a text that is not a manifest. NotSupported: of a format that this
 * version does not read. */
CrManifest *cr_manifest_from_json(const char *text, GError **error);

/* InvalidParameter, naming what differs, unless @manifest is about @collection, and exactly the disks of it
 * that replicate. */
gboolean cr_manifest_match(const CrManifest *manifest, const CrCollection *collection, GError **error);
/* The disk of this id, or NULL. */
const CrManifestDisk *cr_manifest_disk(const CrManifest *manifest, const CrId *disk);
