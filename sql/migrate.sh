#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# careforall-migrate [--create] [--status | --dry-run] - brings a database to the
# schema of this release, while it serves; a new one gets the whole of it. Running it
# again changes nothing.
#
#   --create   makes the database first, if it is not there
#   --status   one line for each migration; exit status 3 if some wait
#   --dry-run  what would be done, and does nothing
#
# Connects as PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE (careforall) say, as a
# superuser. Forward only: it refuses a database that is newer than these files, and
# one that has been through another text of them. docs/howto/migrations.md tells the rest.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
sql=$here
[ -d "$sql/schema" ] || sql=$here/../share/careforall/sql
export PGDATABASE="${PGDATABASE:-careforall}" PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT:-10}"
export LC_ALL=C.UTF-8

# What waits for a lock holds up all that comes after it: it gives up long before a
# request does, and tries again.
readonly lock_timeout=300ms statement_timeout=2s tries_max=60

die() { printf 'careforall-migrate: %s\n' "$*" >&2; exit 1; }
say() { printf '%s\n' "$*"; }
ask() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

create=no mode=apply
for argument; do
  case $argument in
    --create) create=yes ;;
    --status | --dry-run) mode=${argument#--} ;;
    --help) sed -n '4,15s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "unknown argument $argument: see --help" ;;
  esac
done
[ -d "$sql/schema" ] || die "there is no folder $sql/schema"
command -v psql >/dev/null || die "psql is not installed: apt-get install postgresql-client"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# The files: names in order, each with the SHA-256 of its text.

names() {
  printf '0001_baseline\n'
  for file in "$sql"/migrations/[0-9]*.sql; do
    [ ! -e "$file" ] || basename "$file" .sql
  done
}
version() { # NAME
  printf '%s' "${1%%_*}" | sed 's/^0*//'
}
files() { # NAME
  if [ "$1" = 0001_baseline ]; then
    printf '%s\n' "$sql"/schema/*.sql
  else
    printf '%s\n' "$sql/migrations/$1.sql"
  fi
}
checksum() { # NAME
  files "$1" | while read -r file; do cat "$file"; done | sha256sum | cut -d' ' -f1
}
purpose() { # NAME - the first line of its comment
  if [ "$1" = 0001_baseline ]; then
    printf 'the whole schema of the first release'
  else
    sed -n '2s/^-- //p' "$sql/migrations/$1.sql"
  fi
}
is_concurrent() { # NAME
  [ "$1" != 0001_baseline ] && grep -qx -- '-- Runs outside a transaction.' "$sql/migrations/$1.sql"
}

# What the database has been through: version, name, checksum, when, by whom.

applied() {
  has_list=$(ask -c "SELECT to_regclass('careforall.schema_migrations') IS NOT NULL") ||
    die "no session in database $PGDATABASE: see PGHOST, PGPORT, PGUSER, PGPASSWORD; --create makes a new one"
  [ "$has_list" = t ] || return 0
  ask -F ' ' -c "SELECT version, name, checksum, to_char(applied_at, 'YYYY-MM-DD\"T\"HH24:MI:SSOF'), applied_by
    FROM careforall.schema_migrations ORDER BY version"
}
field() { # NAME FIELD - of an applied migration; nothing if it was not applied
  awk -v version="$(version "$1")" -v field="$2" '$1 == version { print $field }' "$work/applied"
}

# Refuses a database whose past is not that of these files.
compare() {
  newest=$(version "$(names | tail -n 1)")
  last=$(tail -n 1 "$work/applied" | cut -d' ' -f1)
  last=${last:-0}
  [ "$last" -le "$newest" ] ||
    die "the database is newer than this program: it has been through $(tail -n 1 "$work/applied" | cut -d' ' -f2), these files end with $(names | tail -n 1). Use the careforall-migrate of the newer release; the older programs run on its schema"
  names | while read -r name; do
    was=$(field "$name" 3)
    if [ -n "$was" ] && [ "$was" != "$(checksum "$name")" ]; then
      die "$name has changed since it was applied on $(field "$name" 4): a migration is never edited. Take the file of the release that applied it, and put the change into a new one"
    elif [ -z "$was" ] && [ "$(version "$name")" -lt "$last" ]; then
      die "$name was never applied, though a later one was: give it the next free number"
    fi
  done
}

# run NAME - runs the psql script on standard input in a session that holds the one
# lock of all migrators; again and again while a lock is held by somebody else.
run() {
  cat >"$work/script" <<SQL
\set VERBOSITY verbose
SET client_min_messages = warning;
SELECT pg_try_advisory_lock(hashtext('careforall.migrate')) AS is_mine \gset
\if :is_mine
\else
  DO \$\$ BEGIN RAISE 'another careforall-migrate is at work' USING ERRCODE = 'lock_not_available'; END \$\$;
\endif
SELECT to_regclass('careforall.schema_migrations') IS NOT NULL AS has_list \gset
\if :has_list
  SELECT COALESCE(max(version), 0) > $newest AS is_newer FROM careforall.schema_migrations \gset
  \if :is_newer
    DO \$\$ BEGIN RAISE 'a newer careforall-migrate has been at work'; END \$\$;
  \endif
\endif
SQL
  cat >>"$work/script"
  tries=1
  while ! ask -f "$work/script" >"$work/out" 2>"$work/errors"; do
    if [ "$tries" -ge "$tries_max" ] ||
      ! grep -qE 'ERROR: +(55P03|40P01|40001)|tuple concurrently updated' "$work/errors"; then
      grep -v '^LOCATION:' "$work/errors" >&2
      die "$1 could not be applied (tried $tries times). Nothing of it is left; careforall-migrate goes on with it"
    fi
    [ "$tries" -ne 1 ] ||
      say "$1 waits: $(sed -nE 's/.*(ERROR|FATAL): +[0-9A-Z]{5}: //p' "$work/errors" | head -n 1)"
    sleep "$(awk -v n="$tries" 'BEGIN { print n < 10 ? n * 0.2 : 2 }')"
    tries=$((tries + 1))
  done
}

apply() { # NAME
  {
    printf '%s\n' "SELECT EXISTS (SELECT FROM careforall.schema_migrations WHERE version = $(version "$1")) AS is_there \\gset" \
      '\if :is_there' '  \q' '\endif'
    if is_concurrent "$1"; then
      printf '%s\n' 'SET lock_timeout = 0;' 'SET ROLE careforall_owner;'
    else
      printf '%s\n' 'BEGIN;' "SET LOCAL lock_timeout = '$lock_timeout';"
      # Nobody waits for a database that is being made.
      [ "$1" = 0001_baseline ] || printf '%s\n' "SET LOCAL statement_timeout = '$statement_timeout';"
      printf '%s\n' 'SET LOCAL ROLE careforall_owner;'
    fi
    printf '%s\n' 'SET search_path = pg_catalog, careforall, pg_temp;'
    files "$1" | sed "s/.*/\\\\i '&'/"
    printf '%s\n' "INSERT INTO careforall.schema_migrations (version, name, checksum) VALUES ($(version "$1"), '$1', '$(checksum "$1")');"
    is_concurrent "$1" || printf '%s\n' 'COMMIT;'
    printf '%s\n' '\echo applied'
  } | run "$1"
  [ ! -s "$work/out" ] || say "$1 applied"
}

if [ "$create" = yes ] && [ "$mode" = apply ] &&
  [ "$(ask -d postgres -v name="$PGDATABASE" -f - <<'SQL'
SELECT count(*) FROM pg_catalog.pg_database WHERE datname = :'name'
SQL
)" = 0 ]; then
  createdb "$PGDATABASE"
fi
[ -z "$(names | cut -c 1-4 | uniq -d)" ] || die "two migrations have the number $(names | cut -c 1-4 | uniq -d | head -n 1)"
applied >"$work/applied"
compare

waiting=0
for name in $(names); do
  if [ -n "$(field "$name" 3)" ]; then
    [ "$mode" != status ] || say "$name applied $(field "$name" 4) by $(field "$name" 5)"
    continue
  fi
  waiting=$((waiting + 1))
  case $mode in
    status) say "$name waits" ;;
    dry-run) say "would apply $name: $(purpose "$name")" ;;
    apply)
      [ "$waiting" -ne 1 ] || printf '%s\n' "\\i '$sql/prepare.sql'" | run 'roles and extension'
      apply "$name"
      ;;
  esac
done
case $mode in
  status) [ "$waiting" -eq 0 ] || exit 3 ;;
  dry-run) say "would make all functions, views, rights and jobs anew" ;;
  apply)
    [ "$waiting" -gt 0 ] || printf '%s\n' "\\i '$sql/prepare.sql'" | run 'roles and extension'
    printf '%s\n' "\\i '$sql/code.sql'" | run 'functions, views and rights'
    # No NOTICE in psql's words: what code.sql says is for the operator.
    cat "$work/out"
    ask -c "SELECT count(*) FROM careforall.job_run('outbox_rotate')" >/dev/null
    say "database $PGDATABASE is at $(names | tail -n 1)"
    ;;
esac
