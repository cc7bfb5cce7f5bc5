#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests careforall-migrate on the cluster of run.sh, which calls it.
#
#   migrate.sh FOLDER    for its own files
#
# Method: a copy of sql/, with two migrations more, against databases of every kind of
# past: none, the present release with data and odd changes, a newer one, another text.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
sql=$here/../../sql
folder=$1
count=0

ok() { # NAME COMMAND...
  name=$1
  shift
  if "$@" >"$folder/ok.out" 2>&1; then
    count=$((count + 1))
  else
    echo "migrate.sh: not ok: $name" >&2
    tail -n 20 "$folder/ok.out" >&2
    exit 1
  fi
}
refused() { # NAME WORDS COMMAND...
  name=$1 words=$2
  shift 2
  if "$@" >"$folder/refused.out" 2>&1 || ! grep -q "$words" "$folder/refused.out"; then
    echo "migrate.sh: not refused as it should be: $name" >&2
    tail -n 20 "$folder/refused.out" >&2
    exit 1
  fi
  count=$((count + 1))
}
ask() { psql -X -q -At -v ON_ERROR_STOP=1 -c "$1"; }
is() { # WANTED SQL
  got=$(ask "$2")
  [ "$got" = "$1" ] || { echo "wanted $1, got $got"; return 1; }
}
picture() {
  pg_dump --schema-only "$1" | grep -Ev '^.(un)?restrict '
  psql -X -At "$1" -c 'SELECT version, name, checksum FROM careforall.schema_migrations ORDER BY 1'
}

# The files of a release with two migrations more than now.
cp -R "$sql" "$folder/next"
last=$(find "$folder/next/migrations" -name '*.sql' | wc -l)
column=$(printf '%04d_pledge_source' $((last + 2)))
index=$(printf '%04d_pledge_source_idx' $((last + 3)))
cp "$here/../fixtures/migrations/pledge_source.sql" "$folder/next/migrations/$column.sql"
cp "$here/../fixtures/migrations/pledge_source_idx.sql" "$folder/next/migrations/$index.sql"

# A database of the present release, with data, and with what does not belong there.
export PGDATABASE=careforall_old
ok 'a new database gets the present release' "$sql/migrate.sh" --create
psql -X -q -f "$sql/seed/dev.sql"
psql -X -q <<'SQL'
SET ROLE careforall_owner;
CREATE FUNCTION careforall.left_behind(integer) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION careforall.campaign_close(text) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE VIEW careforall.left_over AS SELECT careforall.left_behind(1);
CREATE OR REPLACE FUNCTION careforall.ready() RETURNS TABLE (extension_version text, schema_version integer, in_recovery boolean)
LANGUAGE sql AS 'SELECT NULL::text, -1, true';
GRANT SELECT ON careforall.pledges TO careforall_readonly;
REVOKE EXECUTE ON FUNCTION careforall.pledge_read(uuid, boolean, uuid) FROM careforall_api;
-- What a try that was cut off leaves.
CREATE INDEX pledges_source_idx ON careforall.pledges (state);
RESET ROLE;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'careforall.pledges_source_idx'::regclass;
SQL
rows=$(ask 'SELECT count(*), sum(amount_minor) FROM careforall.pledges')

status=0
"$folder/next/migrate.sh" --status >"$folder/status" || status=$?
ok '--status has status 3 while something waits' test "$status" = 3
ok '--status tells what was applied' grep -qE '^0001_baseline applied 20..-..-..T..:..:..\+00 by postgres$' "$folder/status"
ok '--status tells what waits' grep -qx "$index waits" "$folder/status"
"$folder/next/migrate.sh" --dry-run >"$folder/dry"
ok '--dry-run says what would be done' grep -qx "would apply $column: A column more on the busiest table." "$folder/dry"
ok '--dry-run does nothing' is $((last + 1)) 'SELECT max(version) FROM careforall.schema_migrations'

# Forward, past a transaction that holds the table until it is waited for.
holder="FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.query LIKE '%pg_sleep(999)%' AND l.relation = 'careforall.pledges'::regclass AND l.granted"
psql -X -q -c 'BEGIN; LOCK careforall.pledges IN ROW EXCLUSIVE MODE; SELECT pg_sleep(999)' >/dev/null 2>&1 &
while [ "$(ask "SELECT count(*) $holder")" = 0 ]; do sleep 0.1; done
"$folder/next/migrate.sh" >"$folder/log" &
migrator=$!
while kill -0 "$migrator" 2>/dev/null && ! grep -q ' waits: ' "$folder/log"; do sleep 0.1; done
ask "SELECT pg_terminate_backend(pid) $holder" >/dev/null
wait "$migrator"
ok 'it says what it waits for' grep -q "^$column waits: canceling statement due to lock timeout" "$folder/log"
ok 'and what it did' grep -qx "$index applied" "$folder/log"
ok 'the rows are as they were' is "$rows" 'SELECT count(*), sum(amount_minor) FROM careforall.pledges'
ok 'the new column is there' is web 'SELECT DISTINCT source FROM careforall.pledges'
ok 'an invalid index was made anew' is t "SELECT indisvalid FROM pg_index WHERE indexrelid = 'careforall.pledges_source_idx'::regclass"
ok 'all invariants hold' is 0 'SELECT sum(violations) FROM careforall.verify()'
ok '--status is content' "$folder/next/migrate.sh" --status

# Two at once make a new one; it equals the one that was brought forward.
(PGDATABASE=careforall_new "$folder/next/migrate.sh" --create >"$folder/new.log" 2>&1 || echo failed >>"$folder/new.log") &
PGDATABASE=careforall_new
while ! ask 'SELECT 1' >/dev/null 2>&1; do sleep 0.1; done
ok 'a second one beside it' "$folder/next/migrate.sh"
wait
ok 'both went well' grep -qx "database careforall_new is at $index" "$folder/new.log"
picture careforall_new >"$folder/new"
picture careforall_old >"$folder/old"
ok 'a migrated database has the catalog of a new one' diff -u "$folder/new" "$folder/old"

# Refusals; each leaves the database as it is.
refused 'older files' 'the database is newer than this program: it has been through' "$sql/migrate.sh"
echo '-- One line more.' >>"$folder/next/migrations/$column.sql"
refused 'another text' "$column has changed since it was applied" "$folder/next/migrate.sh"
refused 'another text, by --status' "$column has changed since it was applied" "$folder/next/migrate.sh" --status
cp "$here/../fixtures/migrations/pledge_source.sql" "$folder/next/migrations/$column.sql"
echo '-- One line more.' >>"$folder/next/schema/080_triggers.sql"
refused 'another baseline' '0001_baseline has changed since it was applied' "$folder/next/migrate.sh"
cp "$sql/schema/080_triggers.sql" "$folder/next/schema/080_triggers.sql"
ask "DELETE FROM careforall.schema_migrations WHERE name = '$column'"
refused 'a hole' "$column was never applied, though a later one was" "$folder/next/migrate.sh"
ask "ALTER TABLE careforall.pledges DROP COLUMN source; DELETE FROM careforall.schema_migrations WHERE name = '$index'"
printf '%s\n' '-- SPDX' '-- Fails at its end.' 'CREATE TABLE careforall.half ();' 'SELECT 1 / 0;' >"$folder/next/migrations/$column.sql"
refused 'a failing one' "$column could not be applied (tried 1 times)" "$folder/next/migrate.sh"
ok 'it leaves nothing' is '' "SELECT to_regclass('careforall.half')"
printf '%s\n' '-- SPDX' '-- Takes long.' 'SELECT pg_sleep(60);' >"$folder/next/migrations/$column.sql"
refused 'a long one' 'canceling statement due to statement timeout' "$folder/next/migrate.sh"
cp "$here/../fixtures/migrations/pledge_source.sql" "$folder/next/migrations/$column.sql"
cp "$folder/next/migrations/$column.sql" "$folder/next/migrations/${column}_again.sql"
refused 'a number twice' 'two migrations have the number' "$folder/next/migrate.sh"
refused 'no such option' 'unknown argument --down' "$sql/migrate.sh" --down
refused 'no server' 'no session in database' env PGHOST="$folder" "$sql/migrate.sh" --status
refused 'no database' 'does not exist' env PGDATABASE=careforall_nowhere "$sql/migrate.sh"

# What lint lets pass.
mkdir "$folder/lint"
lint() { # STATEMENT [LINE]
  printf '%s\n' '-- SPDX' '-- For a test.' "${2:-}" "$1" >"$folder/lint/0002_test.sql"
  "$sql/lint_migrations.sh" "$folder/lint"
}
outside='-- Runs outside a transaction.'
ok 'lint: a column' lint 'ALTER TABLE careforall.pledges ADD COLUMN a integer;'
ok 'lint: a column with a default' lint "ALTER TABLE careforall.pledges ADD COLUMN a text NOT NULL DEFAULT 'x; UPDATE';"
ok 'lint: a function' lint 'CREATE FUNCTION careforall.f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET a = 1; END $$;'
ok 'lint: a table with an index' lint 'CREATE TABLE careforall.t (a integer); CREATE INDEX t_a_idx ON careforall.t (a);'
ok 'lint: a constraint for later' lint 'ALTER TABLE careforall.pledges ADD CONSTRAINT c CHECK (a > 0) NOT VALID;'
ok 'lint: its validation' lint 'ALTER TABLE careforall.pledges VALIDATE CONSTRAINT c;' "$outside"
ok 'lint: an index' lint 'DROP INDEX CONCURRENTLY IF EXISTS careforall.i; CREATE INDEX CONCURRENTLY i ON careforall.pledges (a);' "$outside"
ok 'lint: what somebody answers for' lint 'UPDATE careforall.fee_schedule SET a = 1;' '-- Safe: it has a few rows.'
while IFS='|' read -r words statement line; do
  refused "lint: $statement" "$words" lint "$statement" "$line"
done <<LIST
holds up writers|CREATE INDEX i ON careforall.pledges (a);
needs the line|CREATE INDEX CONCURRENTLY i ON careforall.pledges (a);
cut off|CREATE INDEX CONCURRENTLY i ON careforall.pledges (a);|$outside
belongs into a transaction|ALTER TABLE careforall.pledges ADD COLUMN a integer;|$outside
writes the whole table anew|ALTER TABLE careforall.pledges ALTER a TYPE bigint;
writes the whole table anew|ALTER TABLE careforall.pledges ADD COLUMN a uuid DEFAULT careforall.uuid7();
reads the whole table|ALTER TABLE careforall.pledges ALTER a SET NOT NULL;
reads the whole table|ALTER TABLE careforall.pledges ADD CONSTRAINT c CHECK (a > 0);
reads the whole table|ALTER TABLE careforall.pledges VALIDATE CONSTRAINT c;
fails where there are rows|ALTER TABLE careforall.pledges ADD COLUMN a integer NOT NULL;
still use it|ALTER TABLE careforall.pledges DROP COLUMN a;
still use it|ALTER TABLE careforall.pledges RENAME a TO b;
still use it|DROP TABLE careforall.fee_schedule;
hold up whoever|UPDATE careforall.pledges SET a = 1;
holds up whoever|LOCK TABLE careforall.pledges;
opens and ends|COMMIT;
rights stand in|GRANT SELECT ON careforall.pledges TO careforall_readonly;
LIST
mv "$folder/lint/0002_test.sql" "$folder/lint/0003_test.sql"
refused 'lint: a number left out' 'should have the number 0002' "$sql/lint_migrations.sh" "$folder/lint"
echo "careforall-migrate: $count checks ok"
