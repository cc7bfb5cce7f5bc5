#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# careforall-keys FILE NAME COMMAND - replaces a key without a failed request. FILE is a
# file of settings (/etc/careforall/api.env, or careforall.env of a stack) with the line
# NAME=key,key, or a file that holds the keys alone (.secrets/... of the containers).
# Of the keys the first one signs or hashes, all of them verify.
#
#   list     the ids of the keys, in order; a key is never shown
#   add      a new key at the end: it verifies
#   promote  the last key comes first: it signs, the others still verify
#   retire   the last key goes
#
# add takes a key that somebody else has made from standard input, if that is a file or
# a pipe. Each change keeps owner and mode of the file. Where psql can log in (PG*) as
# an administrator, REASON is kept in careforall.audit_log.
set -euo pipefail

die() { printf 'careforall-keys: %s\n' "$*" >&2; exit 1; }
usage() { sed -n '4,17s/^# \{0,1\}//p' "$0"; }

[ "${1:-}" != --help ] || { usage; exit 0; }
[ $# -eq 3 ] || { usage >&2; exit 2; }
file=$1 name=$2 command=$3
[ -f "$file" ] || die "there is no file $file"
[[ $name =~ ^[A-Z][A-Z0-9_]+$ ]] || die "not the name of a setting: $name"

is_settings=no
if grep -q "^$name=" "$file"; then
  is_settings=yes
  [ "$(grep -c "^$name=" "$file")" -eq 1 ] || die "$file has $name more than once"
  value=$(sed -n "s/^$name=//p" "$file")
elif grep -qE '^[A-Z0-9_]+=' "$file"; then
  die "$file has no $name"
else
  value=$(<"$file")
fi
IFS=, read -ra keys <<<"$value"
[ "${#keys[@]}" -gt 0 ] || die "$name is empty"

# id KEY - the first 16 digits of the SHA-256 of its bytes, as pepper ids are.
id() {
  if [[ $1 =~ ^([0-9a-f]{2})+$ ]]; then
    printf '%b' "$(printf '%s' "$1" | sed 's/../\\x&/g')" | sha256sum | cut -c 1-16
  else
    printf '%s' "$1" | sha256sum | cut -c 1-16
  fi
}

# write KEY... - the keys in this order; in place, so that owner and mode stay.
write() {
  local joined text
  joined=$(IFS=,; printf '%s' "$*")
  if [ "$is_settings" = yes ]; then
    text=$(KEYS=$joined awk -v name="$name" 'index($0, name "=") == 1 { print name "=" ENVIRON["KEYS"]; next } { print }' "$file")
  else
    text=$joined
  fi
  printf '%s\n' "$text" >"$file"
}

# note STEP ID - in the audit log; first, as it refuses to retire a pepper in use.
note() {
  [ -n "${REASON:-}" ] || { printf 'not noted in the audit log: set REASON, and PG* to log in as an administrator\n'; return; }
  psql -X -q -At -v ON_ERROR_STOP=1 -v name="$name" -v step="$1" -v id="$2" -v reason="$REASON" -f - >/dev/null <<'SQL' || die 'nothing is changed'
SELECT careforall.key_note(:'name', :'step', :'id', :'reason');
SQL
}

last=${keys[-1]}
case $command in
  list)
    for key in "${keys[@]}"; do
      id "$key"
    done
    ;;
  add)
    if [ -p /dev/stdin ] || [ -f /dev/stdin ]; then read -r new; else new=$(openssl rand -hex 32); fi
    [[ $new =~ ^[^,[:space:]]{16,}$ ]] || die 'a key has 16 characters or more, and no comma or blank'
    for key in "${keys[@]}"; do
      [ "$key" != "$new" ] || die 'this key is there already'
    done
    note add "$(id "$new")"
    write "${keys[@]}" "$new"
    printf 'added %s: restart the processes one after the other, then promote\n' "$(id "$new")"
    ;;
  promote)
    [ "${#keys[@]}" -gt 1 ] || die 'there is only one key: add another one first'
    note promote "$(id "$last")"
    write "$last" "${keys[@]:0:${#keys[@]}-1}"
    printf 'promoted %s: restart the processes one after the other; retire the last one when nobody needs it\n' "$(id "$last")"
    ;;
  retire)
    [ "${#keys[@]}" -gt 1 ] || die 'the only key cannot be retired'
    note retire "$(id "$last")"
    write "${keys[@]:0:${#keys[@]}-1}"
    printf 'retired %s: restart the processes one after the other\n' "$(id "$last")"
    ;;
  *) usage >&2; exit 2 ;;
esac
