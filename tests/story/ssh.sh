#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Two sites that reach each other through ssh only, as an unprivileged account that a forced command confines: a whole turn of the
# direction, what that key may not do, and what is said when a host's key is not the known one or nobody listens.
set -eu
here=$(dirname "$(readlink -f "$0")")
if [ -z "${STORY_NETWORK-}" ]; then
        STORY_NETWORK=own exec unshare --net --mount "$0" "$@"
fi
ip link set lo up
mount -t tmpfs tmpfs /run # sshd wants /run/sshd
mkdir /run/sshd
WORK=$PRIVATE_BUS_DIR
. "$here/sites.sh"
. "$here/lib.sh"

declare -A port=([a]=2201 [b]=2202) other=([a]=b [b]=a) sshd=()
account=collection-replication-peer

address()
{
        echo "ssh://$account@127.0.0.1:${port[$1]}"
}

# The site's key pair, and an ssh server that lets the other site's key in.
site_keys()
{
        mkdir "$WORK/$1/ssh"
        ssh-keygen -q -t ed25519 -N '' -C "site $1" -f "$WORK/$1/ssh/id"
        ssh-keygen -q -t ed25519 -N '' -C "host $1" -f "$WORK/$1/ssh/host"
        cat > "$WORK/$1/ssh/config" <<-EOF
	IdentityFile $WORK/$1/ssh/id
	IdentitiesOnly yes
	UserKnownHostsFile $WORK/$1/ssh/known_hosts
	GlobalKnownHostsFile none
	EOF
        echo "SshConfigFile=$WORK/$1/ssh/config" >> "$WORK/$1/site.conf"
}

site_know()
{
        local site=$1 from=${other[$1]}
        "$BUILD/peer/collection-replication-peer" --bus="${site_bus[$site]}" --runtime-directory="$WORK/$site/run" \
                --authorized-key="$WORK/$from/ssh/id.pub" | sed "s|command=\"[^ ]*|command=\"$BUILD/peer/collection-replication-peer|" \
                > "$WORK/$site/ssh/authorized_keys"
        echo "[127.0.0.1]:${port[$from]} $(cut -d ' ' -f 1-2 "$WORK/$from/ssh/host.pub")" > "$WORK/$site/ssh/known_hosts"
}

sshd_start()
{
        local site=$1
        cat > "$WORK/$site/ssh/sshd_config" <<-EOF
	ListenAddress 127.0.0.1:${port[$site]}
	HostKey $WORK/$site/ssh/host
	AuthorizedKeysFile $WORK/$site/ssh/authorized_keys
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	UsePAM no
	StrictModes no
	PidFile none
	EOF
        /usr/sbin/sshd -D -e -f "$WORK/$site/ssh/sshd_config" 2>> "$WORK/$site/ssh/sshd.log" &
        sshd[$site]=$!
        wait_for 20 ssh_as "${other[$site]}" any
}

# ssh_as SITE COMMAND: with that site's key, on the other site.
ssh_as()
{
        local site=$1
        shift
        ssh -F "$WORK/$site/ssh/config" -o BatchMode=yes -p "${port[${other[$site]}]}" "$account@127.0.0.1" "$@" 2> "$WORK/ssh.err"
        [ $? != 255 ]
}

image()
{
        case $1 in
        a) echo "$WORK/a/images/root.qcow2" ;;
        b) echo "$WORK/b/replicas/shop/root.qcow2" ;;
        esac
}

for site in a b; do
        site_make $site
        site_keys $site
done
for site in a b; do
        site_know $site
        chmod -R a+rX "$WORK/$site/ssh"
        chmod 600 "$WORK/$site/ssh/id" "$WORK/$site/ssh/host"
done
for site in a b; do
        site_start $site
        sshd_start $site
done

# What the key may do, and nothing else.
for command in id "collection-replication-peer bus; id" "collection-replication-peer transfer ../locks/x" "systemd-stdio-bridge" ""; do
        output=$(ssh -F "$WORK/a/ssh/config" -o BatchMode=yes -p "${port[b]}" "$account@127.0.0.1" "$command" 2>&1 < /dev/null) &&
                fail "ssh ran '$command'"
        [[ $output == *"for the replication service of the other site only"* ]] || fail "ssh '$command': $output"
done
ssh -F "$WORK/a/ssh/config" -o BatchMode=yes -o ExitOnForwardFailure=yes -W "127.0.0.1:${port[a]}" -p "${port[b]}" "$account@127.0.0.1" \
        < /dev/null > /dev/null 2>&1 && fail "ssh forwarded a connection"

disk_new "$(image a)" 64M
disk_write "$(image a)" 0 8M 1
ctl a define shop "root=$(image a)"
ctl a create-relationship shop --peer="$(address b)" --primary-address="$(address a)"
ctl a start shop
disk_write "$(image a)" 8M 1M 2
ctl a replicate shop
expected=$(disk_digest "$(image a)")
disk_write "$(image a)" 9M 1M 3

ctl b failover shop
same "$(disk_digest "$(image b)")" "$expected" "what crossed"
disk_write "$(image b)" 10M 1M 4
expected=$(disk_digest "$(image b)")
ctl b commit-failover shop
ctl a preview shop
ctl a prepare shop
ctl b reverse shop
ctl a failover shop
same "$(disk_digest "$(image a)")" "$expected" "what travelled back"
ctl a revert-failover shop

# A host whose key is another's is not believed, and the words say why.
ssh-keygen -q -t ed25519 -N '' -f "$WORK/stranger"
echo "[127.0.0.1]:${port[a]} $(cut -d ' ' -f 1-2 "$WORK/stranger.pub")" > "$WORK/b/ssh/known_hosts"
for control in "$WORK"/b/run/ssh-*; do
        [ ! -S "$control" ] || ssh -o ControlPath="$control" -O exit any 2> /dev/null
done
expect_error 32777 NotAvailable ctl b replicate shop
output=$(ctl b replicate shop 2>&1) || true
[[ $output == *"Host key verification failed"* ]] || fail "the error does not tell of the host's key: $output"
echo "[127.0.0.1]:${port[a]} $(cut -d ' ' -f 1-2 "$WORK/a/ssh/host.pub")" > "$WORK/b/ssh/known_hosts"
ctl b replicate shop

for site in a b; do
        kill "${sshd[$site]}"
        site_stop $site
done
