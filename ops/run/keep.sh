#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# keep.sh DIR NAME COMMAND... - keeps COMMAND running: when it ends without being
# asked to, it is started again after a pause that grows from 0.2 to 5 seconds.
#
# DIR/run/NAME.keeper and NAME.pid hold the process ids of the keeper and of the
# command, NAME.env its environment, NAME.exits one line "status seconds" for each end. TERM to the keeper
# is passed on, and the keeper ends when the command has; HUP opens the log again.
# Output of the command goes to DIR/log/NAME.log.
set -uo pipefail

dir=$1 name=$2
shift 2
readonly grace_s=15
stopping=no
child=0

log() { printf '{"ts":"%s","level":"warn","service":"keeper","pid":%s,"event":"process_ended","process":"%s",%s}\n' \
  "$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)" $$ "$name" "$1"; }

# HUP opens the log again and has the command do so.
on_hup() {
  local signal=HUP
  exec >>"$dir/log/$name.log" 2>&1
  case $name in
    gateway | nats) signal=USR1 ;;
  esac
  [ "$child" -gt 0 ] && kill "-$signal" "$child" 2>/dev/null
}

on_term() {
  stopping=yes
  [ "$child" -gt 0 ] && kill -TERM "$child" 2>/dev/null
}
trap on_term TERM INT
trap on_hup HUP

exec >>"$dir/log/$name.log" 2>&1 </dev/null
printf '%s\n' $$ >"$dir/run/$name.keeper"
: >"$dir/run/$name.exits"

if [ -f "$dir/run/$name.env" ]; then
  while IFS= read -r line; do
    export "${line?}"
  done <"$dir/run/$name.env"
fi

# Ours write their log themselves, so that they can open it again.
[ ! -x "$dir/bin/careforall-$name" ] || export CAREFORALL_LOG_FILE="$dir/log/$name.log"

pause_ms=200
while [ "$stopping" = no ]; do
  started=$SECONDS
  "$@" &
  child=$!
  printf '%s\n' "$child" >"$dir/run/$name.pid"
  deadline=0
  while :; do
    # The shell itself would say in its own words that a command was killed.
    wait "$child" 2>/dev/null
    status=$?
    kill -0 "$child" 2>/dev/null || break
    # A signal interrupted wait; the command gets its grace to end.
    if [ "$stopping" = yes ] && [ "$deadline" -eq 0 ]; then
      deadline=$((SECONDS + grace_s))
      (
        trap - TERM INT
        while kill -0 "$child" 2>/dev/null && [ "$SECONDS" -lt "$deadline" ]; do
          sleep 0.2
        done
        kill -KILL "$child" 2>/dev/null
      ) &
    fi
  done
  rm -f "$dir/run/$name.pid"
  child=0
  [ "$stopping" = yes ] && break
  lived=$((SECONDS - started))
  printf '%s %s\n' "$status" "$lived" >>"$dir/run/$name.exits"
  [ "$lived" -ge 10 ] && pause_ms=200
  log "\"status\":$status,\"lived_s\":$lived,\"restart_ms\":$pause_ms"
  sleep "$((pause_ms / 1000)).$(printf '%03d' $((pause_ms % 1000)))" &
  wait $!
  pause_ms=$((pause_ms * 2 > 5000 ? 5000 : pause_ms * 2))
done
rm -f "$dir/run/$name.keeper" "$dir/run/$name.pid"
