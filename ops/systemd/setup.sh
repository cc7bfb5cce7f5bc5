#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# careforall-setup [--public-url URL] [--mockpay] - readies this machine for the
# services of CareForAll: the database with its schema and log-ins, and one file of
# settings with random secrets for each service in /etc/careforall. Running it again
# brings the schema up to date and changes no file that is there.
#
#   --public-url URL  where people will find the site (http://127.0.0.1:8080)
#   --mockpay         settings for the mock payment provider too: for trials only
#
# Needs root, and PostgreSQL on this machine with the extension loaded; it connects as
# the user postgres, or as PGHOST, PGPORT, PGUSER and PGPASSWORD say.
set -euo pipefail

etc=/etc/careforall share=/usr/share/careforall
url=http://127.0.0.1:8080 mockpay=no

die() { printf 'careforall-setup: %s\n' "$*" >&2; exit 1; }
say() { printf '%s\n' "$*"; }

while [ $# -gt 0 ]; do
  case $1 in
    --public-url) url=${2:?--public-url needs an address}; shift 2 ;;
    --mockpay) mockpay=yes; shift ;;
    --help) sed -n '4,14s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) die "unknown argument $1: see --help" ;;
  esac
done
[[ $url =~ ^https?://[A-Za-z0-9.:-]+$ ]] || die "not an address of a site: $url"
[ "$(id -u)" -eq 0 ] || die "root rights are needed"
command -v psql >/dev/null || die "psql is not installed: apt-get install postgresql-client"

as_postgres() {
  if [ -n "${PGHOST:-}${PGUSER:-}" ]; then
    "$@"
  else
    (cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@")
  fi
}
run_psql() { as_postgres psql -X -q -v ON_ERROR_STOP=1 "$@"; }
random() { openssl rand -hex "$1"; }

# value FILE NAME - of a setting in a file of /etc/careforall; empty where there is none.
value() { sed -n "s/^$2=//p" "$etc/$1" 2>/dev/null | tail -n 1; }

# known FILE NAME COMMAND... - the value that a file holds, else what the command prints.
known() {
  local found
  found=$(value "$1" "$2")
  shift 2
  printf '%s' "${found:-$("$@")}"
}

# settings NAME - writes /etc/careforall/NAME from standard input unless it is there.
settings() {
  if [ -e "$etc/$1" ]; then
    cat >/dev/null
    say "kept   $etc/$1"
  else
    (umask 077 && cat >"$etc/$1.new" && mv "$etc/$1.new" "$etc/$1")
    say "wrote  $etc/$1"
  fi
}

check_server() {
  local loaded
  loaded=$(run_psql -d postgres -Atc 'SHOW shared_preload_libraries') ||
    die "PostgreSQL does not answer: start it, or set PGHOST, PGUSER and PGPASSWORD"
  [[ ",${loaded// /}," == *,careforall,* ]] || die "PostgreSQL has not loaded the extension. Do this, then run careforall-setup again:
  printf '%s\n' \"shared_preload_libraries = 'careforall,pg_cron'\" \"cron.database_name = 'careforall'\" >/etc/postgresql/15/main/conf.d/careforall.conf
  systemctl restart postgresql"
}

apply_schema() {
  local login
  as_postgres env PGDATABASE=careforall /usr/sbin/careforall-migrate --create
  for login in api relay projector payments; do
    NEW_PASSWORD=$(value "$login.env" CAREFORALL_PG_PASSWORD)
    export NEW_PASSWORD
    run_psql -d careforall -v login="$login" -f "$share/sql/login.sql" >/dev/null
  done
  say "schema applied, log-ins cfa_api, cfa_relay, cfa_projector and cfa_payments set"
}

pg_settings() { # LOGIN
  printf '%s\n' \
    "CAREFORALL_PG_DSN=host=${PGHOST:-127.0.0.1} port=${PGPORT:-5432} dbname=careforall user=cfa_$1 application_name=careforall-$1" \
    "CAREFORALL_PG_PASSWORD=$(random 16)"
}
nats_settings() { # LOGIN
  printf '%s\n' CAREFORALL_NATS_URL=nats://127.0.0.1:4222 "CAREFORALL_NATS_USER=$1" \
    "CAREFORALL_NATS_PASSWORD=$(random 16)"
}
redis_settings() { printf '%s\n' CAREFORALL_REDIS_URL=redis://127.0.0.1:6379/0; }

mkdir -p "$etc"
chmod 755 "$etc"
check_server
provider_key=$(known payments.env CAREFORALL_PROVIDER_KEY printf 'sk_test_%s' "$(random 16)")
webhook_secret=$(known api.env CAREFORALL_WEBHOOK_SECRETS printf 'whsec_%s' "$(random 24)")
{
  pg_settings api
  redis_settings
  printf '%s\n' "CAREFORALL_PUBLIC_URL=$url" \
    "CAREFORALL_PLEDGE_TOKEN_KEY=$(random 32)" "CAREFORALL_SIGNING_KEYS=$(random 32)" \
    "CAREFORALL_PASSWORD_PEPPERS=$(random 32)" \
    "CAREFORALL_WEBHOOK_SECRETS=$webhook_secret"
} | settings api.env
{
  pg_settings relay
  nats_settings relay
  printf '%s\n' CAREFORALL_STREAM_PROVISION=on
} | settings relay.env
{ pg_settings projector; redis_settings; nats_settings projector; } | settings projector.env
{
  pg_settings payments
  nats_settings payments
  printf '%s\n' CAREFORALL_PROVIDER_URL=http://127.0.0.1:8082 "CAREFORALL_PROVIDER_KEY=$provider_key"
} | settings payments.env
printf 'CAREFORALL_GATEWAY_LISTEN=127.0.0.1:8080\n' | settings gateway.env
if [ "$mockpay" = yes ]; then
  printf '%s\n' "CAREFORALL_MOCKPAY_KEY=$provider_key" \
    CAREFORALL_MOCKPAY_WEBHOOK_URL=http://127.0.0.1:8081/api/v1/webhooks/stripe \
    "CAREFORALL_MOCKPAY_WEBHOOK_SECRET=$webhook_secret" \
    CAREFORALL_MOCKPAY_STATE=/var/lib/careforall/mockpay.journal | settings mockpay.env
fi
NATS_LISTEN=127.0.0.1:4222 NATS_MONITOR=127.0.0.1:8222 NATS_STORE=/var/lib/nats \
  NATS_PASSWORD_RELAY=$(value relay.env CAREFORALL_NATS_PASSWORD) \
  NATS_PASSWORD_PROJECTOR=$(value projector.env CAREFORALL_NATS_PASSWORD) \
  NATS_PASSWORD_PAYMENTS=$(value payments.env CAREFORALL_NATS_PASSWORD) \
  "$share/nats/render.sh" | settings nats-server.conf
apply_schema
mockpay_unit=
[ "$mockpay" = no ] || mockpay_unit=' careforall-mockpay'
cat <<TEXT

Next:
  install -d -m 700 -o nats -g nats /var/lib/nats
  install -m 640 -g nats $etc/nats-server.conf /etc/nats-server.conf
  systemctl restart nats-server
  \$EDITOR $etc/payments.env     # the payment provider: address and key
  systemctl enable --now careforall.target careforall-{api,relay,projector,payments,gateway}${mockpay_unit}
TEXT
