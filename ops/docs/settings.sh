#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# settings.sh [--check] - writes docs/reference/settings.md from the --help of the five
# programs, which print the same table that they read their settings by. --check only
# compares. The programs must be built.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly target=docs/reference/settings.md
programs=(kore-app/build/careforall-api kore-app/build/careforall-mockpay
  relay/build/careforall-relay relay/build/careforall-projector
  relay/build/careforall-payments)

table() { # PROGRAM
  printf '\n## %s\n\n%s\n\n| setting | default | meaning |\n| --- | --- | --- |\n' \
    "$(basename "$1")" "$("$1" --help | sed -n '3p')"
  "$1" --help | awk '
    /^  (CAREFORALL|OTEL)_/ {
      name = $1; value = $0
      sub(/^  [A-Z_0-9]+ */, "", value)
      if (value ~ /^\(default .*\)$/) { sub(/^\(default /, "", value); sub(/\)$/, "", value); value = value == "" ? "empty" : "`" value "`" }
      else value = value ~ /required/ ? "required" : "empty"
      next_is_help = 1; next
    }
    next_is_help { sub(/^ +/, ""); gsub(/\|/, "\\|"); printf "| `%s` | %s | %s |\n", name, value, $0; next_is_help = 0 }'
}

page() {
  cat <<'TXT'
# Settings

Made by `ops/docs/settings.sh` from `--help` of each program; do not edit. All settings come from the environment; for each
of them `NAME_FILE` may name a file that holds the value. `--check-config` reads and checks them and shows what is in force.
TXT
  local program
  for program in "${programs[@]}"; do
    [ -x "$program" ] || {
      printf 'settings: %s is not built: run make build\n' "$program" >&2
      return 1
    }
    table "$program"
  done
}

new=$(page)
if [ "${1:-}" = --check ]; then
  diff -u "$target" - <<<"$new" || {
    printf 'settings: %s is out of date: run ops/docs/settings.sh\n' "$target" >&2
    exit 1
  }
  printf 'settings: %s is up to date\n' "$target"
else
  printf '%s\n' "$new" >"$target"
fi
