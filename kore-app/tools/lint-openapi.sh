#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lints openapi.yaml with both linters; needs the packages of test/.
set -eu
cd "$(dirname "$0")/.."
bin=../test/node_modules/.bin
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true \
  "$bin/redocly" lint --config redocly.yaml openapi.yaml
"$bin/spectral" lint --ruleset .spectral.yaml --fail-severity hint openapi.yaml
