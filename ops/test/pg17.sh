#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# pg17.sh - builds the extension on PostgreSQL 17 with its warnings as errors, runs all
# of its tests there, installs the whole schema in a cluster and runs the pgTAP tests.
# Needs root; see debian13.sh for where PostgreSQL 17 comes from.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=ops/test/debian13.sh
. "$root/ops/test/debian13.sh"
source=/srv/careforall-pg17

say() { printf '=== %s\n' "$*"; }

finish() { rm -rf "${debian13:?}$source"; }

debian13_prepare
trap finish EXIT
finish
say "building on $(debian13_run "$pg17/postgres" --version)"
debian13_extension "$root" "$source"
cp -r "$root/sql" "$root/docs" "$root/ops" "$debian13$source/"
mkdir "$debian13$source/test"
for part in regress isolation pgtap fixtures; do
  cp -r "$root/test/$part" "$debian13$source/test/"
done
say 'tests of the extension'
debian13_run "$source/extension/check.sh"
say 'the whole schema, and pgTAP'
# /dev/stdin is in /proc.
# shellcheck disable=SC2016 # expanded by the inner shell
unshare --mount bash -euc '. "$0"; mount -t proc proc "$debian13/proc"; debian13_run "$@"' \
  "$root/ops/test/debian13.sh" "$source/test/pgtap/run.sh" "${PGTAP_PORT:-22433}"
say 'PostgreSQL 17: the extension builds and passes, the schema installs and passes'
