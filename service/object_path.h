/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Object paths. Only canonical ones are ever made here, and objects are found by comparing whole paths, so
 * that another spelling of a path is no object.
 */
#pragma once

#include "core/id.h"

char *cr_object_path_collection(const char *name);
char *cr_object_path_point(const char *collection_path, const CrId *id);
char *cr_object_path_divergence(const char *collection_path, const CrId *id);
char *cr_object_path_job(guint64 id);

typedef enum CrPathKind {
        CR_PATH_OTHER,
        CR_PATH_COLLECTION,
        CR_PATH_POINT,
        CR_PATH_DIVERGENCE,
        CR_PATH_JOB,
} CrPathKind;

/* What kind of object @path would be by its form, whether or not there is one. */
CrPathKind cr_object_path_kind(const char *path);

/* The collection's part of the path of one of its points or divergences. */
char *cr_object_path_parent(const char *path);
