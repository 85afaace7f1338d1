/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The story as it is being told: two sites, what they show, and what is expected of them. */
#pragma once

#include "tests/story/random/model.h"
#include "tests/story/random/shown.h"

/* What is known of a point, of both sites and for ever. */
typedef struct Known {
        CrId id, parent;
        Cut cut;
} Known;

typedef struct Story {
        guint32 seed;
        GRand *random;
        guint step;
        char *folder;        /* for the test's own files */
        guint32 next_number; /* that no block holds yet */
        Site sites[2];
        GDBusConnection *buses[2];
        gboolean runs[2]; /* the daemon is not meant to be down */
        Shown shown[2];
        guint64 generation[2]; /* the highest that each site showed of its present collection */
        gboolean is_undo;      /* the last operation may have brought a generation back */
        Model model;
        GPtrArray *known;      /* Known, owned */
        GPtrArray *failpoints; /* names; empty in a build without them */
} Story;

Story *story_new(guint32 seed);
void story_free(Story *story);

/* With the seed, the step and what both sites show; ends the test. */
void story_fail(Story *story, const char *format, ...) G_GNUC_PRINTF(2, 3) G_GNUC_NORETURN;
/* Prints what happens, for whoever reads the log of a failure. */
void story_say(const Story *story, const char *format, ...) G_GNUC_PRINTF(2, 3);
guint story_random(Story *story, guint n); /* 0 to n - 1 */
const Known *story_known(const Story *story, const CrId *id);

/* Starts daemons that died, and waits until no job is under way and no recovery is to come; reads what both
 * sites show. */
void story_settle(Story *story);

/* How a call ended. */
typedef enum Ending {
        ENDED_WELL,
        ENDED_REFUSED, /* no job came of it */
        ENDED_FAILED,  /* the job failed */
        ENDED_UNHEARD, /* somebody died on the way: it may have been done or not */
} Ending;

typedef struct Outcome {
        Ending ending;
        guint value; /* the documented one */
        char *message;
        GVariant *result; /* of the job; NULL: none */
} Outcome;

void outcome_clear(Outcome *outcome);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Outcome, outcome_clear)

/* Calls @member of @interface at @path of site @s with @arguments (consumed), and waits for the job's end. */
Outcome story_call(Story *story, guint s, const char *path, const char *interface, const char *member,
        GVariant *arguments);
#define story_manager(story, s, member, ...)                                                                 \
        story_call(story, s, MANAGER, CR_MANAGER_INTERFACE, member, g_variant_new(__VA_ARGS__))

/* What both sites show must be what the model expects; it learns the new ids. @before: what the operation did
 * is not certain, and each site may also be as it was before. NULL: it is certain. @also: states (ALSO)
 * that a site may have instead of the one expected. */
#define ALSO_BIT(state) (1u << (state))
#define ALSO(name) ALSO_BIT(CR_STATE_##name)
void story_compare(Story *story, const Model *before, guint also);
/* The heads of site @s show what they should. */
void story_check_heads(Story *story, guint s);
/* Everything that both sites hold, by their stores: contents of points and divergences, lengths of chains, no
 * file too many. */
void story_check_all(Story *story);

/* One random operation and its checks. */
void story_go_on(Story *story);
/* How often each operation ended well; for the log. */
void story_print_counts(void);
/* How often one did. */
guint story_count(const char *operation);
