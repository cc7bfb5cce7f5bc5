#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# docs.sh - links, anchors and commands of all Markdown files, pages that are made from
# sources, and the description of the events. Uses packages of test/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../test"
npx vite-node lib/lint-docs.ts
../ops/docs/reference.sh --check
npx spectral lint --ruleset ../relay/.spectral.yaml --fail-severity warn ../relay/asyncapi.yaml
