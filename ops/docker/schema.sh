#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Applies the schema and sets the log-ins' passwords from /run/secrets; running it
# again changes nothing. Connects as PGHOST says.
set -eu

PGPASSWORD=$(cat /run/secrets/pg_password_postgres)
export PGPASSWORD PGUSER=postgres
run() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }

[ "$(run -d postgres -Atc "SELECT 1 FROM pg_database WHERE datname = 'careforall'")" = 1 ] ||
  run -d postgres -c 'CREATE DATABASE careforall'
run -d careforall -f /usr/share/careforall/sql/install.sql
for login in api relay projector payments; do
  NEW_PASSWORD=$(cat "/run/secrets/pg_password_$login")
  export NEW_PASSWORD
  run -d careforall -v login="$login" -f /usr/share/careforall/sql/login.sql >/dev/null
done
