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
put grafana_password "$(random 16)"
put redis.conf "requirepass $(cat .secrets/redis_password)"
put pledge_token_key "$(random 32)"
put signing_keys "$(random 32)"
put password_peppers "$(random 32)"
put provider_key "sk_test_$(random 16)"
put webhook_secret "whsec_$(random 24)"
for name in relay projector payments; do
  put "nats_password_$name" "$(random 16)"
done
put nats.conf "$(NATS_LISTEN=0.0.0.0:4222 NATS_MONITOR=0.0.0.0:8222 NATS_STORE=/data \
  NATS_PASSWORD_RELAY=$(cat .secrets/nats_password_relay) \
  NATS_PASSWORD_PROJECTOR=$(cat .secrets/nats_password_projector) \
  NATS_PASSWORD_PAYMENTS=$(cat .secrets/nats_password_payments) ops/nats/render.sh)"
# The site's certificate and key go in here; while they are empty there is no TLS.
for name in tls_certificate tls_key; do
  [ -e ".secrets/$name" ] || (umask 022 && : >".secrets/$name")
done
printf 'secrets are in .secrets/\n'
