#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# install-extension.sh - puts the built extension into the machine's PostgreSQL, if
# it is not there already. Needs root or sudo only then.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../extension"
library=$(pg_config --pkglibdir)/careforall.so
share=$(pg_config --sharedir)/extension
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" careforall.control)

is_installed() {
  local file
  cmp -s careforall.so "$library" || return 1
  for file in careforall.control "careforall--$version.sql" sql/careforall--*.sql; do
    cmp -s "$file" "$share/${file##*/}" || return 1
  done
}

[ -f careforall.so ] || {
  printf 'install-extension: the extension is not built: run make build\n' >&2
  exit 1
}
is_installed && exit 0
printf 'installing the extension into %s\n' "$(pg_config --pkglibdir)"
if [ "$(id -u)" -eq 0 ]; then
  make -s install
elif command -v sudo >/dev/null; then
  sudo make -s install
else
  printf 'install-extension: run as root: make -C %s install\n' "$PWD" >&2
  exit 1
fi
