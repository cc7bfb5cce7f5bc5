#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# repository.sh - rules of this repository that no compiler knows. Prints each
# violation under the rule it breaks; exit status 1 if there is any.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root" || exit 1
shopt -s lastpipe # rule runs in this shell, so that it can count
failed=0 rules=0

# rule TITLE - reads violations from standard input.
rule() {
  local found
  found=$(head -n 40)
  rules=$((rules + 1))
  [ -n "$found" ] || return 0
  printf '%s:\n%s\n' "$1" "$found" | sed '2,$s/^/  /' >&2
  failed=$((failed + 1))
}

files() { git ls-files -co --exclude-standard -- "$@" | while read -r f; do
  [ -f "$f" ] && printf '%s\n' "$f"; done; }

# undocumented NAMES-COMMAND DOCUMENT... - names that no document mentions.
undocumented() {
  local name
  sort -u | while read -r name; do
    grep -qsF -- "$name" "$@" || printf '%s\n' "$name"
  done
}

c_files=$(files '*.c' '*.h')

ops/docs/settings.sh --check 2>&1 | grep -v 'up to date$' |
  rule 'docs/reference/settings.md differs from --help of the programs'

grep -hoE '"careforall\.[a-z_]+"' extension/src/guc.c 2>/dev/null | tr -d '"' |
  undocumented extension/README.md |
  rule 'PostgreSQL settings missing in extension/README.md'

version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" extension/careforall.control)
{
  head -n 1 debian/changelog | grep -F "($version)" >/dev/null || printf 'debian/changelog\n'
  [ "$(grep -c "\"version\": \"$version\"" extension/META.json)" = 2 ] || printf 'extension/META.json\n'
  grep -q "^  \"version\": \"$version\"" web/package.json || printf 'web/package.json\n'
  [ "$(sed -nE 's/^## ([0-9.]+) - [0-9]{4}-[0-9]{2}-[0-9]{2}$/\1/p' CHANGELOG.md | head -n 1)" = "$version" ] || printf 'CHANGELOG.md\n'
  grep -qx "  version: $version" kore-app/openapi.yaml || printf 'kore-app/openapi.yaml\n'
  grep -qx "  version: $version" relay/asyncapi.yaml || printf 'relay/asyncapi.yaml\n'
  grep -q "library_require('$version')" extension/sql/careforall.sql || printf 'extension/sql/careforall.sql\n'
  ls extension/sql/careforall--*--"$version".sql >/dev/null 2>&1 || printf 'extension/sql has no step to it\n'
} | rule "the version of careforall.control, $version, is not the one of"

debian/control.sh 15 | cmp -s - debian/control || printf 'debian/control.sh 15 >debian/control\n' |
  rule 'debian/control is not what control.in says'

# Reasons are the last text of a call; those with an event in front end the process.
cat relay/src/relay*.c relay/src/nats_link.c | tr -s '\n\t ' ' ' | sed -E 's@/\*([^*]|\*[^/])*\*/@@g' |
  grep -oE '(cfa_relay_resync|cfa_relay_lead_lost|cfa_nats_drop|set_reason)\([^;]*;|snprintf\( ?(relay->)?reason,[^;]*;' |
  grep -oE '"[^"]*[a-z]{2} [^"]*"' | tr -d '"' | sed -E 's/ ?\(?%.*//' |
  undocumented docs/howto/runbooks.md |
  rule "reasons of the relay's readiness missing in docs/howto/runbooks.md"

sed -n '/^## Measured/,/^## In one/p' README.md | grep -oE '[0-9]+([.,][0-9]+)+' |
  undocumented docs/concepts/performance.md docs/howto/scaling.md docs/howto/tracing.md |
  rule 'figures of README.md that the pages it leads to do not have'

sed -nE "s/^    \('[a-z_]+', '([^']+)', [0-9].*/\1/p" sql/functions/health_checks.sql |
  undocumented docs/howto/runbooks.md |
  rule 'checks of careforall.health missing in docs/howto/runbooks.md'

# shellcheck disable=SC2086 # a list of plain names
grep -nE '\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|gets)[[:space:]]*\(' $c_files |
  rule 'forbidden C functions'

files '*.c' '*.h' '*.sh' '*.sql' '*.ts' '*.tsx' | grep -vE '\.d\.ts$|/generated/|expected/' |
  while read -r f; do
    head -n 3 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || printf '%s\n' "$f"
  done | rule 'files without an SPDX line on top'

files '*.c' '*.h' '*.ts' '*.tsx' '*.sql' '*.sh' | grep -v '/generated/' |
  while read -r f; do
    awk -v f="$f" 'END { if (NR > 900) print f, NR }' "$f"
  done | rule 'files of more than 900 lines'

files '*package-lock.json' | xargs -r grep -lE '"resolved": *"https?://' |
  rule 'lock files that name download hosts (omit-lockfile-registry-resolved=true)'

{
  sed -nE 's/^([a-z0-9-]+):.*## .*/\1/p' Makefile
  sed -nE 's/^\.PHONY: help //p' Makefile | tr ' ' '\n'
} | sort | uniq -u | rule 'targets that make help or .PHONY of the Makefile leaves out'

# Spelt so that the rule does not find itself; in quotes the last one is a currency.
git grep -nIE --untracked '\b(T[O]DO|F[I]XME)\b|(^|[^"])\bX[X]X\b' -- . ':!*package-lock.json' |
  rule 'left-overs'

if [ -f extension/careforall.so ]; then
  nm -D --defined-only extension/careforall.so | awk '{ print $3 }' |
    grep -vE '^(cfa_|_PG_|pg_finfo_cfa_|Pg_magic_func)' |
    rule 'symbols of careforall.so without the prefix cfa_'
fi

[ "$failed" -eq 0 ] || { printf 'repository: %d of %d rules broken\n' "$failed" "$rules" >&2; exit 1; }
printf 'repository: %d rules hold\n' "$rules"
