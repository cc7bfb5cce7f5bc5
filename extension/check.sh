#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of the extension, each kind on a temporary server of its own, with
# the installed extension. As root it runs them as the user postgres.
#
# usage: check.sh [regress] [not_preloaded] [isolation] [stress]    (all by default)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
pg_config=${PG_CONFIG:-pg_config}
bindir=$("$pg_config" --bindir)
pgxs=$(dirname "$("$pg_config" --pgxs)")/..
user=$(id -un)
as_user=
if [ "$(id -u)" -eq 0 ]; then
	user=postgres
	as_user="setpriv --reuid=$user --regid=$user --clear-groups"
fi
out=$(mktemp -d "${TMPDIR:-/tmp}/careforall-check.XXXXXX")
[ -z "$as_user" ] || chown "$user" "$out"
unset PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGSERVICE || true

# run NAME PROGRAM CONFIGURATION INPUT ARGUMENT...
run() {
	name=$1 program=$2 config=$3 input=$4
	shift 4
	mkdir "$out/$name"
	[ -z "$as_user" ] || chown "$user" "$out/$name"
	if ! (cd "$out" && $as_user "$program" --bindir="$bindir" --dbname=regression \
		--inputdir="$input" --outputdir="$out/$name" \
		--temp-instance="$out/$name/server" --temp-config="$config" \
		--max-connections=1 "$@"); then
		cat "$out/$name/regression.diffs" "$out/$name/output_iso/regression.diffs" 2>/dev/null || true
		echo "check: $name failed; all of it stays in $out/$name" >&2
		exit 1
	fi
	rm -rf "${out:?}/$name"
}

regress() {
	run regress "$pgxs/test/regress/pg_regress" "$root/test/regress/regress.conf" \
		"$root/test/regress" --schedule="$root/test/regress/schedule"
}

not_preloaded() {
	run not_preloaded "$pgxs/test/regress/pg_regress" "$root/test/regress/not_preloaded.conf" \
		"$root/test/regress" not_preloaded
}

# Specs cannot read files, so the schema is loaded before they run.
isolation() {
	mkdir "$out/isolation"
	[ -z "$as_user" ] || chown "$user" "$out/isolation"
	start_server "$out/isolation"
	for file in "$root"/test/regress/sql/setup.sql "$root"/test/isolation/setup.sql; do
		PG_ABS_SRCDIR="$root/test/regress" "$bindir/psql" -q -X -v ON_ERROR_STOP=1 -h "$out/isolation" \
			-p 5432 -U careforall -d regression -f "$file" >/dev/null
	done
	status=0
	(cd "$out/isolation" && $as_user "$pgxs/test/isolation/pg_isolation_regress" --bindir="$bindir" \
		--dbname=regression --use-existing --host="$out/isolation" --port=5432 --user=careforall \
		--inputdir="$root/test/isolation" --outputdir="$out/isolation" \
		--schedule="$root/test/isolation/schedule") || status=$?
	stop_server "$out/isolation"
	if [ $status -ne 0 ]; then
		cat "$out/isolation/output_iso/regression.diffs" 2>/dev/null || true
		echo "check: isolation failed; all of it stays in $out/isolation" >&2
		exit 1
	fi
	rm -rf "$out/isolation"
}

# start_server FOLDER: a preloaded server with the database regression.
start_server() {
	$as_user "$bindir/initdb" -D "$1/data" -A trust -U careforall --no-sync >/dev/null
	cat "$root/test/regress/regress.conf" >>"$1/data/postgresql.conf"
	(cd "$1" && $as_user "$bindir/pg_ctl" -D "$1/data" -l "$1/log" -s -w \
		-o "-c listen_addresses='' -c unix_socket_directories='$1' -p 5432" start)
	"$bindir/createdb" -h "$1" -p 5432 -U careforall regression
}

stop_server() {
	(cd "$1" && $as_user "$bindir/pg_ctl" -D "$1/data" -s -w -m fast stop)
}

stress() {
	mkdir "$out/stress"
	[ -z "$as_user" ] || chown "$user" "$out/stress"
	$as_user env BINDIR="$bindir" "$root/test/regress/stress.sh" "$out/stress"
	rm -rf "$out/stress"
}

[ $# -gt 0 ] || set -- regress not_preloaded isolation stress
for kind in "$@"; do
	case $kind in
	regress | not_preloaded | isolation | stress) "$kind" ;;
	*)
		echo "check: unrecognized kind \"$kind\"" >&2
		exit 2
		;;
	esac
done
rmdir "$out"
