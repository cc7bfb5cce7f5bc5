#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# check.sh [SECTION...] - builds, then runs every check or the ones named, each even
# if another failed, and ends with a line "N passed, N failed".
#
# Sections: build lint lib relay kore-app fuzz web extension sql proof system
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
export PATH="$root/.tools/node_modules/.bin:$PATH"
passed=0 failed=()

# section NAME COMMAND... - runs COMMAND under a header and notes how it went.
section() {
  local name=$1 started=$SECONDS
  shift
  printf '\n=== %s: %s\n' "$name" "$*"
  if "$@"; then
    passed=$((passed + 1))
    printf -- '--- %s passed after %d s\n' "$name" $((SECONDS - started))
  else
    failed+=("$name")
    printf -- '--- %s FAILED after %d s\n' "$name" $((SECONDS - started))
  fi
}

part() { make --no-print-directory -C "$@"; }

build() {
  local each
  for each in lib relay kore-app extension web test; do
    part "$each" all || return 1
  done
}

lint() {
  section 'lint lib' part lib lint
  section 'lint relay' part relay lint
  section 'lint kore-app' part kore-app lint
  section 'lint extension' part extension lint
  section 'lint sql' part sql lint
  section 'lint web' part web lint
  section 'lint test' part test lint
  section 'lint clang-tidy' ops/lint/clang-tidy.sh
  section 'lint shell' ops/lint/shell.sh
  section 'lint compose' ops/lint/compose.sh
  section 'lint repository' ops/lint/repository.sh
}

[ $# -gt 0 ] || set -- lint lib relay kore-app fuzz web extension sql proof system
section build build
if [ ${#failed[@]} -eq 0 ]; then
  for name in "$@"; do
    case $name in
      build) ;;
      lint) lint ;;
      lib | relay | kore-app | web) section "$name" part "$name" check ;;
      fuzz) section fuzz part kore-app fuzz-short ;;
      extension)
        section 'extension install' ops/install-extension.sh
        section extension part extension check
        ;;
      sql) section sql part sql check ;;
      proof) section 'relay proof' part test proof ;;
      system) section system part test check ;;
      *)
        printf 'check: unknown section %s\n' "$name" >&2
        exit 2
        ;;
    esac
  done
fi

printf '\n'
[ ${#failed[@]} -eq 0 ] || printf 'failed: %s\n' "${failed[@]}"
printf '%d passed, %d failed\n' "$passed" ${#failed[@]}
[ ${#failed[@]} -eq 0 ]
