#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# control.sh [MAJOR...] - prints debian/control from control.in, with a package of the
# extension for each major version of PostgreSQL, or for those that this machine can
# build for.
set -eu
cd "$(dirname "$0")"

can_build() {
	for makefile in /usr/lib/postgresql/*/lib/pgxs/src/makefiles/pgxs.mk; do
		major=${makefile#/usr/lib/postgresql/}
		major=${major%%/*}
		[ ! -d "/usr/include/postgresql/$major/server" ] || echo "$major"
	done
}

# shellcheck disable=SC2046 # numbers
[ $# -gt 0 ] || set -- $(can_build)
[ $# -gt 0 ] || {
	echo "control.sh: no headers of a PostgreSQL server: install postgresql-server-dev-15" >&2
	exit 1
}
headers=$(printf ', postgresql-server-dev-%s' "$@")
sed -e '/^Package: postgresql-MAJOR/,$d' -e "s/, postgresql-server-dev-MAJOR/$headers/" control.in
separator=
for major in "$@"; do
	printf '%s' "$separator"
	sed -n '/^Package: postgresql-MAJOR/,$p' control.in | sed "s/MAJOR/$major/g"
	separator='
'
done
