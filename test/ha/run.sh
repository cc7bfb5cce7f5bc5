#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh - runs the test of high availability: many hosts, each a network namespace,
# on one machine. Needs root.
#
# Everything lives in a network, a mount and a process namespace of its own: hosts,
# cables, data (a tmpfs on /mnt) and processes are gone when this ends, however it
# ends, and the machine's own network is never touched. Logs stay in .run-ha/log.
#
# HA_SEED      decides the order of what goes wrong; printed
# HA_ONLY      only the troubles whose name matches this regular expression
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)

# Inside: process 1 of the namespaces. It waits for orphans, as an init must.
inside() {
  local child status=0
  mkdir -p /run/netns
  mount -t tmpfs -o mode=755 tmpfs /run/netns
  mount -t tmpfs -o mode=755,size=6g tmpfs /mnt
  ip link set lo up
  ip link add switch type bridge
  ip link set switch up
  ip netns attach switch $$
  ip netns add client
  "$here/wire.sh" client 9
  cd "$root/test"
  nsenter --net=/run/netns/client -- npx vitest run --config ha/vitest.config.ts &
  child=$!
  trap 'kill -TERM "$child" 2>/dev/null' INT TERM
  while kill -0 "$child" 2>/dev/null; do
    wait "$child" && status=0 || status=$?
  done
  exit "$status"
}

[ "$(id -u)" -eq 0 ] || {
  echo 'run.sh: network namespaces need root: sudo make ha-check' >&2
  exit 1
}
[ "${1:-}" != --inside ] || inside
"$root/ops/install-packages.sh" --ha
mkdir -p "$root/.run-ha/log"
rm -f "$root"/.run-ha/log/*
exec unshare --mount --pid --net --fork --kill-child --mount-proc -- "$0" --inside
