#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes the cluster at the first start, then runs the server in place of this shell.
# A cluster that was cut short while it was made is made anew.
set -eu

secret=${POSTGRES_PASSWORD_FILE:?is the file with the password of the superuser}
if [ ! -e "$PGDATA" ]; then
  rm -rf "$PGDATA.new"
  initdb -D "$PGDATA.new" -U postgres --auth-local=peer --auth-host=scram-sha-256 \
    --pwfile="$secret" --encoding=UTF8 --locale=C.UTF-8 --data-checksums >/dev/null
  echo 'host all all all scram-sha-256' >>"$PGDATA.new/pg_hba.conf"
  echo 'CREATE DATABASE careforall' | postgres --single -D "$PGDATA.new" postgres >/dev/null
  mv "$PGDATA.new" "$PGDATA"
fi
exec postgres -c listen_addresses='*' -c timezone=UTC -c log_timezone=UTC \
  -c shared_preload_libraries=careforall,pg_cron,pg_stat_statements \
  -c pg_stat_statements.track_utility=off -c cron.database_name=careforall \
  -c cron.use_background_workers=on -c max_worker_processes=16 \
  -c password_encryption=scram-sha-256 -c shared_buffers=256MB -c jit=off \
  -c unix_socket_directories=/tmp -c log_line_prefix='%m [%p] %q%u@%d %a ' \
  -c log_lock_waits=on -c log_min_duration_statement=1000 -c log_parameter_max_length=0 \
  -c log_parameter_max_length_on_error=0 "$@"
