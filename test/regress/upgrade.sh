#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Goal: a database of the first release becomes today's by ALTER EXTENSION UPDATE, keeps
# its data, and then is what a fresh install makes; server and database of two versions
# work or refuse with a hint, and never crash.
# Method: a PostgreSQL moved into the folder, so that library and scripts can be exchanged
# under it as a package manager does; the old library is today's without what 0.1.0 lacked.
#
# usage: upgrade.sh FOLDER EXTENSION SQL     (an empty folder; not as root; PG_CONFIG)
set -eu

dir=$1
extension=$2
sql=$3
pg_config=${PG_CONFIG:-pg_config}
bin=$("$pg_config" --bindir)
moved=$dir/moved$bin
oldest=0.1.0
newest=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" "$extension/careforall.control")
export PGHOST="$dir" PGPORT=5432 PGUSER=postgres PGDATABASE=old PGOPTIONS='-c client_min_messages=warning'

fail() {
	echo "upgrade: $*" >&2
	exit 1
}

ask() {
	"$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

# expect NAME VALUE STATEMENT
expect() {
	got=$(ask -c "$3")
	[ "$got" = "$2" ] || fail "$1: expected \"$2\", got \"$got\""
}

# refused NAME PATTERN STATEMENT: an error of that text, from a server that lives on.
refused() {
	! ask -v VERBOSITY=verbose -c "$3" >"$dir/refused" 2>&1 || fail "$1: was not refused"
	grep -Eq "$2" "$dir/refused" || fail "$1: said $(cat "$dir/refused")"
	expect "$1: the same server" "$started" 'SELECT pg_postmaster_start_time()'
}

# The files of a PostgreSQL under $dir/moved: it finds them from where it is.
move_server() {
	library_dir=$("$pg_config" --pkglibdir)
	share=$("$pg_config" --sharedir)
	mkdir -p "$moved" "$dir/moved$library_dir" "$dir/moved$share/extension"
	cp "$bin/postgres" "$bin/initdb" "$bin/pg_ctl" "$moved/"
	for file in "$library_dir"/* "$share"/* "$share"/extension/*; do
		case $file in
		*/careforall* | "$share/extension") ;;
		*) ln -s "$file" "$dir/moved$file" ;;
		esac
	done
	cp "$extension/careforall.control" "$extension/careforall--$newest.sql" \
		"$extension"/sql/careforall--*.sql "$dir/moved$share/extension/"
	library=$dir/moved$library_dir/careforall.so
}

# put_library FILE: in one step, as a package manager does.
put_library() {
	cp "$1" "$library.new"
	mv "$library.new" "$library"
}

start() { # OPTION...
	"$moved/pg_ctl" -D "$dir/data" -l "$dir/log" -s -w -o "$*" start
	started=$(ask -d postgres -c 'SELECT pg_postmaster_start_time()')
}

stop() {
	"$moved/pg_ctl" -D "$dir/data" -s -w -m fast stop
}

finish() {
	[ ! -f "$dir/data/postmaster.pid" ] || stop
}

trap finish EXIT

# Everything that the database declares, members of the extension one by one, without
# the numbers that differ from database to database.
picture() {
	"$bin/pg_dump" --binary-upgrade --schema-only "$1" |
		grep -Ev '^.(un)?restrict |binary_upgrade_set_next_|^-- For binary upgrade, must preserve|SET relfrozenxid = |^WHERE oid = |^SELECT pg_catalog.setval\(' |
		cat -s
}

contents() {
	"$bin/pg_dump" --data-only "$1" | grep -Ev '^.(un)?restrict ' | sha256sum
}

# migrate DATABASE FOLDER: says nothing that is an error.
migrate() {
	PGDATABASE=$1 PATH=$bin:$PATH "$2/migrate.sh" >/dev/null 2>"$dir/migrate" || fail "$2: $(cat "$dir/migrate")"
	! grep -i error "$dir/migrate" >&2 || fail "$2 went on after this"
}

# pledge: one more through the engine, paid; refused would be an error.
pledge() {
	ask <<'SQL' >/dev/null
DO $$
DECLARE
  made record;
BEGIN
  made := careforall.pledge_create((SELECT id FROM careforall.campaigns WHERE slug = 'upgrade'), 100, 'EUR', 'Bob', 'bob@example.org');
  IF made.outcome <> 'created' OR (careforall.pledge_apply(made.pledge_id, 'payment_succeeded')).outcome <> 'applied' THEN
    RAISE EXCEPTION 'a pledge came to %', made.outcome;
  END IF;
END $$;
SQL
}

move_server
find "$extension/build" -maxdepth 1 -name '*.o' ! -name version.o -exec gcc -shared -o "$dir/old.so" {} +
put_library "$dir/old.so"
"$moved/initdb" -D "$dir/data" -A trust -U postgres --no-sync --encoding=UTF8 --locale=C.UTF-8 >/dev/null
cat >>"$dir/data/postgresql.conf" <<CONF
shared_preload_libraries = 'careforall'
careforall.database = 'traffic'
listen_addresses = ''
unix_socket_directories = '$dir'
fsync = off
timezone = 'UTC'
CONF
start

# A database of the first release, with data.
"$bin/createdb" old
cp -R "$sql" "$dir/sql-old"
sed -i "s/^CREATE EXTENSION IF NOT EXISTS careforall SCHEMA careforall;\$/CREATE EXTENSION careforall SCHEMA careforall VERSION '$oldest';/" "$dir/sql-old/prepare.sql"
sed -i '/^ALTER EXTENSION careforall UPDATE;$/d' "$dir/sql-old/code.sql"
migrate old "$dir/sql-old"
ask -f "$sql/seed/dev.sql" >/dev/null
ask -c "INSERT INTO careforall.campaigns (id, slug, title, category, owner_name, currency, goal_minor, cap_minor)
  VALUES (careforall.uuid7(), 'upgrade', 'U', 'test', 'Ann', 'EUR', 100, 100000000000)" \
	-c "UPDATE careforall.campaigns SET state = 'active' WHERE slug = 'upgrade'"
pledge
expect 'the old version' "$oldest" "SELECT extversion FROM pg_extension WHERE extname = 'careforall'"

# New files, not loaded yet.
put_library "$extension/careforall.so"
refused 'update before the restart' "55000: the server has loaded version $oldest .*, but version 0.2.0 is needed" \
	'ALTER EXTENSION careforall UPDATE'
grep -q 'HINT:.*restart the server' "$dir/refused" || fail 'no hint of the restart'
expect 'still the old version' "$oldest" "SELECT extversion FROM pg_extension WHERE extname = 'careforall'"
pledge

# The new library serves the old SQL.
stop
start
pledge
"$bin/createdb" -T old traffic
before=$(contents old)
ask -c 'ALTER EXTENSION careforall UPDATE'
expect 'the new version' "$newest" "SELECT extversion FROM pg_extension WHERE extname = 'careforall'"
[ "$(contents old)" = "$before" ] || fail 'the update changed data'
migrate old "$sql"
pledge
echo "ok: from $oldest to $newest with data"

"$bin/createdb" fresh
migrate fresh "$sql"
picture old >"$dir/updated"
picture fresh >"$dir/fresh"
grep -q "ALTER EXTENSION careforall ADD FUNCTION careforall.verify()" "$dir/fresh" || fail 'the picture lacks the extension'
diff -u "$dir/fresh" "$dir/updated" >&2 || fail 'an updated database differs from a fresh one, as above'
echo "ok: $(wc -l <"$dir/fresh") lines of catalog are those of a fresh install"

# Under traffic no pledge fails.
cat >"$dir/pledge.sql" <<'SQL'
SELECT 1 / (outcome = 'created')::int FROM careforall.pledge_create(
  (SELECT id FROM careforall.campaigns WHERE slug = 'upgrade'), 100, 'EUR', 'Bob', 'bob@example.org');
SQL
"$bin/pgbench" -n -M prepared -c 4 -T 3 -f "$dir/pledge.sql" traffic >"$dir/traffic.log" 2>&1 &
traffic=$!
until [ "$(ask -d traffic -c 'SELECT careforall.outbox_commits() > 20')" = t ]; do sleep 0.1; done
ask -d traffic -c 'ALTER EXTENSION careforall UPDATE'
wait $traffic || fail "pledges failed during the update: $(tail -n 5 "$dir/traffic.log")"
echo "ok: updated under $(sed -n 's/^number of transactions actually processed: //p' "$dir/traffic.log") pledges"

refused 'a newer library wanted' '55000: the server has loaded version .*, but version 99.0.0 is needed' \
	"SELECT careforall.library_require('99.0.0')"
ask -c "SELECT careforall.library_require('$newest'), careforall.library_require('0.1.10')" >/dev/null
expect 'health' ok "SELECT status FROM careforall.health WHERE \"check\" = 'engine'"
for database in old traffic fresh; do
	expect "invariants of $database" 0 "SELECT sum(violations) FROM careforall.verify()"
done

# Back to the old files under the new SQL: what they lack is refused, the rest works.
stop
put_library "$dir/old.so"
start
pledge
refused 'a function that the library lacks' '42883: could not find function' 'SELECT careforall.library_version()'
expect 'health' 'bad|The server has loaded an older library than the database needs: restart PostgreSQL.' \
	"SELECT status, hint FROM careforall.health WHERE \"check\" = 'engine'"
pledge
expect 'invariants' 0 "SELECT sum(violations) FROM careforall.verify()"

# Under pg_upgrade nothing of ours may write.
workers="SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'careforall%'"
expect 'workers' t "SELECT ($workers) > 0"
stop
start -b
expect 'workers under pg_upgrade' 0 "$workers"
! grep -q 'terminated by signal' "$dir/log" || fail 'a process of the server crashed'
echo 'ok: an older library under newer SQL refuses what it lacks'
