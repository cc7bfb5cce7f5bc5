#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# compose-stack.sh [build | check] - follows docs/howto/compose.md with this machine's Docker:
# builds the images (build), then starts everything, sends pledges through it, looks at
# how it is shut in, kills parts of it, and takes it away again (check). With neither,
# both. Has a project, a network and ports of its own, beside whatever else runs.
#
# CAREFORALL_CHECK_WORLD is the address of a host outside that answers on port 80, to try
# who reaches it. Needs Docker with compose 2.26 or newer and buildx, curl, jq and openssl.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export COMPOSE_PROJECT_NAME=careforall-check CAREFORALL_SUBNET=172.31.78 \
  CAREFORALL_BIND_HTTP=127.0.0.1:21080 CAREFORALL_BIND_HTTPS=127.0.0.1:21443
site=http://$CAREFORALL_BIND_HTTP
images=(app gateway postgres redis nats prometheus)
work=$(mktemp -d)

say() { printf '=== %s\n' "$*"; }
die() { printf 'compose: %s\n' "$*" >&2; exit 1; }

finish() {
  local status=$?
  if [ "$status" -ne 0 ] && [ -e "$work/up" ]; then
    docker compose ps -a >&2 || true
    docker compose logs --no-color --tail 25 >&2 || true
  fi
  [ ! -e "$work/up" ] || docker compose down -v --timeout 10 >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap finish EXIT

# documented HEADING - runs the commands of a section of docs/howto/compose.md.
documented() {
  awk -v heading="## $1" '/^## / { here = $0 == heading } /^```$/ { on = 0 } here && on
    here && /^```sh$/ { on = 1 }' docs/howto/compose.md >"$work/commands"
  [ -s "$work/commands" ] || die "docs/howto/compose.md has no commands under $1"
  bash -euo pipefail "$work/commands" >"$work/output" 2>&1 || { cat "$work/output" >&2; die "a command under '$1' failed"; }
}

# until_true SECONDS COMMAND...
until_true() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$end" ] || die "waited in vain for: $*"
    sleep 0.3
  done
}

services() { docker compose config --services | sort; }
running() { docker compose ps -q | xargs docker inspect; }
inside() { docker compose exec -T "$@"; }
sql() { inside postgres psql -qXAt -c "$1" | tr -d '\r'; }
# metric SERVICE PORT NAME - the sum of a metric's samples whose name and labels match.
metric() {
  inside "$1" curl -fsS "http://127.0.0.1:$2/metrics" |
    awk -v name="$3" 'index($0, name) == 1 { sum += $NF } END { printf "%d", sum }'
}

all_healthy() {
  docker compose ps -a --format json | jq -s -e '
    (map(select(.Service == "schema")) | length == 1 and all(.State == "exited" and .ExitCode == 0)) and
    (map(select(.Service != "schema")) | all(.State == "running" and .Health == "healthy"))' &&
    [ "$(docker compose ps -a --format '{{.Service}}' | sort)" = "$(services)" ]
}

# ---- the images

build() {
  local image size
  documented Build
  cat .secrets/*_password* .secrets/*_key* .secrets/password_peppers .secrets/webhook_secret | grep . >"$work/secrets"
  for image in "${images[@]}"; do
    docker image inspect "careforall/$image" >"$work/image.json"
    jq -e '.[0].Config | .User != "" and .User != "root" and
      ([.Labels["org.opencontainers.image." + ("title", "licenses", "version", "revision")]] |
        all(. != null and . != "" and . != "unknown"))' "$work/image.json" >/dev/null ||
      die "careforall/$image has no user of its own, or lacks a label"
    size=$(jq '.[0].Size / 1e6 | round' "$work/image.json")
    printf '  careforall/%-11s %4d MB\n' "$image" "$size"
    docker save "careforall/$image" >"$work/image.tar"
    ! grep -qaFf "$work/secrets" "$work/image.tar" || die "careforall/$image holds a secret"
  done
  rm "$work/image.tar"
}

# ---- a pledge

campaign() { curl -fsS "$site/api/v1/campaigns/coral-nursery"; }
raised() { campaign | jq -r '.totals.raised.amount'; }
has_raised() { [ "$(raised)" = "$1" ]; }
has_settled() { [ "$(sql "SELECT count(*) FROM careforall.pledges WHERE state = 'pending'")" = 0 ]; }
state_is() { [ "$(sql "SELECT state FROM careforall.pledges WHERE id = '$1'")" = "$2" ]; }

# pledge - sends one through the gateway, waits until it is confirmed and the site shows
# the new total. Leaves the id of its trace in $trace.
pledge() {
  local before after id token answer
  until_true 90 has_settled
  until_true 30 has_raised "$(sql "SELECT raised_minor FROM careforall.campaign_overview WHERE slug = 'coral-nursery'")"
  before=$(raised)
  trace=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  answer=$(curl -fsS -X POST "$site/api/v1/campaigns/$(campaign | jq -r .id)/pledges" \
    -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" -H 'Content-Type: application/json' \
    -H "traceparent: 00-$trace-$(printf '%.16s' "$trace")-01" \
    -d '{"amount":{"amount":2500,"currency":"USD"},"donor":{"name":"Ada Checker","email":"ada.checker@example.org"},"display":"name"}')
  read -r id token < <(jq -r '"\(.id) \(.token)"' <<<"$answer")
  until_true 120 state_is "$id" confirmed
  after=$((before + 2500))
  until_true 30 has_raised "$after"
  curl -fsS -X POST "$site/api/v1/pledges/$id/receipts" -H "Pledge-Token: $token" -H 'Idempotency-Key: first' \
    -H 'Content-Type: application/json' -d '{"language":"ar"}' >"$work/receipt.pdf"
  grep -aq /FontFile "$work/receipt.pdf" || die 'a receipt has no letters'
  printf '  %s: %s, raised %s -> %s, receipt of %d bytes\n' "$1" "$id" "$before" "$after" "$(stat -c %s "$work/receipt.pdf")"
}

verify() {
  [ "$(sql 'SELECT sum(violations) FROM careforall.verify()')" = 0 ] || die "an invariant does not hold"
}

# ---- how it is shut in

check_published() {
  local ports
  ports=$(running | jq -r '.[] | select([.NetworkSettings.Ports[]? | select(. != null)] | length > 0) |
    .Config.Labels["com.docker.compose.service"]' | tr '\n' ' ')
  [ "$ports" = "${1:-gateway }" ] || die "published are: $ports"
}

check_containers() {
  local bad service name
  bad=$(running | jq -r '.[] | .Config.Labels["com.docker.compose.service"] as $s | .HostConfig |
    if .ReadonlyRootfs | not then "\($s): its root file system can be written" else empty end,
    if .Memory == 0 then "\($s): no memory limit" else empty end,
    if .PidsLimit == null or .PidsLimit <= 0 then "\($s): no limit of processes" else empty end,
    if .CapDrop != ["ALL"] or .CapAdd != null or .Privileged then "\($s): capabilities" else empty end,
    if .SecurityOpt | any(startswith("no-new-privileges")) | not then "\($s): may gain privileges" else empty end,
    if .LogConfig.Type != "json-file" or .LogConfig.Config["max-size"] == null or .LogConfig.Config["max-file"] == null
      then "\($s): its log grows without end" else empty end')
  [ -z "$bad" ] || die "$bad"
  for service in $(services); do
    [ "$service" != schema ] || continue
    name=$(docker compose ps -q "$service")
    bad=$(docker top "$name" -eo uid,pid,args | awk 'NR > 1 && $1 == 0')
    [ -z "$bad" ] || die "$service runs as root: $bad"
  done
  for service in api-1 relay-1 gateway postgres redis nats; do
    ! inside "$service" touch /usr/x 2>/dev/null || die "$service can write to /usr"
  done
}

# connects FROM HOST PORT - whether a connection comes about, whatever is said on it.
connects() {
  [ "$(inside "$1" curl -s -o /dev/null -m 2 -w '%{num_connects}' "http://$2:$3/" 2>/dev/null || true)" = 1 ]
}
# is_open SERVICE - whether one of its networks leads out of this machine.
is_open() {
  docker compose ps -q "$1" | xargs docker inspect | jq -r '.[0].NetworkSettings.Networks | keys[]' |
    xargs docker network inspect | jq -e 'any(.[]; .Internal | not)' >/dev/null
}
reaches_world() { [ -z "${CAREFORALL_CHECK_WORLD:-}" ] || connects "$1" "$CAREFORALL_CHECK_WORLD" 80; }

check_networks() {
  local pair from service api=$CAREFORALL_SUBNET.121 postgres=$CAREFORALL_SUBNET.250 redis=$CAREFORALL_SUBNET.251
  for pair in "gateway $api 8081" "api-1 $postgres 5432" "projector $redis 6379"; do
    # shellcheck disable=SC2086 # three words
    connects $pair || die "cannot reach what it needs: $pair"
  done
  for from in gateway mockpay prometheus; do
    for pair in "$postgres 5432" "$redis 6379"; do
      # shellcheck disable=SC2086
      ! connects "$from" $pair || die "$from reaches $pair"
    done
  done
  for service in $(services); do
    case $service in
      schema) ;;
      gateway) is_open gateway || die "the gateway cannot be reached" ;;
      payments) { is_open payments && reaches_world payments; } || die "payments has no way to a payment provider" ;;
      *) ! is_open "$service" || die "$service has a way out" ;;
    esac
  done
  if [ -n "${CAREFORALL_CHECK_WORLD:-}" ]; then
    for service in api-1 relay-1 projector nats mockpay prometheus; do
      ! reaches_world "$service" || die "$service reaches the world outside"
    done
  fi
}

# Reads all logs. The gateway writes its own two seconds late.
has_logged_pledge() {
  docker compose logs --no-color >"$work/logs" 2>&1
  grep -q '"service":"careforall-gateway".*"method":"POST"' "$work/logs"
}

# Neither secrets nor personal data are where they can be read by the way.
check_secrets() {
  running >"$work/inspect"
  ! grep -qFf "$work/secrets" "$work/inspect" || die "docker inspect shows a secret"
  until_true 10 has_logged_pledge
  ! grep -qFf "$work/secrets" "$work/logs" || die "a log holds a secret"
  ! grep -qiE 'ada[. ]checker' "$work/logs" || die "a log holds a donor's name or address"
}

check_memory() {
  local bad
  bad=$(running | jq -r '.[] | select(.State.OOMKilled) | .Name')
  [ -z "$bad" ] || die "had not enough memory: $bad"
  docker stats --no-stream --format '{{.Name}} {{.MemUsage}} {{.MemPerc}}' |
    sed "s/^$COMPOSE_PROJECT_NAME-//" | sort | awk '{ printf "  %-14s %10s of %8s\n", $1, $2, $4; if ($NF + 0 > 75) bad = bad " " $1 }
      END { if (bad) { print "more than three quarters of its memory:" bad > "/dev/stderr"; exit 1 } }'
}

# ---- what it does

# Both replicas answer; with one stopped, the other answers everything.
check_replicas() {
  local service i before after route='careforall_http_requests_total{method="GET",route="/api/v1/campaigns/:'
  for service in api-1 api-2; do
    before=$(metric "$service" 8091 "$route")
    for ((i = 0; i < 20; i++)); do campaign >/dev/null; done
    after=$(metric "$service" 8091 "$route")
    [ "$after" -gt "$before" ] || die "$service serves nothing"
  done
  docker compose stop api-1 >/dev/null 2>&1
  for ((i = 0; i < 20; i++)); do campaign >/dev/null || die "with one API process a request fails"; done
  docker compose start api-1 >/dev/null 2>&1
}

leads() { [ "$(metric "$1" 9101 careforall_relay_leader)" = 1 ]; }

# The relay that leads is killed; the other takes over.
check_relays() {
  local leader=relay-1 other=relay-2
  leads relay-1 || { leader=relay-2 other=relay-1; }
  leads "$leader" || die "no relay leads"
  ! leads "$other" || die "two relays lead"
  docker compose kill "$leader" >/dev/null 2>&1
  until_true 120 leads "$other"
  printf '  %s was killed, %s leads\n' "$leader" "$other"
}

check_prometheus() {
  local targets
  until_true 90 sh -c "docker compose exec -T prometheus curl -fsS http://127.0.0.1:9090/api/v1/targets |
    jq -e '.data.activeTargets | length == 8 and all(.health == \"up\")'"
  targets=$(inside prometheus curl -fsS http://127.0.0.1:9090/api/v1/targets | jq -r '.data.activeTargets[].labels.instance' | sort | xargs)
  printf '  up: %s\n' "$targets"
  [ "$(inside prometheus curl -fsS http://127.0.0.1:9090/api/v1/rules | jq '[.data.groups[].rules[] | select(.health == "err")] | length')" = 0 ] ||
    die "a rule of Prometheus fails"
}

# traced ID - whether all five programs have told Jaeger their part of a trace.
traced() {
  [ "$(inside jaeger wget -q -O - "http://127.0.0.1:16686/api/traces/$1" |
    jq -r '[.data[0].processes[].serviceName] | unique | join(" ")')" = \
    "careforall-api careforall-mockpay careforall-payments careforall-projector careforall-relay" ]
}

# has_dashboard UID - whether Grafana has read it.
has_dashboard() {
  inside grafana wget -q -O - http://127.0.0.1:3000/api/search | jq -e --arg uid "$1" 'any(.[]; .uid == $uid)'
}
check_grafana() {
  local uid
  for uid in $(jq -r .uid ops/grafana/dashboards/*.json); do until_true 30 has_dashboard "$uid"; done
}

check_monitoring() {
  documented 'Watch it'
  check_published 'gateway grafana jaeger prometheus '
  curl -fsS -o /dev/null http://127.0.0.1:9090/-/ready
  curl -fsS -o /dev/null http://127.0.0.1:3000/api/health
  curl -fsS -o /dev/null http://127.0.0.1:16686/api/services
  docker compose up -d --wait >"$work/output" 2>&1 || { cat "$work/output" >&2; die "cannot shut the monitoring in again"; }
}

check_tls() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=give.example.org \
    -keyout .secrets/tls_key -out .secrets/tls_certificate 2>/dev/null
  chmod 644 .secrets/tls_key
  CAREFORALL_PUBLIC_URL=https://$CAREFORALL_BIND_HTTPS docker compose up -d --wait >/dev/null 2>&1
  curl -fsSk "https://$CAREFORALL_BIND_HTTPS/api/v1/campaigns/coral-nursery" >/dev/null
  [ "$(curl -s -o /dev/null -w '%{http_code} %{redirect_url}' "$site/login")" = "301 https://$CAREFORALL_BIND_HTTPS/login" ] ||
    die "the address without TLS does not lead to the one with it"
  : >.secrets/tls_key
  : >.secrets/tls_certificate
  docker compose up -d --wait --force-recreate gateway >/dev/null 2>&1
}

# As with a real provider: the mock goes, and nothing waits for it.
check_no_mock() {
  local service
  CAREFORALL_MOCKPAY=0 docker compose up -d --wait >"$work/output" 2>&1 || { cat "$work/output" >&2; die "does not start without the mock provider"; }
  [ "$(docker compose ps -a --format '{{.Service}}' | sort)" = "$(services | grep -vx mockpay)" ] || die "the mock provider runs, or more than it is gone"
  service=$(docker compose ps --format json | jq -r 'select(.Health != "healthy") | .Service')
  [ -z "$service" ] || die "without the mock provider not healthy: $service"
  campaign >/dev/null
}

check() {
  local total left volumes
  # What a run that was cut short has left.
  docker compose down -v --remove-orphans >/dev/null 2>&1
  volumes=$(docker volume ls -q | sort)
  cat .secrets/*_password* .secrets/*_key* .secrets/password_peppers .secrets/webhook_secret | grep . >"$work/secrets"
  touch "$work/up"
  say "starting everything, as docs/howto/compose.md says"
  documented Start
  all_healthy >/dev/null || die "not every service is healthy"
  documented 'Demo data'

  say "a pledge, from the gateway to its confirmation"
  until_true 60 campaign
  pledge "the first"
  until_true 60 traced "$trace"
  printf '  trace %s: all five programs\n' "$trace"

  say "how it is shut in"
  check_published
  check_containers
  check_networks
  check_secrets

  say "what sees it"
  check_prometheus
  check_grafana
  check_monitoring

  say "two API processes, two relays"
  check_replicas
  check_relays
  pledge "with a dead relay"
  docker compose up -d --wait >/dev/null 2>&1

  say "a restart of the database under it"
  docker compose restart postgres >/dev/null 2>&1
  until_true 180 all_healthy
  pledge "afterwards"
  verify

  say "TLS"
  check_tls

  say "down and up again"
  total=$(raised)
  documented Stop
  [ -z "$(docker compose ps -aq)" ] || die "containers are left"
  documented Start
  until_true 60 campaign
  [ "$(raised)" = "$total" ] || die "the total was $total and is $(raised)"
  pledge "on the kept volumes"
  verify
  check_secrets
  say "memory in use"
  check_memory

  say "without the mock provider"
  check_no_mock

  say "away with it"
  documented Remove
  rm "$work/up"
  left=$({ docker container ls -a && docker volume ls && docker network ls; } | grep "$COMPOSE_PROJECT_NAME" || true)
  [ -z "$left" ] || die "left are: $left"
  [ "$(docker volume ls -q | sort)" = "$volumes" ] || die "volumes without a name are left"
}

case ${1:-both} in
  build) build ;;
  check) check ;;
  both) build && check ;;
  *) sed -n '4,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
