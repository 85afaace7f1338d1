/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Keeping everybody else from opening images for writing, by the locks that QEMU itself takes on them (its
 * docs: block/file-posix.c).
 *
 * QEMU holds a read lock on byte 100+p for each permission p that it uses, and on byte 200+p for each that it
 * does not grant to others, and refuses to open when the other kind is taken. The fence holds the second
 * kind, so QEMU refuses to open for writing; then it looks whether somebody holds the first kind. The locks
 * are advisory (locking=off passes them), so the kernel is asked too whether anybody has the file open for
 * writing at all.
 */
#pragma once

#include "core/engine.h"

/* For CrEngine. */
CrFence *cr_fence_take(const CrConfig *config, GPtrArray *layers, CrFenceMode mode, GError **error);
void cr_fence_release(CrFence *fence);

/* How long a fence waits, in ms, for somebody who is just finding out that he may not open the image... */
#define CR_FENCE_SHORT_MS 500u
/* ...and after the file lost its name, for whoever opened it by that name and has yet to come to the locks.
 */
#define CR_FENCE_SETTLE_MS 10000u

/* Takes the fence on one opened file; it is held as long as @fd is open. Fences of the same file do not
 * hinder one another. InUse, naming
 * @path, when somebody else still has it open after @wait_ms. */
gboolean cr_fence_file(int fd, const char *path, CrFenceMode mode, guint wait_ms, GError **error);
