#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the pgTAP tests on a temporary cluster of its own.
#
#   run.sh [port] [test.sql ...]
#
# Makes the cluster in a temporary folder (as user postgres when started by root),
# installs sql/ twice and compares, installs and seeds a second database without
# pg_cron, tests careforall-migrate, runs the tests, and removes everything. KEEP=1 leaves the folder.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
sql=$here/../../sql
port=${1:-${PGTAP_PORT:-22432}}
[ $# -gt 0 ] && shift
bin=${PG_BINDIR:-$(pg_config --bindir)}
folder=$(mktemp -d "${TMPDIR:-/tmp}/careforall-pgtap.XXXXXX")

as_postgres() {
  if [ "$(id -u)" -eq 0 ]; then
    setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
  else
    "$@"
  fi
}

finish() {
  status=$?
  trap - EXIT INT TERM
  [ -f "$folder/data/postmaster.pid" ] &&
    as_postgres "$bin/pg_ctl" -D "$folder/data" -m fast -w stop >/dev/null 2>&1
  if [ "$status" -ne 0 ] && [ -f "$folder/log" ]; then
    echo "# last lines of the server log:" >&2
    tail -n 15 "$folder/log" >&2
  fi
  [ -n "${KEEP:-}" ] || rm -rf "$folder"
  exit "$status"
}
trap finish EXIT INT TERM

[ "$(id -u)" -eq 0 ] && chown postgres "$folder"
chmod 755 "$folder"
cd "$folder"
as_postgres "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
  --no-sync >/dev/null
as_postgres sh -c "cat >>'$folder/data/postgresql.conf'" <<CONF
port = $port
listen_addresses = ''
unix_socket_directories = '$folder'
fsync = off
shared_preload_libraries = 'careforall,pg_cron,pg_stat_statements'
pg_stat_statements.track_utility = off
cron.database_name = 'careforall'
cron.use_background_workers = on
max_worker_processes = 20
careforall.allow_clock_set = on
CONF
as_postgres "$bin/pg_ctl" -D "$folder/data" -l "$folder/log" -w start >/dev/null

export PGHOST="$folder" PGPORT="$port" PGUSER=postgres PGOPTIONS=
createdb careforall

# Installing twice changes nothing: neither the schema nor the rows it brings.
picture() {
  pg_dump --schema-only careforall | grep -Ev "^.(un)?restrict "
  psql -X -At careforall -c "SELECT version, name, checksum, applied_by FROM careforall.schema_migrations ORDER BY 1"
  psql -X -At careforall -c "SELECT jobid, jobname, schedule, command, username FROM cron.job ORDER BY jobid"
  psql -X -At careforall -c "SELECT r.rolname, r.rolcanlogin, m.roleid::regrole FROM pg_roles r
    LEFT JOIN pg_auth_members m ON m.member = r.oid WHERE r.rolname LIKE 'careforall%' ORDER BY 1, 3"
}
PGDATABASE=careforall "$sql/migrate.sh" >/dev/null
picture >"$folder/first"
PGDATABASE=careforall "$sql/migrate.sh" >/dev/null
picture >"$folder/second"
if ! diff -u "$folder/first" "$folder/second"; then
  echo "run.sh: installing twice changed the database" >&2
  exit 1
fi
echo "installing twice changes nothing: ok"

PGDATABASE=careforall_demo "$sql/migrate.sh" --create >"$folder/notice"
grep -q 'no jobs are scheduled' "$folder/notice" || {
  echo "run.sh: expected a notice that pg_cron does not serve the database" >&2
  exit 1
}
psql -X -q -f "$sql/seed/dev.sql" careforall_demo
count="SELECT (SELECT count(*) FROM careforall.outbox), (SELECT count(*) FROM careforall.audit_log)"
once=$(psql -X -At -c "$count" careforall_demo)
psql -X -q -f "$sql/seed/dev.sql" careforall_demo
twice=$(psql -X -At -c "$count" careforall_demo)
if [ "$once" != "$twice" ]; then
  echo "run.sh: seeding twice changed the database: $once, then $twice" >&2
  exit 1
fi
echo "seeding twice changes nothing: ok"

for database in careforall careforall_demo; do
  psql -X -q -c 'CREATE EXTENSION pgtap' "$database"
  # The jobs must not run between two statements of a test.
done
psql -X -q -c "UPDATE cron.job SET active = false" careforall

if [ $# -eq 0 ]; then
  set -- "$here"/[0-9]*.sql
  mkdir "$folder/migrate"
  "$here/migrate.sh" "$folder/migrate"
  mkdir "$folder/keys"
  "$here/keys.sh" "$folder/keys"
  pg_prove --dbname careforall_demo "$here/demo.sql"
  PGDATABASE=careforall_demo "$here/../../ops/docs/psql.sh" --check
  PGDATABASE=careforall_demo "$here/../../ops/docs/sql.sh" "${SQL_DOCS:---check}"
fi
pg_prove --dbname careforall "$@"
