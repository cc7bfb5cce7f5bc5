#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# lifecycle.sh [--port-base N] [PART...] - walks through docs/howto/backup.md with a
# running system that takes pledges, and runs the very commands of the page:
#
#   dump            a dump, and a new cluster from it
#   point-in-time   base backup, archive, and back to a moment between two pledges
#   upgrade         pg_upgrade from PostgreSQL 15 to 17, which copies
#   upgrade-link    the same with --link
#
# After each part the database verifies itself, and stream, read model and the provider's
# money are compared with it. Needs root, what `make build install-extension` makes, and
# for the upgrades a Debian 13 (debian13.sh).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PATH="$root/.tools/node_modules/.bin:$PATH"
# shellcheck source=ops/test/debian13.sh
. "$root/ops/test/debian13.sh"
page=$root/docs/howto/backup.md
pg15=/usr/lib/postgresql/15/bin
port_base=26000 new_server=no
if [ "${1:-}" = --port-base ]; then
  port_base=$2
  shift 2
fi
[ $# -gt 0 ] || set -- dump point-in-time upgrade upgrade-link

say() { printf '=== %s\n' "$*"; }
die() { printf 'lifecycle: %s\n' "$*" >&2; exit 1; }

stack() { # COMMAND ARGUMENT...
  "$root/ops/run/stack.sh" "$1" --dir "$work/stack" "${@:2}" >>"$work/stack.log" 2>&1 ||
    { tail -n 5 "$work/stack.log" >&2; die "stack.sh $* failed"; }
}

# begin WORK [FOLDER] - a fresh system in WORK; FOLDER is how the chroot calls it.
begin() {
  work=$1 seen=${2:-$1} new_server=no
  rm -rf "$work"
  mkdir -p "$work/careforall"
  cp -r "$root/sql" "$work/careforall/"
  install -d -o postgres -g postgres -m 700 "$work/backup" "$work/here"
  stack start --port-base "$port_base" --only pg,redis,nats,mockpay,api,relay,projector,payments
  # shellcheck source=/dev/null
  . "$work/stack/careforall.env"
  campaign=$(ask "WITH made AS (INSERT INTO careforall.campaigns (slug, title, category, owner_name, currency, goal_minor, cap_minor)
    VALUES ('lifecycle', 'L', 'test', 'Ann', 'EUR', 100, 10000) RETURNING id) SELECT id FROM made")
  ask "UPDATE careforall.campaigns SET state = 'active' WHERE id = '$campaign'"
}

finish() {
  [ -z "${work:-}" ] || [ ! -d "$work/stack" ] || {
    [ "$new_server" = no ] || new_pg stop -m immediate || true
    "$root/ops/run/stack.sh" stop --dir "$work/stack" >/dev/null 2>&1 || true
  }
}
trap finish EXIT

# ---- the words of the page

services() {
  stack "$1" --only api,relay,projector,payments
}

broker() {
  stack "$1" --only nats
}

server() {
  if [ "$new_server" = no ]; then
    stack "$1" --only pg --no-schema
  else
    new_pg "$1"
  fi
}

# new_pg start|stop ARGUMENT... - the cluster of PostgreSQL 17, with the settings of the old one.
new_pg() {
  [ "$1" != start ] || grep -q pg.conf "$work/stack/pg17/postgresql.conf" ||
    echo "include '../pg.conf'" >>"$work/stack/pg17/postgresql.conf"
  debian13_as_postgres "$pg17/pg_ctl" --pgdata="$seen/stack/pg17" --log="$seen/stack/pg17/log" \
    --options="-c unix_socket_directories=''" --silent --wait "$@"
}

# as_postgres COMMAND... - with what the page's commands go by, in a folder of its own.
as_postgres() {
  local seen=$seen run=(setpriv --reuid=postgres --regid=postgres --clear-groups env -i)
  local path=$pg15:/usr/bin:/bin
  if [ "$in_debian13" = yes ]; then
    run=(debian13_as_postgres LD_LIBRARY_PATH=/usr/lib/postgresql/15/others)
    path=$pg17:/usr/bin:/bin
  else
    seen=$work
  fi
  # shellcheck disable=SC2016 # expanded by the inner shell
  "${run[@]}" PATH="$path" LANG=C.UTF-8 TZ=UTC PGHOST=127.0.0.1 PGPORT="$STACK_PORT_PG" PGUSER=postgres \
    PGPASSWORD="$STACK_PG_PASSWORD_POSTGRES" PGDATA="$seen/stack/pg" BACKUP="$seen/backup" \
    CAREFORALL="$seen/careforall" MOMENT="${moment:-}" NATS_STORE="$seen/stack/nats" \
    REDIS_URL="redis://127.0.0.1:$STACK_PORT_REDIS/0" REDISCLI_AUTH="$STACK_REDIS_PASSWORD" \
    PROVIDER_URL="http://127.0.0.1:$STACK_PORT_MOCKPAY" PROVIDER_KEY="$STACK_PROVIDER_KEY" \
    OLD_BIN="$pg15" NEW_BIN="$pg17" NEW_PGDATA="$seen/stack/pg17" \
    sh -c 'cd "$0" && exec "$@"' "$seen/here" "$@"
}
in_debian13=no

# follow HEADING [BLOCK [OPTION]] - runs the commands under a heading of the page, all or
# one block; pg_upgrade with an option more. Lines that begin with one of the words are
# ours, the others a shell's of postgres.
follow() {
  local line part='' commands
  say "$1${2:+, block $2}"
  commands=$(awk -v heading="$1" -v block="${2:-0}" '
    /^##+ / { on = ($0 ~ "^##+ " heading "$"); n = 0 }
    on && /^```sh$/ { inside = (block == 0 || ++n == block); next }
    /^```$/ { inside = 0 }
    inside' "$page")
  [ -n "$commands" ] || die "the page has no commands under \"$1\""
  [ -z "${3:-}" ] || commands=${commands//'/pg_upgrade" '/"/pg_upgrade\" $3 "}
  while IFS= read -r line; do
    case $line in
      services\ * | server\ * | broker\ *)
        run_part "$part"
        part=
        # shellcheck disable=SC2086 # a word and what follows it
        $line
        ;;
      *) part+=$line$'\n' ;;
    esac
  done <<<"$commands"
  run_part "$part"
}

run_part() {
  [ -n "${1//[[:space:]]/}" ] || return 0
  as_postgres bash -euo pipefail -c "$1" >"$work/output" 2>&1 || { cat "$work/output" >&2; die 'a command of the page failed'; }
  # What verify() showed is part of the walk.
  ! grep -q 'violations' "$work/output" || {
    cat "$work/output"
    ! grep -Eq '\| +[1-9][0-9]* \|' "$work/output" || die 'an invariant does not hold'
  }
}

# ---- the system

ask() {
  PGPASSWORD=$STACK_PG_PASSWORD_POSTGRES psql -qXAt -v ON_ERROR_STOP=1 -h 127.0.0.1 -p "$STACK_PORT_PG" -U postgres -d careforall -c "$1"
}

# pledge KEY [AMOUNT] - sends a pledge; its id, or the status where that is not 201.
pledge() {
  local status
  status=$(curl -sS -o "$work/answer" -w '%{http_code}' -X POST "http://127.0.0.1:$STACK_PORT_API/api/v1/campaigns/$campaign/pledges" \
    -H "Idempotency-Key: $1" -H 'Content-Type: application/json' \
    -d "{\"amount\":{\"amount\":${2:-1000},\"currency\":\"EUR\"},\"donor\":{\"name\":\"Ada\",\"email\":\"ada@example.org\"},\"display\":\"name\"}")
  if [ "$status" = 201 ]; then
    sed -E 's/.*"id":"([0-9a-f-]{36})".*/\1/' "$work/answer"
  else
    printf '%s\n' "$status"
  fi
}

# until_is SECONDS VALUE STATEMENT
until_is() {
  local end=$((SECONDS + $1))
  until [ "$(ask "$3")" = "$2" ]; do
    [ "$SECONDS" -lt "$end" ] || die "waited $1 s for $2 from: $3"
    sleep 0.2
  done
}

# paid KEY - a pledge, sent and confirmed; its id.
paid() {
  local id
  id=$(pledge "$1")
  [[ $id == *-* ]] || die "the pledge $1 was answered with \"$id\""
  until_is 30 confirmed "SELECT state FROM careforall.pledges WHERE id = '$id'"
  printf '%s\n' "$id"
}

# holds - the whole system against its database.
holds() {
  say 'database, stream, read model and provider agree'
  (cd "$root/test" && CAREFORALL_LIFECYCLE_DIR="$work/stack" npx vitest run --config lifecycle/vitest.config.ts) >"$work/holds.log" 2>&1 ||
    { cat "$work/holds.log" >&2; die 'they do not'; }
  [ "$(ask 'SELECT sum(violations) FROM careforall.verify()')" = 0 ] || die 'an invariant does not hold'
}

# on_stream - how many messages the stream has.
on_stream() {
  curl -fsS "http://127.0.0.1:$STACK_PORT_NATS_MONITOR/jsz" | sed -nE 's/^ *"messages": ([0-9]+).*/\1/p' | head -n 1
}

# ---- the parts

part_dump() {
  local before
  begin /var/tmp/careforall-lifecycle
  paid one >/dev/null
  follow 'A dump'
  paid two >/dev/null
  say 'the services stop, a last dump, another cluster; NATS and Redis stay'
  services stop
  follow 'A dump'
  before=$(on_stream)
  server stop
  mv "$work/stack/pg" "$work/stack/pg.before"
  server start
  follow 'A new cluster from a dump'
  services start
  paid three >/dev/null
  [ "$(ask 'SELECT count(*) FROM careforall.pledges')" = 3 ] || die 'not all three pledges are there'
  [ "$(pledge four 9000)" = 409 ] || die 'the cap does not count what was restored'
  [ "$(on_stream)" -gt "$before" ] || die 'nothing came to the stream'
  [ "$(ask "SELECT count(*) FROM cron.job WHERE jobname LIKE 'careforall%'")" -gt 3 ] || die 'no jobs are scheduled'
  holds
  finish
}

part_point_in_time() {
  local first second again
  begin /var/tmp/careforall-lifecycle
  follow 'Base backup and WAL'
  services start
  first=$(paid one)
  moment=$(ask 'SELECT clock_timestamp()')
  second=$(paid two)
  say "pledge one is before $moment, pledge two after it"
  follow 'Back to a moment'
  [ "$(ask "SELECT state FROM careforall.pledges WHERE id = '$first'")" = confirmed ] || die 'pledge one is gone'
  [ "$(ask "SELECT count(*) FROM careforall.pledges WHERE id = '$second'")" = 0 ] || die 'pledge two is there'
  follow 'Empty the stream and Redis'
  [ "$(pledge one)" = "$first" ] || die 'the key of pledge one is not known any more'
  follow 'The money that came meanwhile'
  [ "$(wc -l <"$work/here/lost.txt")" = 1 ] || die 'not one payment is without its pledge'
  # The donor of the second one repeats the request: it is a new pledge.
  again=$(paid two)
  [ "$again" != "$second" ] || die 'the answer to a pledge that is gone came back'
  paid three >/dev/null
  holds
  say 'the archive goes on'
  follow 'Base backup and WAL' 2
  finish
}

# part_upgrade [--link]
part_upgrade() {
  local before
  debian13_prepare
  debian13_postgresql_15
  debian13_extension "$root" /srv/careforall-lifecycle/source
  begin "$debian13/srv/careforall-lifecycle/work" /srv/careforall-lifecycle/work
  paid one >/dev/null
  ask "SELECT careforall.outbox_reader_create('warehouse', 'zero', 'a consumer of its own')" >/dev/null
  ask "SELECT careforall.outbox_reader_ack('warehouse', max(id)) FROM careforall.outbox_reader_next('warehouse')" >/dev/null
  before=$(ask "SELECT position FROM careforall.outbox_readers WHERE name = 'warehouse'")
  paid two >/dev/null
  in_debian13=yes
  follow 'From PostgreSQL 15 to 17' 1
  follow 'From PostgreSQL 15 to 17' 2 "$@"
  # Its files are the new one's now: nobody must start it again.
  [ $# = 0 ] || [ -e "$work/stack/pg/global/pg_control.old" ] || die 'the old cluster was copied, not linked'
  new_server=yes
  follow 'From PostgreSQL 15 to 17' 3
  in_debian13=no
  say "$(ask 'SELECT version()')"
  paid three >/dev/null
  [ "$(pledge four 9000)" = 409 ] || die 'the cap does not count what was there before'
  grep '"goes_on"' "$work/stack/log/relay.log" | tail -n 1 | grep -q '"from_checkpoint":true,"other_cluster":false' ||
    die 'the relay did not go on from its checkpoint'
  [ "$(ask "SELECT count(*) > 0 AND min(id) > $before FROM careforall.outbox_reader_next('warehouse')")" = t ] ||
    die 'the consumer got what it had taken already'
  [ "$(ask "SELECT restarts FROM careforall.outbox_readers WHERE name = 'warehouse'")" = 0 ] || die 'the consumer began again'
  until_is 90 t "SELECT bool_and(status = 'ok') FROM careforall.jobs_status WHERE job = 'holds_expire'"
  holds
  finish
}

[ "$(id -u)" -eq 0 ] || die 'run as root'
for part in "$@"; do
  case $part in
    dump | upgrade) "part_$part" ;;
    point-in-time) part_point_in_time ;;
    upgrade-link) part_upgrade --link ;;
    *) die "unknown part $part" ;;
  esac
  rm -rf "$work"
done
say 'lifecycle: every command of docs/howto/backup.md ran, and everything holds'
