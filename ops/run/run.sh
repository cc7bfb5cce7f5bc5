#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# run.sh - what `make run` does: installs what is missing, builds, starts the stack
# with demo data, sends one pledge down the whole path and shows its timeline, then
# follows the logs until Ctrl-C, which stops everything.
#
# RUN_DIR   state folder (.run)      FOLLOW=no   leave the stack running and return
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
export PATH="$root/.tools/node_modules/.bin:$PATH"
stack=ops/run/stack.sh
dir=${RUN_DIR:-$root/.run}

step() { printf '\n== %s\n' "$*"; }

# Everything is stopped at the end, save when it all went well and is to stay.
finish() {
  local status=$?
  trap '' INT TERM PIPE
  [ "$status" -eq 0 ] && [ "$follow" = no ] && return
  # Ctrl-C does not reach a job in the background.
  [ -z "$logs" ] || kill "$logs" 2>/dev/null || true
  # Ctrl-C also ended the reader of a pipe (make run | tee): go on without it.
  printf '\n== stopping\n' 2>/dev/null || exec >/dev/null 2>&1
  "$stack" stop --dir "$dir"
}

step 'packages'
ops/install-packages.sh
step 'building'
make --no-print-directory -s build
make --no-print-directory -s -C test all
ops/install-extension.sh

follow=${FOLLOW:-yes}
logs=
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
step 'starting'
"$stack" start --dir "$dir" --seed
step 'one pledge, the whole way'
(cd test && npx vite-node demo/pledge.ts "$dir")
step 'ready'
"$stack" env --dir "$dir"
printf 'log-ins     %s psql --dir %s --as admin (or support, readonly), passwords in the settings file\n' \
  "$stack" "$dir"
printf 'accounts    admin@example.org, owner@example.org, donor@example.org of the demo data; docs/reference/auth.md has their passwords\n'
[ "$follow" = no ] && exit 0
printf '\nFollowing the logs; Ctrl-C stops everything.\n'
"$stack" logs --dir "$dir" &
logs=$!
wait "$logs"
