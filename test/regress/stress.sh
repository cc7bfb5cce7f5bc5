#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Goal: exact limits and whole history under load, kills, restart, restore, promotion.
# Method: pgbench against a server of its own with a very small limit table, so that
# limits are evicted and loaded all the time; after each part every invariant must hold.
#
# usage: stress.sh FOLDER      (an empty folder; not as root; BINDIR as pg_config says)
# STRESS_SECONDS (8) and STRESS_ROUNDS (25) make it longer.
set -eu

dir=$1
here=$(cd "$(dirname "$0")" && pwd)
bin=${BINDIR:-$(pg_config --bindir)}
seconds=${STRESS_SECONDS:-8}
rounds=${STRESS_ROUNDS:-25}
export PGHOST="$dir" PGPORT=5432 PGUSER=careforall PGDATABASE=regression PGOPTIONS='-c client_min_messages=warning'

fail() {
	echo "stress: $*" >&2
	exit 1
}

sql() {
	"$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 "$@"
}

start() {
	"$bin/pg_ctl" -D "$1" -l "$1.log" -s -w -o "-c listen_addresses='' -c unix_socket_directories='$dir' -p ${2:-5432}" start
}

stop() {
	"$bin/pg_ctl" -D "$1" -s -w -m "${2:-fast}" stop
}

stop_all() {
	for data in "$dir/a" "$dir/b"; do
		[ ! -f "$data/postmaster.pid" ] || stop "$data" immediate
	done
}

trap stop_all EXIT

# expect NAME VALUE STATEMENT
expect() {
	got=$(sql -c "$3")
	[ "$got" = "$2" ] || fail "$1: expected \"$2\", got \"$got\""
}

# verify NAME: once no transaction is open, every figure must be exact.
verify() {
	expect "$1" "" "SELECT name || ' ' || violations || ' ' || sample FROM careforall.verify() WHERE violations > 0"
	expect "$1: pins" 0 "SELECT coalesce(sum(pins), 0) FROM careforall.limits()"
	echo "ok: $1"
}

wait_ready() {
	i=0
	until sql -c 'SELECT 1' >/dev/null 2>&1; do
		i=$((i + 1))
		[ $i -lt 300 ] || fail "server did not come back"
		sleep 0.1
	done
}

"$bin/initdb" -D "$dir/a" -A trust -U careforall --no-sync >/dev/null
cat "$here/regress.conf" >>"$dir/a/postgresql.conf"
# A long flush widens the gap between the decision to commit and its being seen.
cat >>"$dir/a/postgresql.conf" <<'CONF'
fsync = on
commit_delay = 2000
commit_siblings = 0
CONF
start "$dir/a"
"$bin/createdb" regression
PG_ABS_SRCDIR=$here sql -f "$here/sql/setup.sql" >/dev/null
sql <<'SQL' >/dev/null
CREATE FUNCTION t.take(n int, amount bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  r text;
BEGIN
  SELECT outcome INTO r FROM careforall.pledge_create(t.id('c', n), amount, 'EUR', 'B', 'b@x.y',
    CASE WHEN random() < 0.5 THEN t.id('a', n) END, fee_minor => amount / 3,
    account_id => CASE WHEN random() < 0.5 THEN t.id('d', n) END);
  IF r NOT IN ('created', 'limit_reached') THEN
    RAISE EXCEPTION '%', r;
  END IF;
END $$;
CREATE FUNCTION t.apply_any(n int, wanted text, event text) RETURNS text LANGUAGE sql AS $$
  SELECT a.outcome FROM (SELECT id FROM careforall.pledges WHERE campaign_id = t.id('c', n) AND state = wanted
    ORDER BY random() LIMIT 1) AS p, careforall.pledge_apply(p.id, event) AS a
$$;
SELECT count(t.campaign(n, cap => 3000, quantity => 8, capacity => 6)) FROM generate_series(1, 15) AS n;
DO $$ BEGIN FOR n IN 16 .. 30 LOOP PERFORM t.campaign(n, cap => 3000, quantity => 8, capacity => 6); COMMIT; END LOOP; END $$;
SQL

# 200 parallel pledges on a cap of 10, round after round, while limits are forgotten.
cat >"$dir/cap.sql" <<'SQL'
SELECT outcome FROM careforall.pledge_create(t.id('c', :n), 100, 'EUR', 'B', 'b@x.y');
SQL
round=0
while [ $round -lt "$rounds" ]; do
	n=$((1000 + round))
	sql -c "SELECT t.campaign($n, cap => 1000)" -c "SELECT careforall.limits_reload()" >/dev/null
	"$bin/pgbench" -n -c 50 -j 2 -t 4 -D n=$n -f "$dir/cap.sql" >/dev/null 2>&1 || fail "pgbench on a cap of 10"
	expect "cap of 10, round $round" "10 1000" "SELECT count(*) || ' ' || sum(held_minor)
		FROM careforall.pledges WHERE campaign_id = t.id('c', $n)"
	round=$((round + 1))
done
verify "200 parallel pledges on a cap of 10, $rounds rounds"

# Everything at once: takes, frees, savepoints, rollbacks, capacities, evictions, reloads.
cat >"$dir/take.sql" <<'SQL'
\set n random(1, 30)
\set amount random(1, 8) * 100
SELECT t.take(:n, :amount);
SQL
cat >"$dir/savepoint.sql" <<'SQL'
\set n random(1, 30)
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM careforall.campaigns;
SAVEPOINT a;
SELECT t.take(:n, 300);
ROLLBACK TO a;
SELECT t.take(:n, 100);
SAVEPOINT b;
SELECT t.take(:n, 200);
RELEASE b;
COMMIT;
SQL
cat >"$dir/rollback.sql" <<'SQL'
\set n random(1, 30)
BEGIN;
SELECT t.take(:n, 500);
SELECT t.apply_any(:n, 'pending', 'cancel');
SELECT t.take(:n, 500);
ROLLBACK;
SQL
cat >"$dir/life.sql" <<'SQL'
\set n random(1, 30)
\set event random(1, 3)
SELECT t.apply_any(:n, 'pending', (ARRAY['cancel', 'payment_succeeded', 'expire'])[:event]);
SELECT t.apply_any(:n, 'confirmed', 'refund');
SQL
cat >"$dir/capacity.sql" <<'SQL'
\set n random(1, 30)
\set cap random(20, 40) * 100
SELECT t.try(format('UPDATE careforall.campaigns SET cap_minor = %s WHERE id = %L', :cap, t.id('c', :n)));
SELECT t.try(format('UPDATE careforall.pools SET capacity = %s WHERE id = %L', :cap / 400, t.id('b', :n)));
SQL
echo 'SELECT careforall.limits_reload();' >"$dir/reload.sql"
"$bin/pgbench" -n -c 24 -j 2 -T "$seconds" -f "$dir/take.sql@8" -f "$dir/savepoint.sql@4" -f "$dir/rollback.sql@4" \
	-f "$dir/life.sql@8" -f "$dir/capacity.sql@1" -f "$dir/reload.sql@6" --max-tries=1 >"$dir/mixed.log" 2>&1 ||
	fail "pgbench of everything: $(cat "$dir/mixed.log")"
grep -q 'number of transactions actually processed: [1-9]' "$dir/mixed.log" || fail "nothing was processed"
expect "evictions" t "SELECT value > 0 FROM careforall.stats() WHERE name = 'limit_evictions'"
expect "loads" t "SELECT value > 100 FROM careforall.stats() WHERE name = 'limit_loads'"
verify "mixed load, $(sed -n 's/^number of transactions actually processed: //p' "$dir/mixed.log") transactions"

# kill -9 of a backend between reserve and commit: what it took is free again.
sql -c "SELECT t.campaign(2000, cap => 1000)" >/dev/null
(sql -c "BEGIN; SELECT t.pledge(2000, 1000); SELECT pg_sleep(60)" >/dev/null 2>&1 || true) &
i=0
until [ "$(sql -c "SELECT used FROM t.limits(2000) WHERE kind = 'campaign_cap'")" = 1000 ]; do
	i=$((i + 1))
	[ $i -lt 300 ] || fail "the pledge to be killed did not come"
	sleep 0.1
done
kill -9 "$(sql -c "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()")"
wait
wait_ready
expect "after kill -9" "created" "SELECT outcome FROM careforall.pledge_create(t.id('c', 2000), 1000, 'EUR', 'B', 'b@x.y')"
expect "after kill -9" "limit_reached" "SELECT outcome FROM careforall.pledge_create(t.id('c', 2000), 100, 'EUR', 'B', 'b@x.y')"
verify "kill -9 between reserve and commit"

stop "$dir/a" immediate
start "$dir/a"
expect "after a crash" "limit_reached" "SELECT outcome FROM careforall.pledge_create(t.id('c', 2000), 100, 'EUR', 'B', 'b@x.y')"
verify "crash and restart"

# Dump and restore: the triggers come after the data, and pledges go on.
"$bin/createdb" restored
"$bin/pg_dump" regression >"$dir/dump.sql"
sql -d restored -f "$dir/dump.sql" >/dev/null
before=$(sql -c 'SELECT count(*) FROM careforall.outbox')
PGDATABASE=restored
expect "restored events" "$before" 'SELECT count(*) FROM careforall.outbox'
expect "restored cap" "limit_reached" "SELECT outcome FROM careforall.pledge_create(t.id('c', 2000), 100, 'EUR', 'B', 'b@x.y')"
sql -c "UPDATE careforall.campaigns SET cap_minor = 1100 WHERE id = t.id('c', 2000)"
expect "restored pledge" "created" "SELECT outcome FROM careforall.pledge_create(t.id('c', 2000), 100, 'EUR', 'B', 'b@x.y')"
verify "dump and restore"
PGDATABASE=regression
expect "two databases, two limits" "limit_reached" "SELECT outcome FROM careforall.pledge_create(t.id('c', 2000), 100, 'EUR', 'B', 'b@x.y')"

# A standby refuses to reserve, and goes on after its promotion.
"$bin/pg_basebackup" -D "$dir/b" -R -X stream -c fast
start "$dir/b" 5433
PGPORT=5433
if sql -c "SELECT careforall.pledge_create(t.id('c', 2000), 100, 'EUR', 'B', 'b@x.y')" >/dev/null 2>"$dir/standby.err"; then
	fail "a standby took a pledge"
fi
grep -q 'recovery\|read-only' "$dir/standby.err" || fail "a standby said: $(cat "$dir/standby.err")"
stop "$dir/a"
"$bin/pg_ctl" -D "$dir/b" -s -w promote
expect "promoted" "limit_reached" "SELECT outcome FROM careforall.pledge_create(t.id('c', 2000), 100, 'EUR', 'B', 'b@x.y')"
sql -c "UPDATE careforall.campaigns SET cap_minor = 1100 WHERE id = t.id('c', 2000)"
expect "promoted" "created" "SELECT outcome FROM careforall.pledge_create(t.id('c', 2000), 100, 'EUR', 'B', 'b@x.y')"
verify "promotion of a standby"
stop "$dir/b"
trap - EXIT
