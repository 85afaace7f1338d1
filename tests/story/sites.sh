# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Two sites on one machine: two daemons on two buses, each with its own folders. Sourced by ./demo and by the stories, inside
# tests/bus/private-bus.sh --buses=2.
#
#   BUILD    the build folder (set by the caller)
#   WORK     where the sites' folders are made (set by the caller; the private bus's folder does)
#
# A site is "a" or "b": site_start a, ctl a list, bus a call ...

declare -A site_bus=([a]=${BUS1:?} [b]=${BUS2:?})
declare -A site_pid=()

# The folder's own configuration, and the folders that it names.
site_make()
{
        local site=$1 root=$WORK/$1
        mkdir -p "$root"/{images,replicas,exports,machines,state,run,failpoints}
        cat > "$root/site.conf" <<-EOF
	[Service]
	ImageDirectories=$root/images
	ReplicaDirectory=$root/replicas
	ExportDirectories=$root/exports
	MachineDirectories=$root/machines
	EOF
}

# Starts the daemon and waits until it has its name.
site_start()
{
        local site=$1 root=$WORK/$1
        DBUS_SYSTEM_BUS_ADDRESS=${site_bus[$site]} COLLECTION_REPLICATION_FAILPOINTS=$root/failpoints \
                COLLECTION_REPLICATION_WORKER=$BUILD/worker/collection-replication-worker \
                "$BUILD/service/collection-replicationd" --config="$root/site.conf" --state-directory="$root/state" \
                --runtime-directory="$root/run" >> "$root/daemon.log" 2>&1 &
        site_pid[$site]=$!
        site_wait "$site"
}

# Waits until the site's daemon answers, or is gone.
site_wait()
{
        local site=$1
        for _ in $(seq 300); do
                ! busctl --address="${site_bus[$site]}" status org.example.CollectionReplication > /dev/null 2>&1 || return 0
                kill -0 "${site_pid[$site]}" 2> /dev/null || break
                sleep 0.05
        done
        echo "site $site did not start:" >&2
        tail -n 20 "$WORK/$site/daemon.log" >&2
        return 1
}

site_stop()
{
        kill "${site_pid[$1]}" 2> /dev/null || true
        wait "${site_pid[$1]}" 2> /dev/null || true
}

site_kill()
{
        kill -9 "${site_pid[$1]}" 2> /dev/null || true
        wait "${site_pid[$1]}" 2> /dev/null || true
}

ctl()
{
        local site=$1
        shift
        "$BUILD/client/collectionctl" --address="${site_bus[$site]}" --no-ask-password "$@"
}

bus()
{
        local site=$1
        shift
        busctl --address="${site_bus[$site]}" "$@"
}

# property SITE COLLECTION NAME: its value, as busctl shows it.
property()
{
        bus "$1" get-property org.example.CollectionReplication "$(collection_path "$2")" \
                org.example.CollectionReplication.Collection "$3" | cut -d ' ' -f 2- | tr -d '"'
}

collection_path()
{
        echo "/org/example/CollectionReplication/collection/$1"
}
