# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# services.sh - how each process of the stack is configured, started and known to
# be ready. Uses the settings (STACK_*) and these globals of stack.sh: dir (state
# folder), root (source tree), run_user, run_group.

readonly pg_bin=/usr/lib/postgresql/15/bin

# as_run COMMAND... - runs COMMAND as the unprivileged user, with nothing of the
# caller's environment, in a folder that this user can enter.
as_run() (
  cd /
  if [ "$(id -u)" -eq 0 ]; then
    exec setpriv --reuid="$run_user" --regid="$run_group" --clear-groups \
      --inh-caps=-all -- env -i "${base_env[@]}" "$@"
  fi
  exec env -i "${base_env[@]}" "$@"
)
readonly base_env=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  LANG=C.UTF-8 TZ=UTC HOME=/nonexistent)

# give FILE - hands a file just written to the unprivileged user, private to it.
give() {
  chmod 600 "$1"
  [ "$(id -u)" -ne 0 ] || chown "$run_user:$run_group" "$1"
}

is_running() { # NAME
  local pid
  pid=$(cat "$dir/run/$1.keeper" 2>/dev/null) &&
    grep -qsF "$dir/bin/keep.sh" "/proc/$pid/cmdline"
}

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# need_port VARIABLE - dies with the way out when somebody else listens there.
need_port() {
  local port=${!1} holder=
  port_is_taken "$port" || return 0
  command -v ss >/dev/null && holder=$(ss -Hltnp "sport = :$port" 2>/dev/null |
    sed -nE 's/.*users:\(\("([^"]+)",pid=([0-9]+).*/ by \1 (pid \2)/p' | head -n 1)
  die "port $port is in use$holder: stop that program, or change $1 in $settings"
}

# write_env NAME LINE... - the environment of a kept process, in a private file, so
# that no secret is ever an argument.
write_env() {
  local file="$dir/run/$1.env"
  shift
  (umask 077 && printf '%s\n' "$@" >"$file")
  give "$file"
}

# keep NAME COMMAND... - starts a kept process, see keep.sh.
keep() {
  local name=$1
  shift
  [ ! -f "$dir/log/$name.log" ] ||
    [ "$(stat -c %s "$dir/log/$name.log")" -lt 50000000 ] ||
    mv "$dir/log/$name.log" "$dir/log/$name.log.1"
  rm -f "$dir/run/$name.exits"
  (
    exec 9>&- # the lock of stack.sh
    as_run setsid "$dir/bin/keep.sh" "$dir" "$name" "$@" >/dev/null 2>&1 </dev/null &
  )
}

# wait_ready NAME SECONDS COMMAND... - waits until COMMAND succeeds; a process that
# keeps dying, or takes too long, ends the start with one line.
wait_ready() {
  local name=$1 limit=$2 log="$dir/log/$1.log" started=$SECONDS since exits
  since=$(date +%s%N)
  shift 2
  until "$@" >/dev/null 2>&1; do
    exits=$(wc -l 2>/dev/null <"$dir/run/$name.exits" || echo 0)
    if [ "$exits" -ge 3 ]; then
      tail -n 5 "$log" >&2
      stop_kept "$name"
      die "$name does not stay up (exit status $(tail -n 1 "$dir/run/$name.exits" |
        cut -d' ' -f1)): the reason is in $log, its last lines are above"
    fi
    if [ $((SECONDS - started)) -ge "$limit" ]; then
      tail -n 5 "$log" >&2
      die "$name is not ready after $limit s: the reason is in $log, its last lines are above"
    fi
    sleep 0.05
  done
  say "$(printf '%-11s ready after %5d ms' "$name" $((($(date +%s%N) - since) / 1000000)))"
}

stop_kept() { # NAME
  local pid i
  pid=$(cat "$dir/run/$1.keeper" 2>/dev/null) || return 0
  if is_running "$1" && kill -TERM "$pid" 2>/dev/null; then
    for ((i = 0; i < 400; i++)); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.05
    done
    if kill -0 "$pid" 2>/dev/null; then
      kill -KILL "$(cat "$dir/run/$1.pid" 2>/dev/null)" "$pid" 2>/dev/null
      say "$1 did not stop within 20 s and was killed"
    else
      say "$1 stopped"
    fi
  fi
  rm -f "$dir/run/$1.keeper" "$dir/run/$1.pid"
}

need_program() { # PATH-OR-NAME PACKAGE
  command -v "$1" >/dev/null || die "$2 is not installed: run 'make deps'"
}

need_binary() { # PATH IN THE TREE, NAME
  [ -x "$root/$1" ] || die "$1 is not built: run 'make build'"
  install_file "$root/$1" "$dir/bin/$2"
}

# install_file FROM TO - copies a program where the unprivileged user can reach it;
# a rename, so that a running copy is not disturbed.
install_file() {
  cmp -s "$1" "$2" && return
  install -m 755 "$1" "$2.new"
  mv -f "$2.new" "$2"
}

http_ok() { curl -fsS -o /dev/null --max-time 2 "http://127.0.0.1:$1"; }

# ---- PostgreSQL

pg_running() { as_run "$pg_bin/pg_ctl" -D "$dir/pg" status >/dev/null 2>&1; }

pg_psql() { # ARGS... - psql as the superuser
  PGPASSWORD=$STACK_PG_PASSWORD_POSTGRES PGCONNECT_TIMEOUT=5 \
    psql -X -q -h 127.0.0.1 -p "$STACK_PORT_PG" -U postgres -v ON_ERROR_STOP=1 "$@"
}

# pg_psql_as LOGIN ARGS... - psql as a person would use it, as cfa_LOGIN
pg_psql_as() {
  local login=$1 variable=STACK_PG_PASSWORD_${1^^}
  shift
  [[ " ${pg_logins[*]} " == *" $login "* ]] ||
    die "unknown log-in $login: it is one of ${pg_logins[*]}"
  PGPASSWORD=${!variable} psql -h 127.0.0.1 -p "$STACK_PORT_PG" \
    -U "cfa_$login" -d careforall "$@"
}

pg_init() {
  local secret="$dir/run/initdb.secret"
  say "making a PostgreSQL cluster in $dir/pg"
  (umask 077 && printf '%s\n' "$STACK_PG_PASSWORD_POSTGRES" >"$secret")
  give "$secret"
  as_run "$pg_bin/initdb" -D "$dir/pg.new" -U postgres --auth=scram-sha-256 \
    --pwfile="$secret" --encoding=UTF8 --locale=C.UTF-8 --data-checksums \
    >"$dir/log/initdb.log" 2>&1 || {
    rm -f "$secret"
    die "initdb failed: the reason is in $dir/log/initdb.log"
  }
  rm -f "$secret"
  mv "$dir/pg.new" "$dir/pg"
  printf "include_if_exists = '%s'\n" ../pg.conf >>"$dir/pg/postgresql.conf"
}

# The socket's path has at most 107 bytes; a stack in a deep folder goes without.
pg_socket_dir() { [ ${#dir} -gt 80 ] || printf '%s' "$dir/run"; }

pg_tls_is_on() { [ -n "${STACK_PG_TLS:-}" ]; }

pg_configure() {
  cat >"$dir/pg.conf" <<CONF
# Written at each start from careforall.env; edits here are lost. Own settings go
# into pg/postgresql.conf after the include line.
listen_addresses = '127.0.0.1'
port = $STACK_PORT_PG
unix_socket_directories = '$(pg_socket_dir)'
max_connections = 200
shared_preload_libraries = '$STACK_PG_PRELOAD'
cron.database_name = 'careforall'
# A utility command may hold a password.
pg_stat_statements.track_utility = off
cron.use_background_workers = on
max_worker_processes = 16
password_encryption = scram-sha-256
shared_buffers = 256MB
max_wal_size = 2GB
min_wal_size = 256MB
checkpoint_timeout = 15min
wal_compression = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%u@%d %a '
log_lock_waits = on
log_min_duration_statement = 1000
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
tcp_user_timeout = 10s
tcp_keepalives_idle = 30
CONF
  if pg_tls_is_on; then
    self_signed "$dir/pg-tls"
    give "$dir/pg-tls.key"
    printf '%s\n' 'ssl = on' "ssl_cert_file = '$dir/pg-tls.crt'" "ssl_key_file = '$dir/pg-tls.key'" >>"$dir/pg.conf"
  fi
  give "$dir/pg.conf"
}

start_pg() {
  local library
  [ -x "$pg_bin/postgres" ] || die "postgresql-15 is not installed: run 'make deps'"
  need_program psql postgresql-client-15
  pg_running && { say "pg          is running"; return; }
  for library in ${STACK_PG_PRELOAD//,/ }; do
    [ -e "$("$pg_bin/pg_config" --pkglibdir)/$library.so" ] ||
      die "the PostgreSQL library $library is not installed: run 'make install-extension' (careforall) or 'make deps' (pg_cron)"
  done
  need_port STACK_PORT_PG
  [ -d "$dir/pg" ] || pg_init
  pg_configure
  as_run "$pg_bin/pg_ctl" -D "$dir/pg" -l "$dir/log/pg.log" -W -s start \
    >/dev/null 2>&1 9>&- || true
  wait_ready pg 60 "$pg_bin/pg_isready" -q -h 127.0.0.1 -p "$STACK_PORT_PG"
}

stop_pg() {
  pg_running || return 0
  as_run "$pg_bin/pg_ctl" -D "$dir/pg" -m fast -t 60 -s -w stop ||
    die "PostgreSQL did not stop: see $dir/log/pg.log"
  say "pg stopped"
}

# Database, roles and objects; running it again changes nothing.
apply_schema() {
  local login started
  started=$(date +%s%N)
  PGHOST=127.0.0.1 PGPORT=$STACK_PORT_PG PGUSER=postgres PGPASSWORD=$STACK_PG_PASSWORD_POSTGRES \
    PGDATABASE=careforall "$root/sql/migrate.sh" --create >"$dir/log/schema.log" 2>&1 || {
    tail -n 5 "$dir/log/schema.log" >&2
    die "the schema could not be applied: the reason is in $dir/log/schema.log, its last lines are above"
  }
  for login in "${pg_logins[@]}"; do
    set_login "$login"
  done
  say "$(printf '%-11s applied after %3d ms' schema $((($(date +%s%N) - started) / 1000000)))"
}

# first_admin - where no administrator is yet, leaves a one-time token in a private
# file and says what it is for; once in the life of the data.
first_admin() {
  local file=$dir/first-admin.token
  [ "$(pg_psql -d careforall -Atc "SELECT NOT EXISTS (SELECT FROM careforall.accounts WHERE role = 'admin')
    AND NOT EXISTS (SELECT FROM careforall.admin_tokens)")" = t ] || return 0
  (umask 077 && pg_psql -d careforall -Atc \
    "SELECT careforall.admin_token_create('first start of the stack')" >"$file")
  say "first admin a one-time token for the account, valid for 24 hours, is in $file: see docs/reference/auth.md"
}

# set_login NAME - the log-in cfa_NAME, member of careforall_NAME, with the password
# of the settings.
set_login() {
  local variable=STACK_PG_PASSWORD_${1^^}
  NEW_PASSWORD=${!variable} pg_psql -d careforall -v login="$1" -f "$root/sql/login.sql" >/dev/null
}

# ---- Redis and NATS

start_redis() {
  need_program redis-server redis-server
  need_program redis-cli redis-tools
  is_running redis && { say "redis       is running"; return; }
  need_port STACK_PORT_REDIS
  mkdir -p "$dir/redis"
  cat >"$dir/redis.conf" <<CONF
bind 127.0.0.1
port $STACK_PORT_REDIS
requirepass $STACK_REDIS_PASSWORD
dir $dir/redis
daemonize no
save ""
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
logfile $dir/log/redis.log
CONF
  give "$dir/redis.conf"
  own_dir "$dir/redis"
  keep redis redis-server "$dir/redis.conf"
}
redis_ping() {
  [ "$(REDISCLI_AUTH=$STACK_REDIS_PASSWORD redis-cli -h 127.0.0.1 \
    -p "$STACK_PORT_REDIS" ping)" = PONG ]
}
ready_redis() { wait_ready redis 60 redis_ping; }

# self_signed PATH - makes PATH.crt and PATH.key for this machine, unless there are some
# that hold for another day.
self_signed() {
  ! openssl x509 -in "$1.crt" -noout -checkend 86400 >/dev/null 2>&1 || return 0
  need_program openssl openssl
  (umask 077 && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
    -nodes -days 365 -subj /CN=localhost -keyout "$1.key" -out "$1.crt" \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>/dev/null) ||
    die "openssl could not make a certificate, $1.crt"
  chmod 644 "$1.crt"
  say "made a self-signed certificate, $1.crt"
}

nats_tls_is_on() { [ -n "${STACK_NATS_TLS:-}" ]; }

start_nats() {
  local tls=
  need_program nats-server nats-server
  is_running nats && { say "nats        is running"; return; }
  need_port STACK_PORT_NATS
  need_port STACK_PORT_NATS_MONITOR
  mkdir -p "$dir/nats"
  if nats_tls_is_on; then
    tls=$dir/nats-tls
    self_signed "$tls"
    give "$tls.key"
  fi
  NATS_LISTEN=127.0.0.1:$STACK_PORT_NATS NATS_MONITOR=127.0.0.1:$STACK_PORT_NATS_MONITOR \
    NATS_STORE=$dir/nats NATS_PASSWORD_RELAY=$STACK_NATS_PASSWORD_RELAY \
    NATS_PASSWORD_PROJECTOR=$STACK_NATS_PASSWORD_PROJECTOR \
    NATS_PASSWORD_PAYMENTS=$STACK_NATS_PASSWORD_PAYMENTS \
    NATS_PASSWORD_WATCHER=$STACK_NATS_PASSWORD_WATCHER \
    NATS_TLS_CERT=${tls:+$tls.crt} NATS_TLS_KEY=${tls:+$tls.key} NATS_TLS_CA=${tls:+$tls.crt} \
    "$root/ops/nats/render.sh" >"$dir/nats.conf"
  give "$dir/nats.conf"
  own_dir "$dir/nats"
  keep nats nats-server -c "$dir/nats.conf" -l "$dir/log/nats.log"
}
ready_nats() { wait_ready nats 60 http_ok "$STACK_PORT_NATS_MONITOR/healthz"; }

# ---- our processes

# pg_env LOGIN - the settings of a process that logs in as cfa_LOGIN.
pg_env() {
  local variable=STACK_PG_PASSWORD_${1^^} tls=
  ! pg_tls_is_on || tls=" sslmode=verify-full sslrootcert=$dir/pg-tls.crt"
  printf '%s\n' \
    "CAREFORALL_PG_DSN=host=127.0.0.1 port=$STACK_PORT_PG dbname=careforall user=cfa_$1 application_name=careforall-$1$tls" \
    "CAREFORALL_PG_PASSWORD=${!variable}"
}
nats_env() { # USER
  local variable=STACK_NATS_PASSWORD_${1^^}
  local scheme=nats tls=$dir/nats-tls
  if nats_tls_is_on; then
    scheme=tls
    printf '%s\n' "CAREFORALL_NATS_CA_FILE=$tls.crt" \
      "CAREFORALL_NATS_CERT_FILE=$tls.crt" "CAREFORALL_NATS_KEY_FILE=$tls.key"
  fi
  printf '%s\n' "CAREFORALL_NATS_URL=$scheme://127.0.0.1:$STACK_PORT_NATS" \
    "CAREFORALL_NATS_USER=$1" "CAREFORALL_NATS_PASSWORD=${!variable}"
}
redis_env() {
  printf '%s\n' "CAREFORALL_REDIS_URL=redis://127.0.0.1:$STACK_PORT_REDIS/0" \
    "CAREFORALL_REDIS_PASSWORD=$STACK_REDIS_PASSWORD"
}

# process_env NAME - every setting of one of our processes, one a line.
process_env() {
  local public
  public=$(site_url)
  case $1 in
    api)
      pg_env api
      redis_env
      printf '%s\n' "CAREFORALL_API_LISTEN=127.0.0.1:$STACK_PORT_API" \
        "CAREFORALL_API_ADMIN_LISTEN=127.0.0.1:$STACK_PORT_API_ADMIN" \
        "CAREFORALL_PLEDGE_TOKEN_KEY=$STACK_PLEDGE_TOKEN_KEY" \
        "CAREFORALL_SIGNING_KEYS=$STACK_SIGNING_KEYS" \
        "CAREFORALL_PASSWORD_PEPPERS=$STACK_PASSWORD_PEPPERS" \
        "CAREFORALL_WEBHOOK_SCHEMES=stripe,standard" \
        "CAREFORALL_WEBHOOK_SECRETS=$STACK_WEBHOOK_SECRET" \
        "CAREFORALL_WEBHOOK_STANDARD_SECRETS=$STACK_WEBHOOK_STANDARD_SECRET" \
        "CAREFORALL_PUBLIC_URL=$public"
      ;;
    mockpay)
      printf '%s\n' "CAREFORALL_MOCKPAY_LISTEN=127.0.0.1:$STACK_PORT_MOCKPAY" \
        "CAREFORALL_MOCKPAY_KEY=$STACK_PROVIDER_KEY" \
        "CAREFORALL_MOCKPAY_WEBHOOK_URL=http://127.0.0.1:$STACK_PORT_API/api/v1/webhooks/stripe" \
        "CAREFORALL_MOCKPAY_WEBHOOK_SECRET=$STACK_WEBHOOK_SECRET" \
        "CAREFORALL_MOCKPAY_STATE=$dir/mockpay/journal"
      ;;
    relay)
      pg_env relay
      nats_env relay
      printf '%s\n' "CAREFORALL_HTTP_LISTEN=127.0.0.1:$STACK_PORT_RELAY" \
        CAREFORALL_STREAM_PROVISION=on
      ;;
    projector)
      pg_env projector
      redis_env
      nats_env projector
      printf '%s\n' "CAREFORALL_HTTP_LISTEN=127.0.0.1:$STACK_PORT_PROJECTOR"
      ;;
    payments)
      pg_env payments
      nats_env payments
      printf '%s\n' "CAREFORALL_HTTP_LISTEN=127.0.0.1:$STACK_PORT_PAYMENTS" \
        "CAREFORALL_PROVIDER_URL=http://127.0.0.1:$STACK_PORT_MOCKPAY" \
        "CAREFORALL_PROVIDER_KEY=$STACK_PROVIDER_KEY"
      ;;
  esac
}

# start_ours NAME FOLDER PORT-VARIABLE...
start_ours() {
  local name=$1 folder=$2 variable environment
  shift 2
  is_running "$name" && { say "$(printf '%-11s is running' "$name")"; return; }
  need_binary "$folder/build/careforall-$name" "careforall-$name"
  for variable in "$@"; do
    need_port "$variable"
  done
  mapfile -t environment < <(process_env "$name")
  write_env "$name" "${environment[@]}" "${extra_settings[@]}"
  keep "$name" "$dir/bin/careforall-$name"
}

start_mockpay() {
  mkdir -p "$dir/mockpay"
  own_dir "$dir/mockpay"
  start_ours mockpay kore-app STACK_PORT_MOCKPAY
}
start_api() { start_ours api kore-app STACK_PORT_API STACK_PORT_API_ADMIN; }
start_relay() { start_ours relay relay STACK_PORT_RELAY; }
start_projector() { start_ours projector relay STACK_PORT_PROJECTOR; }
start_payments() { start_ours payments relay STACK_PORT_PAYMENTS; }

ready_mockpay() { wait_ready mockpay 60 http_ok "$STACK_PORT_MOCKPAY/healthz"; }
ready_api() { wait_ready api 60 http_ok "$STACK_PORT_API_ADMIN/readyz"; }
ready_relay() { wait_ready relay 60 http_ok "$STACK_PORT_RELAY/readyz"; }
ready_projector() { wait_ready projector 60 http_ok "$STACK_PORT_PROJECTOR/readyz"; }
ready_payments() { wait_ready payments 60 http_ok "$STACK_PORT_PAYMENTS/readyz"; }

# ---- gateway and Prometheus

tls_is_on() { [ -n "${STACK_TLS_CERTIFICATE:-}" ]; }

# site_url - where browsers find the site.
site_url() {
  if tls_is_on; then
    printf 'https://127.0.0.1:%s' "$STACK_PORT_GATEWAY_TLS"
  else
    printf 'http://127.0.0.1:%s' "$STACK_PORT_GATEWAY"
  fi
}

# The certificate and its key where the unprivileged user can read them.
tls_files() {
  local certificate=$STACK_TLS_CERTIFICATE key=${STACK_TLS_KEY:-} target=$dir/nginx
  if [ "$certificate" = self-signed ]; then
    self_signed "$target/self-signed"
    certificate=$target/self-signed.crt key=$target/self-signed.key
  fi
  [ -r "$certificate" ] || die "STACK_TLS_CERTIFICATE in $settings: cannot read $certificate"
  [ -r "$key" ] || die "STACK_TLS_KEY in $settings: cannot read \"$key\""
  install -m 644 "$certificate" "$target/tls.crt"
  (umask 077 && cat "$key" >"$target/tls.key")
  give "$target/tls.key"
}

start_gateway() {
  local tls=() line gateway_settings=()
  for line in "${extra_settings[@]}"; do
    case $line in
      CAREFORALL_PUBLIC_URL=*) gateway_settings+=("CAREFORALL_GATEWAY_${line#CAREFORALL_}") ;;
      CAREFORALL_GATEWAY_*) gateway_settings+=("$line") ;;
    esac
  done
  need_program nginx nginx-light
  is_running gateway && { say "gateway     is running"; return; }
  [ -f "$root/web/dist/index.html" ] || die "web/dist is not built: run 'make build'"
  need_port STACK_PORT_GATEWAY
  ! tls_is_on || need_port STACK_PORT_GATEWAY_TLS
  rm -rf "$dir/www.new" && cp -r "$root/web/dist" "$dir/www.new"
  rm -rf "$dir/www" && mv "$dir/www.new" "$dir/www"
  chmod -R u=rwX,go=rX "$dir/www"
  mkdir -p "$dir/nginx"
  own_dir "$dir/nginx"
  if tls_is_on; then
    tls_files
    tls=("CAREFORALL_GATEWAY_TLS_LISTEN=127.0.0.1:$STACK_PORT_GATEWAY_TLS"
      "CAREFORALL_GATEWAY_TLS_CERTIFICATE_FILE=$dir/nginx/tls.crt"
      "CAREFORALL_GATEWAY_TLS_KEY_FILE=$dir/nginx/tls.key"
      "CAREFORALL_GATEWAY_PUBLIC_URL=$(site_url)")
  fi
  env CAREFORALL_GATEWAY_LISTEN="127.0.0.1:$STACK_PORT_GATEWAY" \
    CAREFORALL_GATEWAY_API="127.0.0.1:$STACK_PORT_API" \
    CAREFORALL_GATEWAY_WEB_ROOT="$dir/www" CAREFORALL_GATEWAY_RUN_DIR="$dir/nginx" \
    "${tls[@]}" "${gateway_settings[@]}" sh "$root/ops/nginx/render.sh" >"$dir/nginx.conf" ||
    die "ops/nginx/render.sh failed: the reason is above"
  give "$dir/nginx.conf"
  keep gateway nginx -e stderr -p "$dir/nginx" -c "$dir/nginx.conf" -g 'daemon off;'
}
gateway_ok() { curl -fsSk -o /dev/null --max-time 2 "$(site_url)/icon.svg"; }
ready_gateway() { wait_ready gateway 60 gateway_ok; }

prometheus_targets() {
  local part port
  for part in api relay projector payments mockpay; do
    port=STACK_PORT_${part^^}
    [ "$part" != api ] || port=STACK_PORT_API_ADMIN
    printf -- '- { targets: ["127.0.0.1:%s"], labels: { job: careforall-%s } }\n' "${!port}" "$part"
  done
  printf -- '- { targets: ["127.0.0.1:%s"], labels: { job: careforall-database, __metrics_path__: /metrics/database } }\n' \
    "$STACK_PORT_API_ADMIN"
}

start_prometheus() {
  command -v prometheus >/dev/null || return 0
  is_running prometheus && { say "prometheus  is running"; return; }
  need_port STACK_PORT_PROMETHEUS
  mkdir -p "$dir/prometheus/conf/rules" "$dir/prometheus/data"
  cp "$root"/ops/prometheus/rules/*.yml "$dir/prometheus/conf/rules/"
  sed -E "s/_interval: 5s/_interval: ${STACK_PROMETHEUS_INTERVAL:-5s}/" \
    "$root/ops/prometheus/prometheus.yml" >"$dir/prometheus/conf/prometheus.yml"
  prometheus_targets >"$dir/prometheus/conf/targets.yml"
  own_tree "$dir/prometheus"
  keep prometheus prometheus --config.file="$dir/prometheus/conf/prometheus.yml" \
    --storage.tsdb.path="$dir/prometheus/data" --storage.tsdb.retention.time=2d \
    --enable-feature=exemplar-storage \
    --web.listen-address="127.0.0.1:$STACK_PORT_PROMETHEUS" --log.level=warn
}
ready_prometheus() {
  ! command -v prometheus >/dev/null ||
    wait_ready prometheus 60 http_ok "$STACK_PORT_PROMETHEUS/-/ready"
}

own_tree() { # FOLDER
  chmod -R u=rwX,go= "$1"
  [ "$(id -u)" -ne 0 ] || chown -R "$run_user:$run_group" "$1"
}

own_dir() {
  chmod 700 "$1"
  [ "$(id -u)" -ne 0 ] || chown "$run_user:$run_group" "$1"
}
