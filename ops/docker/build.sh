#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# build.sh [ARGUMENTS] - docker compose build ARGUMENTS, with the version, the commit
# and its date in the images.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
CAREFORALL_VERSION=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" extension/careforall.control)
CAREFORALL_REVISION=${CAREFORALL_REVISION:-$(git rev-parse HEAD)}
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export CAREFORALL_VERSION CAREFORALL_REVISION SOURCE_DATE_EPOCH
exec docker compose build "$@"
