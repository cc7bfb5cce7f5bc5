#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of the extension, each kind on a temporary server of its own, with
# the installed extension. As root it runs them as the user postgres.
#
# usage: check.sh [regress] [not_preloaded] [isolation] [stress] [upgrade]
#                 (all by default)
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
# A copy of the tests, because the user postgres may not be able to enter the tree.
mkdir -p "$out/source/test"
cp -r "$root/sql" "$out/source/"
cp -r "$root/test/regress" "$root/test/isolation" "$out/source/test/"
cp -r "$root/extension" "$out/source/"
root=$out/source
[ -z "$as_user" ] || chown "$user" "$out"
unset PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PGSERVICE || true

# run NAME CONFIGURATION INPUT ARGUMENT... - pg_regress against a server of its own,
# whose superuser is called postgres whoever runs this: results show the name.
run() {
	name=$1 config=$2 input=$3
	shift 3
	mkdir "$out/$name"
	[ -z "$as_user" ] || chown "$user" "$out/$name"
	start_server "$out/$name" postgres "$config"
	status=0
	(cd "$out" && $as_user "$pgxs/test/regress/pg_regress" --bindir="$bindir" \
		--dbname=regression --use-existing --host="$out/$name" --port=5432 \
		--user=postgres --inputdir="$input" --outputdir="$out/$name" \
		--max-connections=1 "$@") || status=$?
	stop_server "$out/$name"
	if [ $status -ne 0 ]; then
		cat "$out/$name/regression.diffs" 2>/dev/null || true
		echo "check: $name failed; all of it stays in $out/$name" >&2
		exit 1
	fi
	rm -rf "${out:?}/$name"
}

regress() {
	run regress "$root/test/regress/regress.conf" "$root/test/regress" \
		--schedule="$root/test/regress/schedule"
}

not_preloaded() {
	run not_preloaded "$root/test/regress/not_preloaded.conf" "$root/test/regress" \
		not_preloaded
}

# Specs cannot read files, so the schema is loaded before they run.
isolation() {
	mkdir "$out/isolation"
	[ -z "$as_user" ] || chown "$user" "$out/isolation"
	start_server "$out/isolation" careforall "$root/test/regress/regress.conf"
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

# start_server FOLDER SUPERUSER CONFIGURATION: a server with the database regression.
start_server() {
	$as_user "$bindir/initdb" -D "$1/data" -A trust -U "$2" --no-sync \
		--encoding=UTF8 --locale=C.UTF-8 >/dev/null
	cat "$3" >>"$1/data/postgresql.conf"
	(cd "$1" && $as_user "$bindir/pg_ctl" -D "$1/data" -l "$1/log" -s -w \
		-o "-c listen_addresses='' -c unix_socket_directories='$1' -p 5432" start)
	"$bindir/createdb" -h "$1" -p 5432 -U "$2" regression
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

# With the files of the tree, not the installed ones.
upgrade() {
	mkdir "$out/upgrade"
	[ -z "$as_user" ] || chown "$user" "$out/upgrade"
	$as_user env PG_CONFIG="$pg_config" "$root/test/regress/upgrade.sh" "$out/upgrade" "$root/extension" "$root/sql"
	rm -rf "$out/upgrade"
}

[ $# -gt 0 ] || set -- regress not_preloaded isolation stress upgrade
for kind in "$@"; do
	case $kind in
	regress | not_preloaded | isolation | stress | upgrade) "$kind" ;;
	*)
		echo "check: unrecognized kind \"$kind\"" >&2
		exit 2
		;;
	esac
done
rm -rf "$out"
