#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# check.sh [--long] - checks the model of the hand-over with spin: first that no
# promise is broken, then that each mutation breaks the one it should. Needs spin and
# gcc. README.md says what is modelled.
set -euo pipefail

model=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/handover.pml
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
command -v spin >/dev/null || {
  printf 'model: spin is not installed: run make deps\n' >&2
  exit 1
}

# explore KIND OPTIONS... - KIND is safety or progress; the report is in report.
explore() {
  local kind=$1 build=(-O1 -w -DCOLLAPSE -DVECTORSZ=4096) run=(-m2000000 -w24)
  shift
  if [ "$kind" = safety ]; then
    build+=(-DNOCLAIM -DSAFETY)
  else
    build+=(-DNFAIR=32)
    run+=(-a -f)
    set -- "$@" -DWITH_CLOCK
  fi
  rm -f ./*.trail
  spin -a "$@" "$model" >spin.log
  gcc "${build[@]}" -o pan pan.c
  ./pan "${run[@]}" >report 2>&1 || true
}

failed=0
tell() { # RESULT TITLE
  printf '%-7s %-58s %10s states %6s s\n' "$1" "$2" \
    "$(sed -nE 's/^ *([0-9]+) states, stored.*/\1/p' report)" \
    "$(sed -nE 's/^pan: elapsed time ([0-9.]+).*/\1/p' report)"
}

# holds TITLE KIND OPTIONS...
holds() {
  local title=$1
  shift
  explore "$@"
  if grep -q 'errors: 0' report && ! grep -qE 'search was not|max search depth|out of memory' report; then
    tell holds "$title"
  else
    tell BROKEN "$title"
    grep -E 'violated|invalid end|acceptance|reached|memory' report || true
    failed=1
  fi
}

# breaks TITLE WORDS KIND OPTIONS... - the mutation must be caught for this reason.
breaks() {
  local title=$1 words=$2
  shift 2
  explore "$@"
  if grep -qE "$words" report; then
    tell caught "$title"
  else
    tell MISSED "$title"
    failed=1
  fi
}

small=(-DEVENTS=3 -DFAULTS=1 -DROLLBACKS=0)
tiny=(-DEVENTS=2 -DFAULTS=1 -DROLLBACKS=0 -DWINDOW=1)
holds 'no loss, no duplicate, order, cursor: one fault' safety "${small[@]}"
holds 'the same, the broker comes back with less, one relay' safety -DEVENTS=3 -DFAULTS=0 -DROLLBACKS=2 -DRELAYS=1
holds 'progress: one fault' progress "${tiny[@]}"
if [ "${1:-}" = --long ]; then
  holds 'no loss, no duplicate, order, cursor: two faults' safety -DEVENTS=3 -DFAULTS=2 -DROLLBACKS=0
  holds 'the same, one fault and a broker with less' safety -DEVENTS=3 -DFAULTS=1 -DROLLBACKS=1
  holds 'the same, four events, window of three' safety -DEVENTS=4 -DWINDOW=3 -DFAULTS=1 -DROLLBACKS=0
  holds 'progress: one fault, window of two' progress -DEVENTS=3 -DFAULTS=1 -DROLLBACKS=0
  holds 'progress: a broker with less' progress -DEVENTS=2 -DFAULTS=0 -DROLLBACKS=1 -DWINDOW=1
fi

# What each promise looks like when it is broken.
duplicate='violated .*stored&[(]1<<id[)]'
order='violated .*id-2|violated .*id[+]2'
loss='violated .*seen'
cursor='violated .*points'
stuck='acceptance cycle'

rolled=(-DEVENTS=3 -DFAULTS=0 -DROLLBACKS=2 -DRELAYS=1)
breaks 'duplicates: no chain' "$duplicate" safety "${small[@]}" -DM_NO_CHAIN
breaks 'duplicates: tail not read' "$duplicate" safety "${small[@]}" -DM_NO_TAIL
breaks 'duplicates: chain of sequences without ids' "$duplicate" safety "${small[@]}" -DM_SEQUENCE_ONLY
breaks 'order: the same, though the broker knows duplicates' "$order" safety -DEVENTS=4 -DFAULTS=1 -DROLLBACKS=0 -DM_SEQUENCE_ONLY -DWITH_DUPLICATES
breaks 'loss: read by id, not by snapshot' "$loss" safety "${small[@]}" -DM_BY_ID
breaks 'loss: marked before it is acknowledged' "$loss" safety "${small[@]}" -DM_EARLY_MARK
breaks 'loss: checkpoints of what the stream lost are kept' "$loss" safety "${rolled[@]}" -DM_KEEP_NEWER
breaks 'cursor: no fencing by epoch' "$cursor" safety "${small[@]}" -DM_NO_EPOCH
breaks 'progress: a refusal is ignored' "$stuck" progress "${tiny[@]}" -DM_IGNORE_REFUSAL
exit "$failed"
