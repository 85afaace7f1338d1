/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/config_file.h"

#include <string.h>

#include "core/error.h"
#include "core/path_policy.h"

#define GROUP "Service"
#define DEFAULT_IMAGE_DIRECTORY "/var/lib/libvirt/images"
#define DEFAULT_REPLICA_DIRECTORY "/var/lib/collection-replication/replicas"
#define DEFAULT_EXPORT_DIRECTORY "/var/lib/collection-replication/exports"
#define DEFAULT_MACHINE_DIRECTORIES "/run;/var/run"

#define DEFAULT_SSH_CONFIG_FILE "/etc/collection-replication/ssh_config"

/* How one key is read into the field at @offset. */
typedef struct Key Key;
struct Key {
        const char *name;
        gboolean (*read)(const Key *key, const char *path, GKeyFile *file, gpointer field, GError **error);
        gsize offset;
        guint minimum, maximum; /* of numbers */
};

static gboolean refuse(const Key *key, const char *path, const char *problem, GError **error)
{
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "%s: [%s] %s: %s", path, GROUP, key->name,
                problem);
        return FALSE;
}

static gboolean check_directory(const Key *key, const char *path, const char *directory, GError **error)
{
        g_autofree char *problem = NULL;

        if (cr_path_is_normal(directory))
                return TRUE;
        problem = g_strdup_printf(
                "'%s' is not an absolute path without '.', '..', '//' or a '/' at its end", directory);
        return refuse(key, path, problem, error);
}

static gboolean read_directories(
        const Key *key, const char *path, GKeyFile *file, gpointer field, GError **error)
{
        g_autoptr(GError) problem = NULL;
        g_auto(GStrv) directories = g_key_file_get_string_list(file, GROUP, key->name, NULL, &problem);
        char ***list = field;

        if (!directories)
                return refuse(key, path, problem->message, error);
        for (char **directory = directories; *directory; directory++)
                if (!check_directory(key, path, *directory, error))
                        return FALSE;
        g_strfreev(*list);
        *list = g_steal_pointer(&directories);
        return TRUE;
}

static gboolean read_path(const Key *key, const char *path, GKeyFile *file, gpointer field, GError **error)
{
        g_autoptr(GError) problem = NULL;
        g_autofree char *directory = g_key_file_get_string(file, GROUP, key->name, &problem);
        char **text = field;

        if (!directory)
                return refuse(key, path, problem->message, error);
        if (!check_directory(key, path, directory, error))
                return FALSE;
        g_free(*text);
        *text = g_steal_pointer(&directory);
        return TRUE;
}

static gboolean read_number(const Key *key, const char *path, GKeyFile *file, gpointer field, GError **error)
{
        g_autofree char *text = g_key_file_get_value(file, GROUP, key->name, NULL);
        g_autoptr(GError) problem = NULL;
        guint64 number;

        if (!g_ascii_string_to_unsigned(text, 10, key->minimum, key->maximum, &number, &problem))
                return refuse(key, path, problem->message, error);
        *(guint *)field = (guint)number;
        return TRUE;
}

#define KEY(name, read, field, ...)                                                                          \
        {                                                                                                    \
                name, read, G_STRUCT_OFFSET(CrConfig, field), __VA_ARGS__                                    \
        }

static const Key keys[] = {
        KEY("ImageDirectories", read_directories, image_directories, 0, 0),
        KEY("ReplicaDirectory", read_path, replica_directory, 0, 0),
        KEY("ExportDirectories", read_directories, export_directories, 0, 0),
        KEY("MachineDirectories", read_directories, machine_directories, 0, 0),
        KEY("SshConfigFile", read_path, ssh_config_file, 0, 0),
        KEY("MaxObjects", read_number, max_objects, 100, 1000000),
        KEY("MaxCollections", read_number, max_collections, 1, 100000),
        KEY("MaxJobs", read_number, max_jobs, 1, 64),
};

static const Key *find_key(const char *name)
{
        for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
                if (strcmp(keys[i].name, name) == 0)
                        return &keys[i];
        return NULL;
}

static CrConfig *config_new(void)
{
        CrConfig *config = g_new0(CrConfig, 1);

        *config = (CrConfig){
                .image_directories = g_strsplit(DEFAULT_IMAGE_DIRECTORY, ";", -1),
                .replica_directory = g_strdup(DEFAULT_REPLICA_DIRECTORY),
                .export_directories = g_strsplit(DEFAULT_EXPORT_DIRECTORY, ";", -1),
                .machine_directories = g_strsplit(DEFAULT_MACHINE_DIRECTORIES, ";", -1),
                .ssh_config_file = g_strdup(DEFAULT_SSH_CONFIG_FILE),
                .max_objects = 20000,
                .max_collections = 1000,
                .max_jobs = 4,
        };
        return config;
}

void cr_config_free(CrConfig *config)
{
        if (!config)
                return;
        g_strfreev(config->image_directories);
        g_free(config->replica_directory);
        g_free(config->text);
        g_strfreev(config->export_directories);
        g_strfreev(config->machine_directories);
        g_free(config->ssh_config_file);
        g_free(config);
}

static gboolean check_groups(const char *path, GKeyFile *file, GError **error)
{
        g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);

        for (char **group = groups; *group; group++)
                if (strcmp(*group, GROUP) != 0) {
                        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                                "%s: unknown group [%s]; there is only [%s]", path, *group, GROUP);
                        return FALSE;
                }
        return TRUE;
}

static gboolean read_keys(CrConfig *config, const char *path, GKeyFile *file, GError **error)
{
        g_auto(GStrv) names = g_key_file_get_keys(file, GROUP, NULL, NULL);

        for (char **name = names; name && *name; name++) {
                const Key *key = find_key(*name);

                if (!key) {
                        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER,
                                "%s: [%s] %s: there is no such key", path, GROUP, *name);
                        return FALSE;
                }
                if (!key->read(key, path, file, G_STRUCT_MEMBER_P(config, key->offset), error))
                        return FALSE;
        }
        return TRUE;
}

/* What is received has to be found again by whoever asks for an image. */
static void add_replica_directory(CrConfig *config)
{
        guint length = g_strv_length(config->image_directories);

        if (g_strv_contains((const char *const *)config->image_directories, config->replica_directory))
                return;
        config->image_directories = g_renew(char *, config->image_directories, length + 2);
        config->image_directories[length] = g_strdup(config->replica_directory);
        config->image_directories[length + 1] = NULL;
}

/* TRUE also when the file is absent and need not be there. */
static gboolean load_file(GKeyFile *file, const char *path, gboolean required, GError **error)
{
        g_autoptr(GError) problem = NULL;

        if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &problem))
                return TRUE;
        if (g_error_matches(problem, G_FILE_ERROR, G_FILE_ERROR_NOENT) && !required)
                return TRUE;
        g_set_error(error, CR_ERROR,
                problem->domain == G_KEY_FILE_ERROR ? CR_ERROR_INVALID_PARAMETER
                                                    : (int)cr_error_code(problem),
                "%s: %s", path, problem->message);
        return FALSE;
}

/* @path: for messages. */
static CrConfig *read_all(const char *path, GKeyFile *file, GError **error)
{
        g_autoptr(CrConfig) config = config_new();

        if (!check_groups(path, file, error) || !read_keys(config, path, file, error))
                return NULL;
        config->text = g_key_file_to_data(file, NULL, NULL);
        add_replica_directory(config);
        return g_steal_pointer(&config);
}

CrConfig *cr_config_load(const char *path, gboolean required, GError **error)
{
        g_autoptr(GKeyFile) file = g_key_file_new();

        return load_file(file, path, required, error) ? read_all(path, file, error) : NULL;
}

CrConfig *cr_config_parse(const char *text, GError **error)
{
        static const char path[] = "the configuration";
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(GError) problem = NULL;

        if (g_key_file_load_from_data(file, text, (gsize)-1, G_KEY_FILE_NONE, &problem))
                return read_all(path, file, error);
        g_set_error(error, CR_ERROR, CR_ERROR_INVALID_PARAMETER, "%s: %s", path, problem->message);
        return NULL;
}
