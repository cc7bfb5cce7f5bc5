#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# secrets.sh - makes the random secrets that docker-compose.yml mounts, in
# .secrets/ of the source tree; those that are there already stay.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
umask 077
mkdir -p .secrets

# The folder is private; the files are readable, because the users inside the
# containers are not the one outside.
put() { # FILE TEXT
  [ -s ".secrets/$1" ] || (umask 022 && printf '%s\n' "$2" >".secrets/$1")
}
random() { openssl rand -hex "$1"; }

for name in postgres api relay projector payments; do
  put "pg_password_$name" "$(random 16)"
done
put redis_password "$(random 16)"
put redis.conf "requirepass $(cat .secrets/redis_password)"
put pledge_token_key "$(random 32)"
put signing_keys "$(random 32)"
put password_peppers "$(random 32)"
put provider_key "sk_test_$(random 16)"
put webhook_secret "whsec_$(random 24)"
for name in relay projector payments; do
  put "nats_password_$name" "$(random 16)"
done
put nats.conf "$(
  printf 'listen: "0.0.0.0:4222"\nhttp: "0.0.0.0:8222"\njetstream: { store_dir: "/data", max_mem: 64MB, max_file: 8GB }\n'
  printf 'authorization: { users: [\n'
  printf '  { user: relay, password: "%s" }\n' "$(cat .secrets/nats_password_relay)"
  for name in projector payments; do
    printf '  { user: %s, password: "%s", permissions: { publish: { deny: "careforall.>" } } }\n' \
      "$name" "$(cat ".secrets/nats_password_$name")"
  done
  printf '] }\n'
)"
# The site's certificate and key go in here; while they are empty there is no TLS.
for name in tls_certificate tls_key; do
  [ -e ".secrets/$name" ] || (umask 022 && : >".secrets/$name")
done
printf 'secrets are in .secrets/\n'
