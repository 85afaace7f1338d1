/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random, well-formed collections and plans, and a folder for a store. */
#pragma once

#include "core/error.h"
#include "core/store.h"
#include "unit.h"

/* A new generator. Its seed is printed, so that a failure can be repeated: CR_TEST_SEED=... */
GRand *sample_rand(void);

/* Every field has a random value, often an extreme one; no two samples share a name, a path or an id. */
CrCollection *sample_collection(GRand *rand);
/* A plan that leads from any collection to @after (NULL: deletes the collection @id). Takes @after. */
CrPlan *sample_plan(GRand *rand, CrCollection *after, const CrId *id);

/* Of every field, written out once more by hand. */
void sample_assert_equal(const CrCollection *a, const CrCollection *b);
void sample_assert_plans_equal(const CrPlan *a, const CrPlan *b);

/* A fixture: an empty folder, and afterwards none. */
extern char *sample_folder;
void sample_make_folder(void);
void sample_remove_folder(void);

/* The store in it. */
CrStore *sample_open(void);
/* Saves and loads; they must work. */
void sample_save(CrStore *store, const CrCollection *collection);
CrCollection *sample_load(CrStore *store, const CrId *id);
/* Runs SQL in the store's file beside the store's own code. */
void sample_execute(const char *sql);
/* The version that this program makes. */
int sample_newest_version(void);
