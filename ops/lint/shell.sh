#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# shell.sh - shellcheck over every shell script of the repository.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
scripts=()
while read -r file; do
  [ -f "$file" ] || continue
  # Checked with the script that sources it.
  ! head -n 1 "$file" | grep -q '^# shellcheck shell=' || continue
  if [[ $file == *.sh ]] || head -n 1 "$file" | grep -qaE '^#!.*\b(ba)?sh\b'; then
    scripts+=("$file")
  fi
done < <(git ls-files -co --exclude-standard -- ops test extension sql kore-app relay lib web .ci)
shellcheck -x -a "${scripts[@]}"
printf 'shellcheck: %d scripts\n' ${#scripts[@]}
