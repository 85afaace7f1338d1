/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the rest needs of a disk engine. Engines are found by name; each passes the same test suite
 * (tests/unit/engines/suite.c). All functions are synchronous and are called in worker processes only.
 * Children that an engine starts inherit the collection's lock and die with their parent.
 */
#pragma once

#include "core/config_file.h"
#include "core/plan.h"

/* What probing an image told. */
typedef struct CrImageInfo {
        guint64 virtual_size;
        ino_t inode;
        char *template_path; /* the image that it is a clone of, absolute; NULL: none */
        char **below;        /* all images below it, @template_path first, absolute; NULL-terminated */
        ino_t template_inode;
        guint64 template_size;
        gint64 template_mtime;
} CrImageInfo;

void cr_image_info_clear(CrImageInfo *info);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CrImageInfo, cr_image_info_clear)

/* A fence: while it is held nobody else may open the images for writing. */
typedef struct CrFence CrFence;

/* A served view of one disk: a child process that speaks NBD on a Unix socket. */
typedef struct CrExport CrExport;

typedef enum CrFenceMode {
        CR_FENCE_WRITERS,  /* found open for writing elsewhere: InUse. Readers pass */
        CR_FENCE_EVERYONE, /* found open at all: InUse (a merge) */
} CrFenceMode;

/* A layer to be made: empty, of @virtual_size, on top of @below. */
typedef struct CrNewLayer {
        const CrLayer *below;     /* NULL: of nothing */
        const char *backing_path; /* what its header shall name as the layer below: the place where @below
                                     will lie once the plan is carried out. NULL: @below's own path */
        const char *path;
        guint64 virtual_size;
        const char *like; /* the file that it gets owner, mode, ACL and xattrs of. NULL: root, 0600 */
        ino_t inode;      /* set when it was made */
} CrNewLayer;

/* A running machine that has disks of a collection open. */
typedef struct CrMachine {
        char *socket;  /* of QMP */
        gboolean runs; /* FALSE: it stood still when it was asked */
        GArray *disks; /* CrId: whose heads it writes to */
} CrMachine;

void cr_machine_free(CrMachine *machine);

typedef struct CrEngine {
        const char *name;

        /* Checks the image at @path, hostile until then, and everything below it: inside the configured
         * directories, one regular file each, the engine's format by explicit reading (no probing), no
         * data-file, no json: or protocol name, no internal snapshots, not encrypted. NotSupported,
         * InvalidParameter or FileNotFound, naming @path. */
        gboolean (*probe)(const CrConfig *config, const char *path, CrImageInfo *ret, GError **error);

        /* Takes the fence on all of @layers (CrLayer) or on none. InUse names the disk's path. FileNotFound
         * when one is missing, or its inode is not the recorded one: another file lies there. */
        CrFence *(*fence)(const CrConfig *config, GPtrArray *layers, CrFenceMode mode, GError **error);
        void (*unfence)(CrFence *fence);

        /* Where the engine keeps a layer of a disk that has its head at @head_path: a new absolute path,
         * never used before. Nothing is created. */
        char *(*layer_path)(const CrCollection *collection, const CrDisk *disk, const CrId *layer);

        /* Creates @layers, flushed, several at once; on an error none of them is left. */
        gboolean (*create)(const CrConfig *config, CrNewLayer *layers, guint n, GError **error);

        /* The virtual size of @layer as its file says now: a machine's owner may have resized a head. Checks
         * the file as far as its own header goes, and its inode; not what lies below. */
        gboolean (*measure)(const CrConfig *config, const CrLayer *layer, guint64 *ret_size, GError **error);

        /* Whether nothing was written to @layer since it was made: all that it shows is what lies below, and
         * nothing beyond that one's end. By looking at the file alone. */
        gboolean (*is_empty)(const CrConfig *config, const CrLayer *layer, gboolean *ret, GError **error);

        /* Before a first cut: makes relative names in the header of the head absolute. Idempotent,
         * guest-invisible. */
        gboolean (*normalize)(const CrConfig *config, const CrLayer *head, GError **error);

        /* Whether a collection may name a machine by the QMP socket @path: InvalidParameter, FileNotFound
         * when its folder is missing. Nothing need be there: the machine may be off. */
        gboolean (*check_machine)(const CrConfig *config, const char *path, GError **error);

        /* The machines of @collection that have one of its heads at least open for writing, asked themselves.
         * CrMachine. Timeout, Failed: one of them does not answer as a machine does. */
        GPtrArray *(*machines)(const CrConfig *config, const CrCollection *collection, GError **error);

        /* Before @plan is an intent: machines open the overlays that its snapshots will give them. What they
         * refuse is refused here, where nothing has happened yet. */
        gboolean (*introduce)(const CrConfig *config, const CrPlan *plan, GError **error);

        /* One idempotent step of a plan. @plan tells it the rest (which layers lie below). */
        gboolean (*apply)(const CrConfig *config, const CrPlan *plan, const CrStep *step, GError **error);

        /* Begins to serve the view of @chain (CrLayer, the topmost first, down to the lowest that is ours)
         * read-only on a new socket in @directory, or @chain's topmost layer for writing. Files are checked
         * (inode, header, template) and opened by what was checked. The reading export offers
         * base:allocation and qemu:allocation-depth. Servers start side by side: start them all, then ask
         * for their sockets. */
        CrExport *(*serve)(const CrConfig *config, GPtrArray *chain, gboolean writable, const char *directory,
                GError **error);
        /* Waits until it answers; path of its Unix socket, owned by @export. NULL: it does not answer, or
         * has ended (InUse: another process has the image open). */
        const char *(*export_socket)(CrExport *export, GError **error);
        /* Ends all of @exports and frees them; NULLs among them are passed over. What was written to a
         * writable one is on stable storage then; an error, the first one, if that or its server failed. A
         * reading one has nothing to lose and does not fail. */
        gboolean (*stop)(CrExport **exports, guint n, GError **error);

        /* The same, read-only, for an image that is none of ours: the file @path inside the configured
         * ExportDirectories, hostile until checked, of @format ("raw" or the engine's own; nothing is
         * probed). NotSupported, InvalidParameter or FileNotFound, naming @path: as probe, and it must stand
         * alone. */
        CrExport *(*serve_image)(const CrConfig *config, const char *path, const char *format,
                const char *directory, GError **error);

        /* Bytes that the layer's own file occupies. 0 when it can't be told. */
        guint64 (*occupied)(const CrLayer *layer);

        /* Writes the view of @chain as one stand-alone image, readable by any VM, to the new file @name in
         * the open folder @directory_fd; progress in bytes. Never overwrites. */
        gboolean (*export_image)(const CrConfig *config, GPtrArray *chain, int directory_fd, const char *name,
                void (*progress)(guint64 done, guint64 total, void *), void *userdata, GError **error);
} CrEngine;

/* NotSupported, naming @name and the engines there are, when there is none. Implemented in engines/, where
 * they are listed. */
const CrEngine *cr_engine_find(const char *name, GError **error);
extern const char *const cr_engine_names[]; /* NULL-terminated */
