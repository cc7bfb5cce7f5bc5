#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# check.sh [SECTION...] - builds, then runs every check or the ones named, each even
# if another failed, and ends with what failed in each and a line "N passed, N failed".
#
# Sections: build lint unit (lib relay kore-app fuzz web) database (extension sql)
# stacks (system browser proof faults). Without names: all, the linters beside the stacks.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1
export PATH="$root/.tools/node_modules/.bin:$PATH"
passed=0 failed=()
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# section NAME COMMAND... - runs COMMAND under a header, notes how it went, and fails if
# it did.
section() {
  local name=$1 started=$SECONDS
  shift
  printf '\n=== %s: %s\n' "$name" "$*"
  if "$@" 2>&1 | tee "$logs/$name.log"; then
    passed=$((passed + 1))
    printf -- '--- %s passed after %d s\n' "$name" $((SECONDS - started))
  else
    failed+=("$name")
    printf -- '--- %s FAILED after %d s\n' "$name" $((SECONDS - started))
    return 1
  fi
}

# tell NAME - what failed in a section by its own words: tests by name, else its end.
tell() {
  printf '\n--- %s\n' "$1"
  sed -i 's/\x1b\[[0-9;]*m//g' "$logs/$1.log"
  grep -aE -A 1 '^ *(×|✗|FAIL|not ok)|: (error|fatal error):|^make.*Error' "$logs/$1.log" |
    grep -av '^--$' | cut -c 1-300 | head -n 30 | grep -a . || tail -n 15 "$logs/$1.log"
}

part() { make --no-print-directory -C "$@"; }

build() {
  local each status=0
  part web all &
  for each in lib relay kore-app extension test; do
    part "$each" all || { status=1 && break; }
  done
  wait $! && return "$status"
}

# together NAME=COMMAND... - runs sections side by side, as many as lanes says (one for
# each processor), and shows each as a whole when all have ended. None may write what
# another reads.
together() {
  local dir each i=0
  dir=$(mktemp -d)
  printf '\n=== side by side, shown when all have ended: %s\n' "${*%%=*}"
  for each in "$@"; do
    while [ "$(jobs -rp | wc -l)" -ge "${lanes:-$(nproc)}" ]; do wait -n; done
    (
      # shellcheck disable=SC2086 # a command and its words
      section "${each%%=*}" ${each#*=} && touch "$dir/$i.passed"
    ) >"$dir/$i.log" 2>&1 &
    i=$((i + 1))
  done
  wait
  i=0
  for each in "$@"; do
    cat "$dir/$i.log"
    if [ -e "$dir/$i.passed" ]; then
      passed=$((passed + 1))
    else
      failed+=("${each%%=*}")
    fi
    i=$((i + 1))
  done
  rm -rf "$dir"
}

# The longest first.
lint() {
  together 'lint clang-tidy=ops/lint/clang-tidy.sh' \
    'lint relay=part relay lint' \
    'lint web=part web lint' \
    'lint test=part test lint' \
    'lint lib=part lib lint' \
    'lint kore-app=part kore-app lint' \
    'lint shell=ops/lint/shell.sh' \
    'lint extension=part extension lint' \
    'lint sql=part sql lint' \
    'lint compose=ops/lint/compose.sh' \
    'lint workflows=ops/lint/workflows.sh' \
    'lint docs=ops/lint/docs.sh' \
    'lint repository=ops/lint/repository.sh'
}

# What starts no stack. All but lib link its sanitized build.
unit() {
  section lib part lib check
  together 'kore-app=part kore-app check' 'fuzz=part kore-app fuzz-short' \
    'relay=part relay check' 'web=part web check'
}

# Each in a cluster of its own.
database() {
  section 'extension install' ops/install-extension.sh
  together 'extension=part extension check' 'sql=part sql check'
}

# stacks [NAME=COMMAND] - each with a stack of its own; they wait for clocks more than
# they compute, so that one more has room beside them.
stacks() {
  lanes=$(($(nproc) + 1 + $#)) together 'system=part test check' 'browser=part test browser' "$@" \
    'relay proof=part test proof' 'faults=part test faults'
}

# What the stacks leave of the processors is enough for the linters.
all() {
  unit
  database
  stacks 'lint=nice -n 19 ops/check.sh lint'
}

[ $# -gt 0 ] || set -- all
readonly sections=' all build lint unit lib relay kore-app fuzz web database extension sql stacks system browser proof faults '
for name in "$@"; do
  [[ $sections == *" $name "* ]] && continue
  sed -n '4,9s/^#[[:space:]]*//p' "$0" >&2
  exit 2
done
section build build
if [ ${#failed[@]} -eq 0 ]; then
  for name in "$@"; do
    case $name in
      build) ;;
      all | lint | unit | database | stacks) "$name" ;;
      lib | relay | kore-app | web) section "$name" part "$name" check ;;
      fuzz) section fuzz part kore-app fuzz-short ;;
      extension)
        section 'extension install' ops/install-extension.sh
        section extension part extension check
        ;;
      sql) section sql part sql check ;;
      proof) section 'relay proof' part test proof ;;
      system) section system part test check ;;
      browser | faults) section "$name" part test "$name" ;;
    esac
  done
fi

printf '\n'
for name in "${failed[@]}"; do tell "$name"; done
printf '\n'
[ ${#failed[@]} -eq 0 ] || printf 'failed: %s\n' "${failed[@]}"
printf '%d passed, %d failed\n' "$passed" ${#failed[@]}
[ ${#failed[@]} -eq 0 ]
