# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the stories of one collection share: a collection of two small disks, defined at site a and replicated to site b, and questions
# about it. Sourced after lib.sh. Everything here is about the collection that $shop names.

shop=shop
disks="one two"

# image SITE DISK: where its head is, when it has one.
image()
{
        case $1 in
        a) echo "$WORK/a/images/$shop/$2.qcow2" ;;
        b) echo "$WORK/b/replicas/$shop/$2.qcow2" ;;
        esac
}

# shop_open NAME [SETTING...]: defines it at site a and replicates it to site b for the first time. Cycles come only when asked for.
shop_open()
{
        shop=$1
        shift
        shop_define
        ctl a create-relationship "$shop" --peer="$BUS2" --primary-address="$BUS1" ReplicationInterval=86400 "$@"
        ctl a start "$shop"
}

shop_define()
{
        local disk
        mkdir -p "$WORK/a/images/$shop"
        for disk in $disks; do
                disk_new "$(image a "$disk")" 8M
        done
        write_all a 0 1
        ctl a define "$shop" "one=$(image a one)" "two=$(image a two)"
}

# digests SITE: of what its heads show.
digests()
{
        local disk
        for disk in $disks; do
                disk_digest "$(image "$1" "$disk")"
        done
}

# write_all SITE OFFSET BYTE: as its machine would.
write_all()
{
        local disk
        for disk in $disks; do
                disk_write "$(image "$1" "$disk")" "$2" 64k "$3"
        done
}

absent()
{
        local disk
        for disk in $disks; do
                [ ! -e "$(image "$1" "$disk")" ] || fail "site $1 has a head of $disk"
        done
}

state()
{
        property "$1" "$shop" State
}

generation()
{
        property "$1" "$shop" Generation
}

# expect SITE STATE [GENERATION]
expect()
{
        same "$(state "$1")" "$2" "the state of $shop at site $1"
        [ $# -lt 3 ] || same "$(generation "$1")" "$3" "the generation of $shop at site $1"
}

# expect_message TEXT COMMAND...: fails, and the message holds the text.
expect_message()
{
        local text=$1 output
        shift
        if output=$("$@" 2>&1); then
                fail "expected a failure of: $*"
        fi
        [[ $output == *"$text"* ]] || fail "expected '$text' of: $*; got: $output"
}

# replica_shows SITE DIGESTS WHAT: what a failover there would give. Leaves it a replica, at a higher generation.
replica_shows()
{
        ctl "$1" failover "$shop"
        same "$(digests "$1")" "$2" "$3"
        ctl "$1" revert-failover "$shop"
        absent "$1"
}

# divergences SITE: ids.
divergences()
{
        ctl "$1" --json divergences "$shop" | sed -n 's/.*"Id" *: *"\([0-9a-f]*\)".*/\1/p'
}

# exported SITE ID: digests of what the divergence shows.
exported()
{
        local folder=$WORK/$1/exports/$2 disk
        mkdir -p "$folder"
        ctl "$1" export "$shop" "$2" "$folder" > /dev/null || fail "exporting $2"
        for disk in $disks; do
                disk_digest "$folder/$disk.qcow2"
        done
        rm -rf "$folder"
}

# points SITE: ids of its recovery points.
points()
{
        ctl "$1" --json points "$shop" | sed -n 's/.*"Id" *: *"\([0-9a-f]*\)".*/\1/p'
}

# job SITE METHOD: calls it on the collection and prints the job's path.
job()
{
        bus "$1" call org.example.CollectionReplication /org/example/CollectionReplication org.example.CollectionReplication \
                "$2" o "$(collection_path "$shop")" | cut -d '"' -f 2
}

# job_value SITE PATH: waits for its end, and prints its return value.
job_value()
{
        bus "$1" --timeout=infinity call org.example.CollectionReplication "$2" org.example.CollectionReplication.Job Wait | cut -d ' ' -f 2
}

# job_property SITE PATH NAME
job_property()
{
        bus "$1" get-property org.example.CollectionReplication "$2" org.example.CollectionReplication.Job "$3" | cut -d ' ' -f 2- | tr -d '"'
}

# hold IMAGE: opens it as a machine would, and writes 64 KiB at 4 MiB; let_go closes it.
hold()
{
        rm -f "$WORK/holder"
        mkfifo "$WORK/holder"
        qemu-io -f qcow2 "$1" < "$WORK/holder" > "$WORK/holder.log" 2>&1 &
        holder=$!
        exec 7> "$WORK/holder"
        echo "write -P 77 4M 64k" >&7
        echo "flush" >&7
        wait_for 20 grep -q wrote "$WORK/holder.log"
}

let_go()
{
        echo quit >&7 # whoever was started meanwhile has this end open, too
        exec 7>&-
        wait "$holder"
}

# newest_layers SITE SIZE: of the replica, the files that no other one stands on, of disks of this size ("8 MiB").
newest_layers()
{
        local files file
        files=$(find "$WORK/$1/replicas/$shop" -name '*.qcow2')
        for file in $files; do
                if [[ $(qemu-img info -U "$file") == *"virtual size: $2 "* ]] && ! stands_below "$file" "$files"; then
                        echo "$file"
                fi
        done
}

# stands_below FILE FILES: one of them is based on it.
stands_below()
{
        local file
        for file in $2; do
                ! qemu-img info -U "$file" | grep -qxF "backing file: $1" || return 0
        done
        return 1
}
