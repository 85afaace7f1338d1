/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "service/service.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/file.h>
#include <unistd.h>

#include "config.h"
#include "service/engine_names.h"
#include "service/interfaces.h"
#include "service/log.h"
#include "service/names.h"
#include "service/peer_caller.h"

#define DIRECTORY_MODE 0711 /* the hypervisor's account reaches replicas in the state directory */
/* The account of the other site reaches the sockets of its transfers in the runtime directory, lists nothing.
 */
#define RUNTIME_DIRECTORY_MODE 0711

static gboolean check(int r, const char *what, GError **error)
{
        return r >= 0 || cr_error_set_errno(error, -r, "%s", what);
}

static gboolean make_directory(const char *path, GError **error)
{
        return g_mkdir_with_parents(path, DIRECTORY_MODE) == 0 ||
               cr_error_set_errno(error, errno, "the directory %s can't be made", path);
}

/* A second service in the same directories would take over the socket of this one's workers, and they would
 * be heard no more. The kernel lets go when the process ends, however it does. */
static gboolean hold_directory(CrService *service, const char *path, GError **error)
{
        service->state_directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (service->state_directory < 0)
                return cr_error_set_errno(error, errno, "the directory %s can't be opened", path);
        if (flock(service->state_directory, LOCK_EX | LOCK_NB) == 0)
                return TRUE;
        if (errno != EWOULDBLOCK)
                return cr_error_set_errno(error, errno, "the directory %s can't be locked", path);
        g_set_error(error, CR_ERROR, CR_ERROR_IN_USE,
                "the directory %s is in use: the service runs there already", path);
        return FALSE;
}

/* ---- what the store has, before it gets its thread ---- */

static gboolean show_collections(CrService *service, CrStore *store, GError **error)
{
        g_autoptr(GArray) ids = cr_store_list(store, error);

        if (!ids)
                return FALSE;
        for (guint i = 0; i < ids->len; i++) {
                const CrId *id = &g_array_index(ids, CrId, i);
                g_autoptr(GError) own_error = NULL;
                g_autoptr(CrCollection) loaded = cr_collections_load(store, id, &own_error);

                if (own_error) {
                        g_propagate_error(error, g_steal_pointer(&own_error));
                        return FALSE;
                }
                cr_collections_show(service->collections, id, loaded);
        }
        return TRUE;
}

/* What is to be recovered, and which jobs that will end. */
static gboolean note_unfinished(CrService *service, CrStore *store, GHashTable *intents, GError **error)
{
        g_autoptr(GArray) ids = cr_store_unfinished(store, error);

        for (guint i = 0; ids && i < ids->len; i++) {
                const CrId *id = &g_array_index(ids, CrId, i);
                g_autoptr(GError) own_error = NULL;
                g_autoptr(CrPlan) plan = cr_store_intent(store, id, &own_error);

                if (own_error) {
                        g_propagate_error(error, g_steal_pointer(&own_error));
                        return FALSE;
                }
                if (plan)
                        g_hash_table_add(intents, g_memdup2(&plan->job, sizeof plan->job));
                cr_recovery_add(service->recovery, id);
        }
        return ids != NULL;
}

static gboolean load_store(CrService *service, GError **error)
{
        g_autoptr(CrStore) store = cr_store_open(service->options->state_directory, error);
        g_autoptr(GHashTable) intents = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);

        if (!store || !cr_store_put_off_expiries(store, g_get_real_time(), error) ||
                !note_unfinished(service, store, intents, error))
                return FALSE;
        service->host = cr_store_host_id(store);
        service->jobs = cr_jobs_new(service, store, intents, error);
        service->counts = service->jobs ? cr_counts_new(service, store, error) : NULL;
        if (!service->counts || !show_collections(service, store, error))
                return FALSE;
        service->store = cr_store_thread_new(g_steal_pointer(&store));
        return TRUE;
}

/* ---- the bus ---- */

static gboolean open_bus(CrService *service, GError **error)
{
        if (!check(sd_bus_open_system(&service->bus), "the system bus can't be reached", error))
                return FALSE;
        /* Without the bus there is nothing to do; systemd starts a new one with the bus. */
        return check(sd_bus_set_exit_on_disconnect(service->bus, TRUE), "sd_bus_set_exit_on_disconnect",
                       error) &&
               check(cr_authority_new(service->bus, &service->authority), "polkit can't be asked", error) &&
               check(cr_departures_new(service->bus, &service->departures),
                       "clients' departures can't be watched", error);
}

static void make_objects(CrService *service)
{
        GVariant *manager[] = {
                g_variant_new_string(CR_VERSION),
                g_variant_new_string(service->host.text),
                g_variant_new_strv(cr_service_engine_names, -1),
        };
        GVariant *peer[] = {
                g_variant_new_uint32(CR_PROTOCOL_VERSION),
                g_variant_new_uint32(CR_PROTOCOL_VERSION_MINIMUM),
        };

        service->manager = cr_object_new(service->objects, CR_MANAGER_PATH, &cr_manager_interface,
                g_variant_new_tuple(manager, G_N_ELEMENTS(manager)));
        service->peer = cr_object_new(service->objects, CR_MANAGER_PATH, &cr_peer_interface,
                g_variant_new_tuple(peer, G_N_ELEMENTS(peer)));
}

/* Objects first, the name last: who sees the name finds everything. */
static gboolean appear(CrService *service, GError **error)
{
        int r;

        make_objects(service);
        if (!check(cr_managed_objects_new(
                           service->objects, service->event, service->departures, &service->managed),
                    "the object manager", error) ||
                !check(cr_interfaces_register(
                               service->bus, service->objects, service->manager, service->peer),
                        "the interfaces", error) ||
                !check(sd_bus_attach_event(service->bus, service->event, SD_EVENT_PRIORITY_NORMAL),
                        "sd_bus_attach_event", error))
                return FALSE;
        cr_objects_announce(service->objects);
        r = sd_bus_request_name(service->bus, CR_BUS_NAME, 0);
        if (r != -EEXIST && r != -EALREADY)
                return check(r, "the bus name " CR_BUS_NAME " can't be taken", error);
        g_set_error(error, CR_ERROR, CR_ERROR_IN_USE,
                "the bus name " CR_BUS_NAME " is taken: the service runs already");
        return FALSE;
}

static gboolean start(CrService *service, GError **error)
{
        const CrServiceOptions *options = service->options;

        service->config = cr_config_load(options->config, options->config_required, error);
        if (!service->config || !make_directory(options->state_directory, error) ||
                !make_directory(options->runtime_directory, error) ||
                !hold_directory(service, options->state_directory, error) || !open_bus(service, error))
                return FALSE;
        service->workers = cr_worker_processes_new(service->event, options->runtime_directory, error);
        if (!service->workers)
                return FALSE;
        service->objects = cr_objects_new(service->bus, service);
        service->calls = cr_calls_new(service);
        service->tasks = cr_tasks_new(service);
        service->recovery = cr_recovery_new(service);
        service->collections = cr_collections_new(service);
        service->schedule = cr_schedule_new(service, error);
        service->alive = service->schedule ? cr_alive_new(service, error) : NULL;
        if (!service->alive || !load_store(service, error) || !appear(service, error))
                return FALSE;
        cr_jobs_sweep(service->jobs);
        cr_recovery_start(service->recovery);
        cr_schedule_start(service->schedule);
        /* What loading took and gave back. */
        (void)malloc_trim(0);
        CR_LOG_INFO("Ready, with %u collections, as host %s", cr_collections_count(service->collections),
                service->host.text);
        return TRUE;
}

CrService *cr_service_new(const CrServiceOptions *options, sd_event *event, GError **error)
{
        CrService *service = g_new0(CrService, 1);

        service->options = options;
        service->event = sd_event_ref(event);
        service->state_directory = -1;
        return start(service, error) ? service : cr_service_free(service);
}

void cr_service_stop(CrService *service, void (*ended)(void *), void *userdata)
{
        service->stopping = TRUE;
        cr_schedule_stop(service->schedule);
        cr_alive_stamp(service->alive);
        cr_calls_stop(service->calls);
        cr_tasks_stop(service->tasks);
        cr_recovery_stop(service->recovery);
        if (cr_worker_processes_count(service->workers) == 0)
                ended(userdata);
        else
                cr_worker_processes_on_idle(service->workers, ended, userdata);
}

void cr_service_kill(CrService *service)
{
        cr_tasks_kill(service->tasks);
        cr_recovery_kill(service->recovery);
}

/* In the order in which nobody is told by who is gone already. */
CrService *cr_service_free(CrService *service)
{
        service->stopping = TRUE;
        if (service->store)
                cr_store_thread_drain(service->store);
        service->authority = cr_authority_free(service->authority);
        service->tasks = cr_tasks_free(service->tasks);
        service->workers = cr_worker_processes_free(service->workers);
        service->store = cr_store_thread_free(service->store);
        service->recovery = cr_recovery_free(service->recovery);
        service->alive = cr_alive_free(service->alive);
        service->schedule = cr_schedule_free(service->schedule);
        service->counts = cr_counts_free(service->counts);
        service->jobs = cr_jobs_free(service->jobs);
        service->calls = cr_calls_free(service->calls);
        service->collections = cr_collections_free(service->collections);
        service->managed = cr_managed_objects_free(service->managed);
        service->objects = cr_objects_free(service->objects);
        g_clear_pointer(&service->manager, cr_object_free);
        g_clear_pointer(&service->peer, cr_object_free);
        service->departures = cr_departures_free(service->departures);
        service->bus = sd_bus_flush_close_unref(service->bus);
        g_clear_pointer(&service->config, cr_config_free);
        sd_event_unref(service->event);
        if (service->state_directory >= 0)
                close(service->state_directory);
        g_free(service);
        return NULL;
}
