/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The service's objects and answers as a person reads them, on stdout.
 */
#pragma once

#include "client/objects.h"

typedef void (*CrShowFunc)(GPtrArray *objects);

/* Tables, one line an object (CrObject); the JSON counterpart is an array of the objects. */
void cr_show_objects(CrClient *client, GPtrArray *objects, CrShowFunc show);
void cr_show_collections(GPtrArray *collections);
void cr_show_points(GPtrArray *points);
void cr_show_divergences(GPtrArray *divergences);
void cr_show_jobs(GPtrArray *jobs);

/* One collection, from its properties. */
void cr_show_collection(GVariant *properties);

/* KEY=VALUE lines, as they would be typed, in the order of their keys. */
void cr_show_settings(GVariant *settings);

/* The answer of PreviewReverseReplication. */
void cr_show_preview(GVariant *preview);

/* The answer of GetReplicationStatistics; @issues: NULL at the end. */
void cr_show_statistics(GVariant *statistics, char *const *issues);
