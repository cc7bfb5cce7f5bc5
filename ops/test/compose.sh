#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# compose.sh [--fresh] [--keep] [--twice] - docker-compose.yml on a machine with neither
# Docker nor a registry of images: lints the files, then runs compose-stack.sh with a
# Docker engine of its own in a network namespace of its own, and leaves nothing behind
# but its cache.
#
# The base image is made by debootstrap. Real, because they are Debian's own packages:
# PostgreSQL, Redis, NATS, Prometheus, nginx. Stand-ins, because their images cannot be
# had: Node.js 22 (from npm, to build with), Jaeger (test/compose/jaeger.ts) and
# Grafana (test/compose/grafana.ts). The job "images" of the CI takes the real ones.
#
#   --fresh   delete the cache first
#   --keep    leave the stack running, and say how to reach it
#   --twice   build our images a second time, and say what differs
#
# Needs Debian 12 and root. The cache, about 3 GB, is
# ${XDG_CACHE_HOME:-/var/cache}/careforall/compose.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=${XDG_CACHE_HOME:-/var/cache}/careforall/compose
netns=careforall-compose
export PATH="$root/.tools/node_modules/.bin:$PATH"
fresh=no keep=no twice=no
for argument in "$@"; do
  case $argument in
    --fresh) fresh=yes ;;
    --keep) keep=yes ;;
    --twice) twice=yes ;;
    *) sed -n '4,22s/^# \{0,1\}//p' "$0"; exit 2 ;;
  esac
done
work=$(mktemp -d) engine='' world=''

say() { printf '=== %s\n' "$*"; }
die() { printf 'compose: %s\n' "$*" >&2; exit 1; }

stop_engine() {
  local process
  for process in $world $engine; do
    kill "$process" 2>/dev/null || true
    wait "$process" 2>/dev/null || true
  done
  engine='' world=''
}

delete_namespaces() {
  ip netns del "$netns" 2>/dev/null || true
  ip netns del "$netns-world" 2>/dev/null || true
}

finish() {
  stop_engine
  delete_namespaces
  rm -rf "$work"
}
trap finish EXIT

[ "$(id -u)" -eq 0 ] || die "needs root"
[ "$fresh" = no ] || rm -rf "$cache"
mkdir -p "$cache"
exec 9>"$cache/lock"
flock -n 9 || die "another run uses $cache"

# ---- what it needs

install_packages() {
  local package missing=() policy=/usr/sbin/policy-rc.d ours=no
  "$root/ops/install-packages.sh"
  for package in docker.io iptables iproute2 debootstrap curl jq procps; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  [ -e "$policy" ] || { ours=yes; printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod 755 "$policy"; }
  apt-get update -qq -o APT::Update::Error-Mode=any
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  [ "$ours" = no ] || rm "$policy"
}

# The package sources of this machine, whatever they are.
# shellcheck disable=SC2016 # apt's own variables
suites() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    awk '$2 ~ /^bookworm/ && !seen[$0]++ { print "deb", $1, $2, "main" }'
}
mirror() { suites | awk '$3 == "bookworm" { print $2; exit }'; }

# Compose and buildx are not in Debian 12: those of Debian 13, as plugins of the client.
install_plugins() {
  local apt
  export DOCKER_CONFIG=$cache/client
  [ ! -x "$DOCKER_CONFIG/cli-plugins/docker-buildx" ] || return 0
  say "fetching compose and buildx"
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/apt/packages" "$DOCKER_CONFIG/cli-plugins"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s trixie main\n' "$(mirror)" >"$work/apt/sources"
  apt=(apt-get -qq -o "Dir::Etc::sourcelist=$work/apt/sources" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$work/apt/lists" -o "Dir::Cache=$work/apt/cache" -o APT::Sandbox::User=root)
  "${apt[@]}" -o APT::Update::Error-Mode=any update
  (cd "$work/apt/packages" && "${apt[@]}" download docker-compose docker-buildx >/dev/null &&
    for package in *.deb; do dpkg -x "$package" .; done)
  cp "$work"/apt/packages/usr/libexec/docker/cli-plugins/* "$DOCKER_CONFIG/cli-plugins/"
}

# ---- the engine

# start_engine OPTIONS - here, or in the namespace if $inside says so.
inside=()
start_engine() {
  local i
  mkdir -p "$work/engine"
  export DOCKER_HOST=unix://$work/engine/socket
  "${inside[@]}" dockerd --data-root "$cache/engine" --exec-root "$work/engine/exec" \
    -p "$work/engine/pid" -H "$DOCKER_HOST" "$@" >"$work/engine.log" 2>&1 9>&- &
  engine=$!
  for ((i = 0; i < 300; i++)); do
    ! docker version >/dev/null 2>&1 || return 0
    kill -0 "$engine" 2>/dev/null || break
    sleep 0.1
  done
  tail -n 20 "$work/engine.log" >&2
  die "the Docker engine does not start"
}

# To build, packages are needed: the engine uses the machine's network and changes
# nothing of it.
start_building() {
  inside=()
  start_engine --bridge=none --iptables=false --ip6tables=false --ip-masq=false --ip-forward=false
}

# To run: its bridges, its rules and what it publishes are in a namespace whose only way
# out leads to another one, where a host stands for the rest of the world.
start_running() {
  local name
  for name in "$netns" "$netns-world"; do
    ip netns add "$name"
    ip -n "$name" link set lo up
  done
  ip link add world netns "$netns" type veth peer name world netns "$netns-world"
  ip -n "$netns" address add 192.0.2.1/24 dev world
  ip -n "$netns-world" address add 192.0.2.2/24 dev world
  ip -n "$netns" link set world up
  ip -n "$netns-world" link set world up
  ip -n "$netns" route add default via 192.0.2.2
  nsenter "--net=/run/netns/$netns-world" node -e 'net.createServer((socket) => socket.end()).listen(80)' 9>&- &
  world=$!
  export CAREFORALL_CHECK_WORLD=192.0.2.2
  inside=(nsenter "--net=/run/netns/$netns")
  start_engine --bip=172.30.0.1/24 --default-address-pool base=172.29.0.0/16,size=24
}

# ---- images that cannot be had

has_image() { docker image inspect "$1" >/dev/null 2>&1; }

# debian:bookworm-slim as its makers do it: no documentation, no caches of apt.
make_base() {
  local base=$work/base
  has_image debian:bookworm-slim && return
  say "making debian:bookworm-slim"
  debootstrap --variant=minbase bookworm "$base" "$(mirror)" >"$work/debootstrap.log" 2>&1 ||
    { tail -n 5 "$work/debootstrap.log" >&2; die "debootstrap failed"; }
  suites >"$base/etc/apt/sources.list"
  printf '#!/bin/sh\nexit 101\n' >"$base/usr/sbin/policy-rc.d"
  chmod 755 "$base/usr/sbin/policy-rc.d"
  cat >"$base/etc/apt/apt.conf.d/docker-clean" <<'APT'
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };
APT
  printf 'force-unsafe-io\n' >"$base/etc/dpkg/dpkg.cfg.d/docker-apt-speedup"
  printf 'path-exclude /usr/share/%s/*\n' doc man info locale lintian >"$base/etc/dpkg/dpkg.cfg.d/docker"
  rm -rf "$base"/usr/share/{doc,man,info,locale,lintian}/* "$base"/var/cache/apt/*.bin \
    "$base"/var/cache/apt/archives/*.deb "$base"/var/lib/apt/lists/* "$base"/var/log/*
  # What this machine trusts, so that the package sources are trusted there too.
  install -D /etc/ssl/certs/ca-certificates.crt "$base/etc/ssl/certs/ca-certificates.crt"
  tar -C "$base" --exclude=./dev/* -c . | docker import -c 'CMD ["bash"]' - debian:bookworm-slim >/dev/null
  rm -rf "$base"
}

make_node() {
  has_image node:22-bookworm-slim && return
  say "making a stand-in for node:22-bookworm-slim"
  npm install --silent --no-save --no-package-lock --prefix "$work/node" node@22 npm@10
  cat >"$work/node/Dockerfile" <<'DOCKERFILE'
FROM debian:bookworm-slim
COPY node_modules /opt/node/node_modules
RUN cd /usr/local/bin && for name in node npm npx; do ln -s "/opt/node/node_modules/.bin/$name" "$name"; done
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
DOCKERFILE
  docker build -q --network host -t node:22-bookworm-slim "$work/node" >/dev/null
}

# make_stand_in IMAGE PROGRAM UID PACKAGE... - of test/compose, with packages of test/.
make_stand_in() {
  local image=$1 program=$2 uid=$3 folder=$work/stand-in
  shift 3
  rm -rf "$folder"
  mkdir -p "$folder/compose" "$folder/lib"
  cp "$root/test/compose/$program.ts" "$folder/compose/"
  cp "$root/test/lib/collector.ts" "$folder/lib/"
  printf '{ "type": "module" }\n' >"$folder/package.json"
  (cd "$root/test" && cp -R --parents "${@/#/node_modules/}" "$folder/")
  cat >"$folder/Dockerfile" <<DOCKERFILE
FROM node:22-bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends wget >/dev/null
COPY . /stand-in
RUN mkdir -p /var/lib/grafana && chown $uid /var/lib/grafana
USER $uid
CMD ["node", "--disable-warning=ExperimentalWarning", "/stand-in/compose/$program.ts"]
DOCKERFILE
  docker build -q --network host -t "$image" "$folder" >/dev/null
}

image_of() { docker compose config --format json | jq -r --arg name "$1" '.services[$name].image'; }

# ---- building twice

# contents IMAGE - one line for each file: kind, rights, owner, date, name, and what is in
# it. Without what the engine puts into each container.
contents() {
  local container folder=$work/contents
  container=$(docker create "$1")
  mkdir "$folder"
  docker export "$container" | tar -x -C "$folder" --numeric-owner
  docker rm "$container" >/dev/null
  (cd "$folder" && find . -printf '%y %m %U:%G %T@ %p %l\n' | sort -k 5
    find . -type f -print0 | sort -z | xargs -0 sha256sum)
  rm -rf "$folder"
}
made_by_engine=' \./?(\.dockerenv|dev(/.*)?|proc|sys|etc|etc/(hostname|hosts|mtab|resolv\.conf))?( |$)'

say_differences() {
  local image
  for image in app gateway postgres redis nats prometheus; do
    contents "careforall/$image" | grep -vE "$made_by_engine" >"$work/first-$image"
  done
  say "building a second time, without the cache"
  "$source/ops/docker/build.sh" --quiet --no-cache >/dev/null 2>&1
  for image in app gateway postgres redis nats prometheus; do
    contents "careforall/$image" | grep -vE "$made_by_engine" >"$work/second-$image"
    printf '  careforall/%-11s ' "$image"
    if cmp -s "$work/first-$image" "$work/second-$image"; then
      printf 'the same %d files\n' "$(grep -c '^f' "$work/first-$image")"
    else
      printf 'differs in:\n'
      diff "$work/first-$image" "$work/second-$image" | grep '^[<>]' | awk '{ print "    " $NF }' | sort -u || true
    fi
  done
}

# ---- the run

install_packages
install_plugins
make --no-print-directory -C "$root/test" all

say "linting"
"$root/ops/lint/compose.sh"
# What would be committed, so that no secret and no build of this folder plays a part.
source=$work/careforall
mkdir "$source"
(cd "$root" && git ls-files -co --exclude-standard -z | xargs -0 ls -d 2>/dev/null | tar -c -T - | tar -x -C "$source")
CAREFORALL_REVISION=$(git -C "$root" rev-parse HEAD)
SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct)
export CAREFORALL_REVISION SOURCE_DATE_EPOCH
cd "$source"
ops/docker/secrets.sh >/dev/null
docker compose config -q
docker compose -f docker-compose.yml -f ops/docker/monitoring.yml config -q

start_building
make_base
make_node
say "making stand-ins for Jaeger (counts traces, shows none) and Grafana (reads its files, draws nothing)"
make_stand_in "$(image_of jaeger)" jaeger 10001 protobufjs @protobufjs long @opentelemetry/otlp-transformer
make_stand_in "$(image_of grafana)" grafana 472 yaml
{
  printf 'services:\n'
  docker compose config --format json | jq -r '.services | to_entries[] | select(.value.build) | .key' |
    while read -r name; do printf '  %s: { build: { network: host } }\n' "$name"; done
} >"$work/host-network.yml"
COMPOSE_FILE=docker-compose.yml:$work/host-network.yml ops/test/compose-stack.sh build
if [ "$twice" = yes ]; then
  COMPOSE_FILE=docker-compose.yml:$work/host-network.yml say_differences
fi
stop_engine

start_running
if [ "$keep" = yes ]; then
  say "DOCKER_HOST=$DOCKER_HOST DOCKER_CONFIG=$DOCKER_CONFIG nsenter --net=/run/netns/$netns; source: $source; end it with ^C"
  wait "$engine" || true
  exit 0
fi
"${inside[@]}" ops/test/compose-stack.sh check
stop_engine

say "what is left"
delete_namespaces
! grep -F -e "$cache/" -e "$work/" /proc/mounts || die "mounts are left"
! pgrep -af "$work/engine" || die "processes are left"
say "compose: the files, the images and the composed stack hold"
