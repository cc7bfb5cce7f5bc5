#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# reference.sh [--check] - writes docs/reference/api.md from kore-app/openapi.yaml, and the tables of
# errors.md and events.md from the code's own tables, openapi.yaml and relay/asyncapi.yaml.
# --check only compares. Uses packages of test/.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../../test"
npx vite-node lib/reference-docs.ts -- "$@"
