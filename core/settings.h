/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings of a relationship: their names, types, ranges and defaults, in one table (source: the
 * contract, "Settings"). */
#pragma once

#include <glib.h>

typedef struct CrSettings {
        char *recovery_connection_point;         /* "" until a relationship is made */
        char *primary_connection_point;          /* "" when the peer cannot call this site */
        guint32 replication_interval;            /* s */
        guint16 recovery_history;                /* points beside the latest */
        guint16 application_consistent_interval; /* h */
        gboolean auto_resynchronize;
        char *auto_resynchronize_start; /* HH:MM */
        char *auto_resynchronize_end;
        char **included_disks; /* disk names; empty: all */
        gboolean compression;
        guint64 bandwidth_limit;      /* bytes/s, 0: none */
        guint32 divergence_retention; /* days, 0: for ever */
        char *seed_directory;
} CrSettings;

CrSettings *cr_settings_new(void); /* the defaults */
CrSettings *cr_settings_copy(const CrSettings *settings);
void cr_settings_free(CrSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CrSettings, cr_settings_free)

/* One setting's place in the table. */
typedef struct CrSettingInfo {
        const char *name;         /* "ReplicationInterval" */
        const char *type;         /* a D-Bus signature: "s", "u", "q", "b", "t" or "as" */
        guint64 minimum, maximum; /* of numbers */
        gsize offset;             /* in CrSettings */
} CrSettingInfo;

/* All settings, in the contract's order; the last has a NULL name. */
extern const CrSettingInfo cr_setting_table[];

/* NULL with InvalidParameter, naming @name, when there is no such setting. */
const CrSettingInfo *cr_setting_find(const char *name, GError **error);

/* As a GVariant of type a{sv} and back: the form on the bus, in the store (printed text) and between the
 * sites. Applying checks every key: an unknown one and a value out of range are InvalidParameter, a wrong
 * type IncorrectDataType; on an error *@settings is unchanged. */
GVariant *cr_settings_to_variant(const CrSettings *settings); /* floating */
gboolean cr_settings_apply(CrSettings *settings, GVariant *changes, GError **error);

/* Of the settings that both sites of a relationship hold alike, those of @settings (floating a{sv}) that are
 * others in @theirs (a{sv}). What concerns one site only (which of its disks replicate, how long it keeps its
 * divergences) is not among them. */
GVariant *cr_settings_difference(const CrSettings *settings, GVariant *theirs);
