#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# packages.sh [--keep] - builds the Debian packages from the committed source, installs
# them on a fresh Debian 12 that runs systemd in namespaces of its own, follows
# docs/howto/install.md there, sends a pledge from the gateway to its confirmation, restarts
# the database under it, and removes everything again.
#
# Needs root and what `make deps` installs. --keep leaves the machine's folder,
# /var/tmp/careforall-packages, and what was built in it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PATH="$root/.tools/node_modules/.bin:$PATH"
machine=/var/tmp/careforall-packages keep=no
[ "${1:-}" != --keep ] || keep=yes
work=$(mktemp -d) boot=

say() { printf '=== %s\n' "$*"; }
die() { printf 'packages: %s\n' "$*" >&2; exit 1; }

finish() {
  [ -z "$boot" ] || kill -KILL "$boot" 2>/dev/null || true
  rm -rf "$work"
  [ "$keep" = yes ] || rm -rf "$machine"
}
trap finish EXIT

# inside COMMAND - runs a shell command on the machine that boot_machine has started.
inside() {
  nsenter -t "$pid" -m -p -u -i -C -n env -i LANG=C.UTF-8 HOME=/root \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin bash -euo pipefail -c "$1"
}

# until_true SECONDS COMMAND - on the machine.
until_true() {
  local end=$((SECONDS + $1))
  until inside "$2" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || die "waited $1 s for: $2"
    sleep 0.3
  done
}

# The machine's folder as the root of namespaces of its own, with systemd as process 1.
boot_machine() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount --pid --fork --uts --cgroup --ipc --net --kill-child sh -euc '
    mount --make-rprivate /
    mount --bind "$1" "$1"
    cd "$1"
    mount -t proc proc proc
    mount -t tmpfs tmpfs run
    mount -t tmpfs tmpfs tmp
    mount -t sysfs -o ro sysfs sys
    mount -t tmpfs tmpfs sys/fs/cgroup
    mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
    mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd || true
    mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
    mount -t tmpfs -o mode=755 tmpfs dev
    for node in null zero full random urandom tty; do
      touch "dev/$node"
      mount --bind "/dev/$node" "dev/$node"
    done
    mkdir dev/shm dev/pts dev/mqueue dev/hugepages
    mount -t tmpfs -o mode=1777 tmpfs dev/shm
    mount -t devpts devpts dev/pts
    ln -s /proc/self/fd dev/fd
    ln -s pts/ptmx dev/ptmx
    hostname fresh
    ip link set lo up
    pivot_root . mnt
    cd /
    umount -l /mnt
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=careforall /lib/systemd/systemd
  ' sh "$machine" >/dev/null 2>&1 &
  boot=$!
  disown
  local i
  for ((i = 0; i < 100; i++)); do
    pid=$(pgrep -P "$boot" -f /lib/systemd/systemd || true)
    [ -z "$pid" ] || break
    sleep 0.1
  done
  [ -n "$pid" ] || die "systemd does not start in namespaces here"
  until_true 60 'systemctl is-active multi-user.target'
}

"$root/ops/install-packages.sh" --release

say 'building the packages'
"$root/ops/release.sh" "$work/release" >/dev/null

say 'making a fresh machine'
"$root/ops/test/fresh-machine.sh" --dir "$machine" true
mkdir "$machine/packages"
cp "$work"/release/*.deb "$machine/packages/"
rm -f "$machine"/packages/*-dbgsym_*
printf '#!/bin/sh\nexit 101\n' >"$machine/usr/sbin/policy-rc.d"
chmod 755 "$machine/usr/sbin/policy-rc.d"
DEBIAN_FRONTEND=noninteractive chroot "$machine" sh -c 'apt-get update -qq &&
  apt-get install -y -qq --no-install-recommends systemd /packages/*.deb postgresql-15-cron \
    redis-server nats-server curl logrotate' >"$work/install.log" 2>&1 ||
  { tail -n 20 "$work/install.log" >&2; die 'the packages do not install'; }
rm "$machine/usr/sbin/policy-rc.d"

say 'setting it up as docs/howto/install.md says'
boot_machine
! inside 'careforall-setup --mockpay' 2>/dev/null || die 'the setup does not see that PostgreSQL lacks the extension'
# The commands of the page itself.
awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on && !/^apt-get /' "$root/docs/howto/install.md" >"$machine/root/install.sh"
inside 'bash -euxo pipefail /root/install.sh' >"$work/setup.log" 2>&1 ||
  { cat "$work/setup.log" >&2; die 'a command of docs/howto/install.md failed'; }
for port in 8091 9101 9102 9103; do
  until_true 30 "curl -fs http://127.0.0.1:$port/readyz"
done
[ "$(inside 'systemctl list-units "careforall-*" --state=running --plain --no-legend | wc -l')" = 6 ] ||
  die 'not all six services run'
[ "$(inside 'careforall-setup --mockpay' | grep -c '^kept  ')" = 7 ] || die 'a second setup did not keep the settings'

say 'a pledge, from the gateway to its confirmation'
inside 'runuser -u postgres -- psql -qX -d careforall -f /usr/share/careforall/sql/seed/dev.sql' >/dev/null
until_true 30 'curl -fs http://127.0.0.1:8080/api/v1/campaigns/coral-nursery'
# Prints the id of a new pledge and the token of its private page. The database, asked while the projector has not written the campaign yet, sets spaces in its JSON.
pledge() {
  # shellcheck disable=SC2016
  inside 'id=$(curl -fs http://127.0.0.1:8080/api/v1/campaigns/coral-nursery | sed -E "s/.*\"id\" ?: ?\"([0-9a-f-]{36})\", ?\"slug\".*/\1/")
    answer=$(curl -fsS -X POST "http://127.0.0.1:8080/api/v1/campaigns/$id/pledges" \
      -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" -H "Content-Type: application/json" \
      -d "{\"amount\":{\"amount\":2500,\"currency\":\"USD\"},\"donor\":{\"name\":\"Ada\",\"email\":\"ada@example.org\"},\"display\":\"name\"}")
    printf "%s\n" "$answer" | sed -nE "s/.*\"id\":\"([0-9a-f-]{36})\".*\"token\":\"([^\"]*)\".*/\1 \2/p" | head -n 1'
}
confirmed() {
  until_true 30 "test \"\$(cd / && runuser -u postgres -- psql -qXAt -d careforall -c \"SELECT state FROM careforall.pledges WHERE id = '$1'\")\" = confirmed"
}
read -r id token < <(pledge)
confirmed "$id"
# Its service must let the API read the letters of the document.
inside "curl -fsS -X POST http://127.0.0.1:8080/api/v1/pledges/$id/receipts -H 'Pledge-Token: $token' \
  -H 'Idempotency-Key: first' -H 'Content-Type: application/json' -d '{\"language\":\"ar\"}'" >"$work/receipt.pdf"
grep -aq /FontFile "$work/receipt.pdf" || die 'the receipt has no letters'
inside 'systemctl restart postgresql@15-main'
until_true 30 'curl -fs http://127.0.0.1:8091/readyz'
read -r id token < <(pledge)
confirmed "$id"
[ "$(inside 'cd / && runuser -u postgres -- psql -qXAt -d careforall -c "SELECT sum(violations) FROM careforall.verify()"')" = 0 ] ||
  die 'an invariant does not hold'

say 'the access log is rotated and goes on'
access=/var/log/careforall-gateway/access.log
until_true 10 "test -s $access"
inside 'logrotate --force /etc/logrotate.d/careforall-gateway' || die 'logrotate fails'
inside 'curl -fsS -o /dev/null http://127.0.0.1:8080/healthz'
until_true 10 "test -s $access && test -s $access.1"

say 'how exposed the services are (0 is least)'
for unit in api gateway mockpay payments projector relay; do
  inside "systemd-analyze security --no-pager --threshold=20 careforall-$unit.service" | tail -n 1
done

say 'removing it'
inside 'apt-get purge -y -qq "careforall-*" postgresql-15-careforall' >/dev/null 2>&1 || die 'purge failed'
# shellcheck disable=SC2016
left=$(inside 'find /etc /usr /lib /var/log -path "*careforall*" -not -path "/etc/postgresql/*" -not -path "/etc/systemd/system/*" | head')
[ -z "$left" ] || die "purge left: $left"
say 'packages: built, installed, one pledge confirmed before and after a restart of the database, removed'
