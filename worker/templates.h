/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The images that disks of collections stand on, at whatever depth below them. A template never changes, a
 * disk does: no image is both.
 */
#pragma once

#include "worker/worker.h"

typedef struct CrTemplates CrTemplates;

/* Those of all collections in the store. A template that can't be read now tells nothing of what it stands
 * on: its clones can't be used either. */
CrTemplates *cr_templates_load(CrWorker *worker, const CrEngine *engine, GError **error);
void cr_templates_free(CrTemplates *templates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrTemplates, cr_templates_free)

/* Adds the images @below (NULL: none) a disk of the collection of that name. */
void cr_templates_add(CrTemplates *templates, char *const *below, const char *collection);

/* The name of a collection with a disk that stands on the image @path, or NULL. Borrowed. */
const char *cr_templates_user(const CrTemplates *templates, const char *path);
