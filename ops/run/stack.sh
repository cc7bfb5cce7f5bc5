#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# stack.sh - runs the whole of CareForAll on this machine, on loopback, in one
# folder. Any number of stacks can run side by side, each with its folder and ports.
#
# DIR/careforall.env  settings, ports and secrets: made at the first start, yours to edit
# DIR/log/            one log file for each process
# DIR/pg, redis, nats, mockpay, prometheus   data
# DIR/run/            process ids; DIR/bin, www: the programs and pages that run
#
# PostgreSQL never runs as root: when root calls, everything runs as STACK_RUN_USER
# (default postgres). Where that user cannot reach DIR (a clone in /root), the state
# is kept under /var/lib/careforall and DIR is a link to it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
readonly here root
readonly all_parts=(pg redis nats mockpay api relay projector payments gateway prometheus)

usage() {
  cat <<'TXT'
usage: stack.sh COMMAND [--dir DIR] [options]

  start    start what is not running, apply the schema, wait until all is ready
  stop     stop everything in order; data stays
  restart  stop, then start
  status   one line for each process; exit status 0 if all are up, 3 if not
  logs     follow the logs
  reopen   open the logs again, after they were moved away (logrotate)
  reset    stop and delete all data; careforall.env stays
  psql     psql as the superuser, or as a log-in; arguments after -- are passed on
  env      print the settings file's path and the addresses in use

  --dir DIR          state folder (.run)
  --port-base N      at the first start: use ports N to N+12
  --only LIST        only these parts, by comma:
                     pg redis nats mockpay api relay projector payments gateway prometheus
  --no-schema        start PostgreSQL without bringing its schema up to date
  --as LOGIN         for psql: api relay projector payments admin support readonly
  --seed             load the demo data of sql/seed/dev.sql as well
TXT
}

say() { printf '%s\n' "$*"; }
die() {
  printf 'stack: %s\n' "$*" >&2
  exit 1
}

# shellcheck source=ops/run/settings.sh
. "$here/settings.sh"
# shellcheck source=ops/run/services.sh
. "$here/services.sh"

# ---- the state folder

# run_user_can_reach PATH - whether the unprivileged user may enter every folder above.
run_user_can_reach() {
  local path=$1
  while [ ! -e "$path" ]; do
    path=$(dirname "$path")
  done
  as_run test -x "$path"
}

pick_run_user() {
  if [ "$(id -u)" -ne 0 ]; then
    run_user=$(id -un)
  else
    run_user=${STACK_RUN_USER:-postgres}
    id "$run_user" >/dev/null 2>&1 ||
      die "there is no user $run_user to run as: run 'make deps', or set STACK_RUN_USER"
    [ "$(id -u "$run_user")" -ne 0 ] || die "STACK_RUN_USER must not be root"
  fi
  run_group=$(id -gn "$run_user")
}

# Makes the folder at the first start; else only finds it.
open_dir() {
  local elsewhere
  if [ ! -e "$dir" ] && [ "$1" = create ]; then
    if run_user_can_reach "$dir"; then
      mkdir -p "$dir"
    else
      elsewhere=/var/lib/careforall/$(printf '%s' "$dir" | cksum | cut -d' ' -f1)
      mkdir -p "$elsewhere" "$(dirname "$dir")"
      chmod 755 /var/lib/careforall "$elsewhere"
      ln -sfn "$elsewhere" "$dir"
      say "user $run_user cannot enter $(dirname "$dir"): the state is kept in $elsewhere"
    fi
  fi
  [ -d "$dir" ] || die "there is no stack in $dir: start it first"
  dir=$(cd -P "$dir" && pwd)
  settings=$dir/careforall.env
  exec 9>"$dir/.lock"
  if [ "$command" != logs ] && [ "$command" != psql ]; then
    flock -w 120 9 || die "another stack.sh is at work in $dir"
  fi
  if [ ! -f "$settings" ]; then
    [ "$1" = create ] || die "there is no $settings: start the stack first"
    need_program openssl openssl
    (settings_write "$settings.new" "$port_base")
    mv "$settings.new" "$settings"
    say "made $settings with ports and fresh secrets"
  fi
  settings_read "$settings"
  [ "$1" != create ] || settings_complete "$settings"
  pick_run_user
  run_user_can_reach "$dir" ||
    die "user $run_user cannot reach $dir: use a --dir elsewhere, or chmod o+x the folders above it"
  [ "$1" = create ] || return 0
  mkdir -p "$dir/log" "$dir/run" "$dir/bin"
  if [ "$(id -u)" -eq 0 ]; then
    # The folder itself too: PostgreSQL makes its own in it.
    chown "$run_user:$run_group" "$dir" "$dir/log" "$dir/run"
  fi
  install_file "$here/keep.sh" "$dir/bin/keep.sh"
}

wants() { # PART
  [ -z "$only" ] || [[ ,$only, == *,$1,* ]]
}

# ---- commands

do_start() {
  local part
  need_program curl curl
  for part in redis nats; do
    ! wants "$part" || "start_$part"
  done
  ! wants pg || start_pg
  for part in redis nats; do
    ! wants "$part" || "ready_$part"
  done
  if wants pg && [ "$schema" = yes ]; then
    apply_schema
    [ "$seed" = no ] || load_seed
    first_admin
  fi
  for part in mockpay api relay projector payments gateway prometheus; do
    ! wants "$part" || "start_$part"
  done
  for part in mockpay api relay projector payments gateway prometheus; do
    ! wants "$part" || "ready_$part"
  done
}

load_seed() {
  pg_psql -d careforall -f "$root/sql/seed/dev.sql" >"$dir/log/seed.log" 2>&1 || {
    tail -n 5 "$dir/log/seed.log" >&2
    die "the demo data could not be loaded: the reason is in $dir/log/seed.log, its last lines are above"
  }
  say "demo data   loaded"
}

do_stop() {
  local part
  for part in prometheus gateway api payments projector relay mockpay nats redis; do
    ! wants "$part" || stop_kept "$part"
  done
  ! wants pg || stop_pg
}

do_status() {
  local part state pid missing=0 port name
  for part in "${all_parts[@]}"; do
    wants "$part" || continue
    if [ "$part" = prometheus ] && ! command -v prometheus >/dev/null; then
      continue
    fi
    state=stopped pid=-
    if [ "$part" = pg ]; then
      pg_running && state=running pid=$(head -n 1 "$dir/pg/postmaster.pid")
    elif is_running "$part"; then
      state=running
      pid=$(cat "$dir/run/$part.pid" 2>/dev/null) || state=restarting pid=-
    fi
    [ "$state" = running ] || missing=3
    name=STACK_PORT_${part^^}
    port=${!name}
    printf '%-11s %-10s pid %-7s port %-5s restarts %s\n' "$part" "$state" "$pid" \
      "$port" "$(wc -l 2>/dev/null <"$dir/run/$part.exits" || echo 0)"
  done
  return "$missing"
}

# The name of the log before each line. Becomes tail, so that whoever ends this process
# ends all of it. The awk of Debian would keep lines until they are 4 KiB.
do_logs() {
  exec tail -v -n 0 -F "$dir"/log/*.log 2>/dev/null > >(exec sed -nu '
    /^==> .* <==$/ { s|^==> .*/||; s|[.]log <==$|          |; s|^\(.\{10\}\).*|\1|; h; d }
    /./ { G; s|^\(.*\)\n\(.*\)$|\2 \1|; p }')
}

do_reopen() {
  local keeper
  for keeper in "$dir"/run/*.keeper; do
    [ ! -f "$keeper" ] || kill -HUP "$(cat "$keeper")" 2>/dev/null || true
  done
}

do_reset() {
  do_stop
  rm -rf "${dir:?}"/{pg,pg.new,redis,nats,mockpay,nginx,prometheus,log,run,bin,www}
  rm -f "$dir"/*.conf "$dir"/*.yml "$dir/first-admin.token"
  say "all data in $dir is deleted; $settings stays"
}

do_env() {
  local name
  printf 'settings    %s\n' "$settings"
  printf 'web         %s/\n' "$(site_url)"
  printf 'api         %s/api/v1/campaigns (docs at /docs)\n' "$(site_url)"
  printf 'metrics    '
  for name in API_ADMIN RELAY PROJECTOR PAYMENTS; do
    name=STACK_PORT_$name
    printf ' http://127.0.0.1:%s/metrics' "${!name}"
  done
  printf ' http://127.0.0.1:%s/metrics/database\n' "$STACK_PORT_API_ADMIN"
  printf 'prometheus  http://127.0.0.1:%s/ (if installed)\n' "$STACK_PORT_PROMETHEUS"
  printf 'psql        %s psql --dir %s\n' "$here/stack.sh" "$dir"
}

# ---- command line

dir=$root/.run port_base='' only='' schema=yes seed=no as_login=''
[ $# -gt 0 ] || { usage >&2; exit 2; }
command=$1
shift
while [ $# -gt 0 ]; do
  case $1 in
    --dir) dir=${2:?--dir needs a folder}; shift 2 ;;
    --port-base) port_base=${2:?--port-base needs a number}; shift 2 ;;
    --only) only=${2:?--only needs a list}; shift 2 ;;
    --no-schema) schema=no; shift ;;
    --seed) seed=yes; shift ;;
    --as) as_login=${2:?--as needs a log-in}; shift 2 ;;
    --) shift; break ;;
    *) die "unknown option $1, see stack.sh help" ;;
  esac
done
[[ $dir == /* ]] || dir=$PWD/$dir
if [ -n "$port_base" ] &&
  { ! [[ $port_base =~ ^[0-9]+$ ]] || [ "$port_base" -lt 1024 ] || [ "$port_base" -gt 65500 ]; }; then
  die "--port-base must be from 1024 to 65500"
fi
for part in ${only//,/ }; do
  [[ " ${all_parts[*]} " == *" $part "* ]] || die "unknown part $part, see stack.sh help"
done
readonly command port_base only schema seed as_login

case $command in
  start) pick_run_user; open_dir create; do_start ;;
  stop) pick_run_user; open_dir find; do_stop ;;
  restart) pick_run_user; open_dir create; do_stop; do_start ;;
  status) pick_run_user; open_dir find; do_status ;;
  logs) pick_run_user; open_dir find; do_logs ;;
  reopen) pick_run_user; open_dir find; do_reopen ;;
  reset) pick_run_user; open_dir find; do_reset ;;
  env) pick_run_user; open_dir find; do_env ;;
  psql)
    pick_run_user
    open_dir find
    if [ -n "$as_login" ]; then
      pg_psql_as "$as_login" "$@"
    else
      pg_psql -d careforall "$@"
    fi
    ;;
  help | --help | -h) usage ;;
  *) usage >&2; exit 2 ;;
esac
