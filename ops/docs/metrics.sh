#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# metrics.sh [DIR] - writes docs/reference/metrics.md from the /metrics of a running stack (its
# folder, .run by default). test/system/metrics.test.ts tells when it is out of date.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
settings=${1:-.run}/careforall.env
port() { sed -n "s/^STACK_PORT_$1=//p" "$settings"; }

{
  cat <<'TXT'
# Metrics

Made by `ops/docs/metrics.sh` from a running stack; do not edit. Each process serves Prometheus text at `/metrics`; the API also speaks
for the database, at `/metrics/database` of its admin port, with the same figures from each API process. Counters go on when a worker
is replaced and begin again with the process, those of the engine with PostgreSQL.
TXT
  for process in careforall-api:API_ADMIN:/metrics database:API_ADMIN:/metrics/database \
    careforall-relay:RELAY:/metrics careforall-projector:PROJECTOR:/metrics \
    careforall-payments:PAYMENTS:/metrics careforall-mockpay:MOCKPAY:/metrics; do
    IFS=: read -r title name path <<<"$process"
    printf '\n## %s\n\n| metric | type | meaning |\n| --- | --- | --- |\n' "$title"
    curl -fsS "http://127.0.0.1:$(port "$name")$path" | awk '
      $1 == "#" && $2 == "HELP" { name = $3; $1 = $2 = $3 = ""; sub(/^ +/, ""); gsub(/\|/, "\\|"); help[name] = $0 }
      $1 == "#" && $2 == "TYPE" { type[$3] = $4 }
      END { for (name in type) printf "| `%s` | %s | %s |\n", name, type[name], help[name] }' | LC_ALL=C sort
  done
} >docs/reference/metrics.md
