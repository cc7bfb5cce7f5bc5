#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# clang-tidy.sh [FILE...] - clang-tidy over the C sources of the extension and the API,
# or over the files given, two at a time, with the rules of .clang-tidy and the flags
# of each part. lib and relay run it in their own lint. The API must be built: it needs
# its copy of Kore's headers.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
server=$(pg_config --includedir-server)
client=$(pg_config --includedir)
mapfile -t sheet < <(pkg-config --cflags-only-I pangocairo | sed 's/ *-I/\n-isystem/g; s/ *$//' | sed '/^$/d')

flags_of() { # FILE
  printf '%s\n' -std=gnu11 -D_GNU_SOURCE '-DCFA_VERSION="0"'
  case $1 in
    extension/*) printf '%s\n' "-isystem$server" -iquoteextension/src ;;
    lib/*) printf '%s\n' -Ilib/include -Ilib/src ;;
    relay/*) printf '%s\n' "-isystem$client" -Irelay/src -Ilib/include ;;
    kore-app/*)
      printf '%s\n' -DKORE_SINGLE_BINARY -DKORE_USE_TASKS "-isystem$client" \
        -isystemkore-app/build/kore/include -Ikore-app/src -Ilib/include "${sheet[@]}"
      ;;
  esac
}

tidy() {
  local flags output
  mapfile -t flags < <(flags_of "$1")
  if ! output=$(clang-tidy --quiet "$1" -- "${flags[@]}" 2>/dev/null); then
    printf '%s\n' "$output"
    return 1
  fi
}

if [ "${1:-}" = --one ]; then
  tidy "$2"
  exit
fi
if [ $# -eq 0 ]; then
  mapfile -t files < <(git ls-files -co --exclude-standard -- 'extension/src/*.c' \
    'kore-app/src/*.c')
else
  files=("$@")
fi
[ ${#files[@]} -gt 0 ] || exit 0
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P 2 "$0" --one ||
  { printf 'clang-tidy: findings above\n' >&2; exit 1; }
printf 'clang-tidy: %d files\n' ${#files[@]}
