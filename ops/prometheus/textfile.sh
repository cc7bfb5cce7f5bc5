#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# textfile.sh OUT [--certificate NAME=FILE]... [--backup FOLDER] - writes to OUT, a file
# ending in .prom in node_exporter's textfile folder, when certificates end and when
# the newest file of a backup folder was made. To be run by the hour, by cron or a timer.
# What cannot be read is left out: the alerts then say so, as nothing is reported.
set -euo pipefail

[ $# -ge 1 ] || { sed -n '4,7s/^# //p' "$0" >&2; exit 2; }
out=$1
shift
certificates=() backups=
while [ $# -gt 0 ]; do
  case $1 in
    --certificate) certificates+=("${2:?--certificate needs NAME=FILE}"); shift 2 ;;
    --backup) backups=${2:?--backup needs a folder}; shift 2 ;;
    *) printf 'textfile.sh: unknown option %s\n' "$1" >&2; exit 2 ;;
  esac
done

# metric NAME HELP - reads lines "LABELS VALUE".
metric() {
  local lines
  lines=$(cat)
  [ -n "$lines" ] || return 0
  printf '# HELP %s %s\n# TYPE %s gauge\n' "$1" "$2" "$1"
  printf '%s\n' "$lines" | sed "s/^/$1/"
}

certificate_ends() {
  local each end
  for each in "${certificates[@]}"; do
    end=$(openssl x509 -in "${each#*=}" -noout -enddate 2>/dev/null) || continue
    printf '{name="%s"} %s\n' "${each%%=*}" "$(date -d "${end#*=}" +%s)"
  done
}

newest_backup() {
  [ -n "$backups" ] || return 0
  { find "$backups" -type f -size +0 -printf ' %T@\n' 2>/dev/null || true; } | sort -n | tail -n 1
}

{
  certificate_ends | metric careforall_certificate_end_timestamp_seconds 'When a certificate ends.'
  newest_backup | metric careforall_backup_timestamp_seconds 'When the newest backup was made.'
} >"$out.new"
chmod 644 "$out.new"
mv -f "$out.new" "$out"
