#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests careforall-keys: keys come, lead and go in order, the rest of the file stays, no
# key is shown, and what the database refuses is not done. Called by run.sh.
#
#   keys.sh FOLDER    for its own files
set -eu

keys=$(cd "$(dirname "$0")" && pwd)/../../ops/keys.sh
file=$1/api.env
export PGDATABASE=careforall_demo
fail() { echo "keys.sh: not ok: $*" >&2; exit 1; }
run() { "$keys" "$file" CAREFORALL_PASSWORD_PEPPERS "$@" </dev/null; }

old=$(printf '%064d' 7)
printf 'A=1\nCAREFORALL_PASSWORD_PEPPERS=%s\nB=x & y\\z\n' "$old" >"$file"
chmod 640 "$file"
old_id=$(psql -X -At -c "SELECT left(encode(sha256(decode('$old', 'hex')), 'hex'), 16)")
[ "$(run list)" = "$old_id" ] || fail 'the id of a pepper is that of its accounts'

REASON='the yearly change' run add >"$1/told"
new=$(sed -n 's/^CAREFORALL_PASSWORD_PEPPERS=.*,//p' "$file")
[ "${#new}" = 64 ] || fail 'no new key'
run promote >>"$1/told"
[ "$(sed -n 2p "$file")" = "CAREFORALL_PASSWORD_PEPPERS=$new,$old" ] || fail 'the new key does not lead'
[ "$(run list | tail -n 1)" = "$old_id" ] || fail 'the old key is not the last'
psql -X -q -c "INSERT INTO careforall.accounts (email, name, password_hash, pepper_id) VALUES ('pepper@example.org', 'P', '\$argon2id\$v=19\$x', '$old_id')"
cp "$file" "$1/before"
if REASON='the yearly change' run retire >"$1/refused" 2>&1; then fail 'a pepper in use was retired'; fi
grep -q 'cannot retire the pepper: 1 accounts need it' "$1/refused" || fail "said $(cat "$1/refused")"
cmp -s "$file" "$1/before" || fail 'a refused step has changed the file'
psql -X -q -c "DELETE FROM careforall.accounts WHERE email = 'pepper@example.org'"
REASON='the yearly change' run retire >>"$1/told"
[ "$(cat "$file")" = "$(printf 'A=1\nCAREFORALL_PASSWORD_PEPPERS=%s\nB=x & y\\z' "$new")" ] || fail 'the rest of the file has changed'
[ "$(stat -c %a "$file")" = 640 ] || fail 'the mode of the file has changed'
if grep -qE "$old|$new" "$1/told"; then fail 'a key was shown'; fi
[ "$(psql -X -At -c "SELECT string_agg(action, ' ' ORDER BY id) FROM careforall.audit_log WHERE target_type = 'key'")" = 'key.add key.retire' ] || fail 'the audit log'

for words in 'only key cannot be retired|retire' 'only one key|promote'; do
  if run "${words#*|}" >"$1/refused" 2>&1; then fail "was not refused: ${words#*|}"; fi
  grep -q "${words%|*}" "$1/refused" || fail "said $(cat "$1/refused")"
done
if printf 'short\n' | "$keys" "$file" CAREFORALL_PASSWORD_PEPPERS add >/dev/null 2>&1; then fail 'a short key'; fi
if "$keys" "$file" CAREFORALL_SIGNING_KEYS list >/dev/null 2>&1; then fail 'a setting that is not there'; fi
printf 'whsec_given_by_the_provider\n' | "$keys" "$file" CAREFORALL_PASSWORD_PEPPERS add >/dev/null
grep -q ',whsec_given_by_the_provider$' "$file" || fail 'a key that was given'
printf '%s\n' "$old" >"$1/secret"
"$keys" "$1/secret" CAREFORALL_SIGNING_KEYS add </dev/null >/dev/null
grep -qE "^$old,[0-9a-f]{64}$" "$1/secret" || fail 'a file that holds keys alone'
echo 'careforall-keys: ok'
