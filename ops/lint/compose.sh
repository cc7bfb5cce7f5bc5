#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# compose.sh - docker-compose.yml against the rules that a parser can judge, and the
# RUN lines of the images against shellcheck. Uses packages of test/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../test"
npx vite-node lib/lint-compose.ts
