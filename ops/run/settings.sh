# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# settings.sh - the file careforall.env of a stack: made at the first start with
# ports and random secrets, edited by people, read here. Lines are NAME=value, taken
# literally. STACK_* are for the stack itself; every CAREFORALL_* and OTEL_* line is
# handed as it is to each of our processes.

# Order gives the offset from --port-base.
readonly port_names=(GATEWAY API MOCKPAY API_ADMIN PG REDIS NATS NATS_MONITOR
  RELAY PROJECTOR PAYMENTS PROMETHEUS GATEWAY_TLS)
readonly port_defaults=(8080 8081 8082 8091 54320 56379 54222 58222
  9101 9102 9103 9090 8443)
readonly pg_logins=(api relay projector payments admin support readonly)

random_hex() { openssl rand -hex "$1"; }

# settings_write FILE PORT_BASE - writes a new file with fresh secrets.
settings_write() {
  local file=$1 base=$2 i port login
  umask 077
  {
    printf '%s\n' \
      '# Settings of this stack. Change a line, then stop and start the stack.' \
      '# Made at the first start; the secrets are random. Keep this file private.' \
      '' '# Ports, all on 127.0.0.1.'
    for i in "${!port_names[@]}"; do
      port=${port_defaults[$i]}
      [ -z "$base" ] || port=$((base + i))
      printf 'STACK_PORT_%s=%s\n' "${port_names[$i]}" "$port"
    done
    printf '%s\n' '' \
      '# TLS of the site: empty (none), self-signed, or the file of a certificate chain' \
      '# and that of its key, both PEM.' \
      'STACK_TLS_CERTIFICATE=' 'STACK_TLS_KEY=' \
      '# TLS from our processes to NATS and to PostgreSQL: empty (none) or on.' \
      'STACK_NATS_TLS=' 'STACK_PG_TLS=' \
      '' '# What PostgreSQL loads at start.' \
      'STACK_PG_PRELOAD=careforall,pg_cron,pg_stat_statements' \
      '' '# Passwords of the database log-ins (cfa_api ...) and of the superuser postgres.'
    printf 'STACK_PG_PASSWORD_POSTGRES=%s\n' "$(random_hex 16)"
    for login in "${pg_logins[@]}"; do
      printf 'STACK_PG_PASSWORD_%s=%s\n' "${login^^}" "$(random_hex 16)"
    done
    printf '%s\n' '' '# Other secrets.'
    printf 'STACK_REDIS_PASSWORD=%s\n' "$(random_hex 16)"
    for login in RELAY PROJECTOR PAYMENTS WATCHER; do
      printf 'STACK_NATS_PASSWORD_%s=%s\n' "$login" "$(random_hex 16)"
    done
    printf 'STACK_PLEDGE_TOKEN_KEY=%s\n' "$(random_hex 32)"
    printf 'STACK_SIGNING_KEYS=%s\n' "$(random_hex 32)"
    printf 'STACK_PASSWORD_PEPPERS=%s\n' "$(random_hex 32)"
    printf 'STACK_PROVIDER_KEY=sk_test_%s\n' "$(random_hex 16)"
    printf 'STACK_WEBHOOK_SECRET=whsec_%s\n' "$(random_hex 24)"
    printf 'STACK_WEBHOOK_STANDARD_SECRET=whsec_%s\n' "$(openssl rand -base64 32)"
    printf '%s\n' '' \
      '# Any setting of docs/reference/settings.md, for all of our processes, for example:' \
      '# CAREFORALL_LOG_LEVEL=debug' \
      '# Traces (docs/howto/tracing.md):' \
      '# OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318'
  } >"$file"
}

# settings_complete FILE - adds the secrets that a file of an older release lacks.
settings_complete() {
  local name
  for name in STACK_SIGNING_KEYS STACK_PASSWORD_PEPPERS; do
    [ -n "${!name:-}" ] && continue
    printf -v "$name" '%s' "$(random_hex 32)"
    printf '%s=%s\n' "$name" "${!name}" >>"$1"
  done
  if [ -z "${STACK_WEBHOOK_STANDARD_SECRET:-}" ]; then
    STACK_WEBHOOK_STANDARD_SECRET=whsec_$(openssl rand -base64 32)
    printf 'STACK_WEBHOOK_STANDARD_SECRET=%s\n' "$STACK_WEBHOOK_STANDARD_SECRET" >>"$1"
  fi
}

# settings_read FILE - sets the STACK_* variables and the array extra_settings.
settings_read() {
  local file=$1 line number=0 name
  extra_settings=()
  while IFS= read -r line || [ -n "$line" ]; do
    number=$((number + 1))
    line=${line%$'\r'}
    [[ $line =~ ^[[:space:]]*(#.*)?$ ]] && continue
    [[ $line =~ ^(STACK|CAREFORALL|OTEL)_[A-Z0-9_]+= ]] ||
      die "$file line $number is not NAME=value with a name STACK_..., CAREFORALL_... or OTEL_..."
    name=${line%%=*}
    if [[ $name == STACK_* ]]; then
      printf -v "$name" '%s' "${line#*=}"
    else
      extra_settings+=("$line")
    fi
  done <"$file"
  # A file of an older release has no port for TLS.
  : "${STACK_PORT_GATEWAY_TLS:=8443}"
  for name in "${port_names[@]}"; do
    name=STACK_PORT_$name
    if ! [[ ${!name:-} =~ ^[0-9]{2,5}$ ]] || [ "${!name}" -gt 65535 ]; then
      die "$file: $name must be a port number, it is \"${!name:-}\""
    fi
  done
}
