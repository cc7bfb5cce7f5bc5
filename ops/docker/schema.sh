#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Applies the schema and sets the log-ins' passwords from /run/secrets; running it
# again changes nothing. Connects as PGHOST says.
set -eu

PGPASSWORD=$(cat /run/secrets/pg_password_postgres)
export PGPASSWORD PGUSER=postgres PGDATABASE=careforall

/usr/share/careforall/sql/migrate.sh --create
for login in api relay projector payments; do
  NEW_PASSWORD=$(cat "/run/secrets/pg_password_$login")
  export NEW_PASSWORD
  psql -X -q -v ON_ERROR_STOP=1 -v login="$login" -f /usr/share/careforall/sql/login.sql >/dev/null
done
