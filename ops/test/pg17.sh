#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# pg17.sh - makes the Debian package of the extension for PostgreSQL 17, with warnings as
# errors, installs it, runs all of the extension's tests there, installs the whole schema
# in a cluster and runs the pgTAP tests.
# Needs root; see debian13.sh for where PostgreSQL 17 comes from.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=ops/test/debian13.sh
. "$root/ops/test/debian13.sh"
package=postgresql-17-careforall
folder=/srv/careforall-pg17
source=$folder/source

say() { printf '=== %s\n' "$*"; }

finish() {
  debian13_run dpkg --purge "$package" >/dev/null 2>&1 || true
  rm -rf "${debian13:?}$folder"
}

# The package alone: the others need more than is there.
install_package() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  debian13_run sh -euc '
    command -v dh >/dev/null || {
      apt-get update
      apt-get install -y --no-install-recommends debhelper
    }
    cd "$1"
    debian/control.sh >control
    mv control debian/control
    dpkg-buildpackage --no-check-builddeps --no-sign --build=binary --build-profiles=pkg.careforall.extension
    dpkg --install "../$2"_*.deb' sh "$source" "$package" >"$debian13$folder/log" 2>&1 ||
    { tail -n 20 "$debian13$folder/log" >&2; return 1; }
}

debian13_prepare
trap finish EXIT
finish
mkdir -p "$debian13$source/test"
for part in debian docs extension ops sql test/regress test/isolation test/pgtap test/fixtures; do
  cp -r "$root/$part" "$debian13$source/$part"
done
say "the package for $(debian13_run "$pg17/postgres" --version)"
install_package
say 'tests of the extension'
debian13_run "$source/extension/check.sh"
say 'the whole schema, and pgTAP'
# /dev/stdin is in /proc.
# shellcheck disable=SC2016 # expanded by the inner shell
unshare --mount bash -euc '. "$0"; mount -t proc proc "$debian13/proc"; debian13_run "$@"' \
  "$root/ops/test/debian13.sh" "$source/test/pgtap/run.sh" "${PGTAP_PORT:-22433}"
say "PostgreSQL 17: $package builds, installs and passes, the schema installs and passes"
