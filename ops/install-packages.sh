#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# install-packages.sh [--check | --bench | --lighthouse | --ha | --release] - installs what
# ops/packages.txt names and this machine lacks, and a newer Node.js into .tools/ where the
# machine's is too old. --bench does so for the loader of the benchmarks, --lighthouse for the
# whole Chromium, --ha for Patroni and etcd of the test of high availability, --release for
# what makes Debian packages and tries them: nothing else needs these.
# Does nothing, and needs no rights, when nothing is missing. No service of the
# distribution is left running or enabled by it: the stack starts its own.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
readonly node_major=20
readonly node_packages=(node@22 npm@10)

say() { printf '%s\n' "$*"; }
die() { printf 'install-packages: %s\n' "$*" >&2; exit 1; }

wanted() { sed -E 's/[[:space:]]*#.*//; /^$/d' "$here/packages.txt"; }

missing() {
  local name
  while read -r name; do
    dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null |
      grep -qx installed || printf '%s\n' "$name"
  done
}

node_is_new() {
  local version
  version=$("$1" --version 2>/dev/null) || return 1
  version=${version#v}
  [ "${version%%.*}" -ge "$node_major" ]
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# Keeps packages from starting their services while they are configured. An
# existing policy of the machine is left alone.
readonly policy=/usr/sbin/policy-rc.d
policy_is_ours=no
put_policy() {
  [ -e "$policy" ] && return
  policy_is_ours=yes
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}
drop_policy() {
  [ "$policy_is_ours" = yes ] && as_root rm -f "$policy"
  return 0
}

install_packages() {
  local names=("$@") service
  as_root env DEBIAN_FRONTEND=noninteractive true ||
    die "root rights are needed to install: ${names[*]}"
  trap drop_policy EXIT
  put_policy
  say "installing ${#names[@]} Debian packages: ${names[*]}"
  as_root apt-get update -qq -o APT::Update::Error-Mode=any ||
    die "could not read the package lists; see the lines above"
  if printf '%s\n' "${names[@]}" | grep -qx postgresql-15; then
    # The stack makes its own cluster; the distribution's would only take memory.
    as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y -qq --no-install-recommends postgresql-common >/dev/null
    as_root mkdir -p /etc/postgresql-common/createcluster.d
    printf '# CareForAll makes its own cluster.\ncreate_main_cluster = false\n' |
      as_root tee /etc/postgresql-common/createcluster.d/careforall.conf >/dev/null
  fi
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${names[@]}" >/dev/null ||
    die "apt-get could not install the packages; see the lines above"
  drop_policy
  policy_is_ours=no
  [ -d /run/systemd/system ] || return 0
  for service in redis-server nats-server nginx prometheus pgbouncer etcd patroni; do
    printf '%s\n' "${names[@]}" | grep -qE "^$service" || continue
    as_root systemctl disable --now "$service" >/dev/null 2>&1 || true
  done
}

install_node() {
  local npm
  node_is_new node && command -v npm >/dev/null && return
  node_is_new "$root/.tools/node_modules/.bin/node" && return
  npm=$(command -v npm) || {
    install_packages nodejs npm
    node_is_new node && return
    npm=$(command -v npm)
  }
  say "installing Node.js into .tools (the machine's is older than $node_major)"
  mkdir -p "$root/.tools"
  (cd "$root/.tools" &&
    "$npm" install --silent --no-save --no-package-lock --prefix . \
      "${node_packages[@]}") ||
    die "npm could not install ${node_packages[*]} into $root/.tools"
  node_is_new "$root/.tools/node_modules/.bin/node" ||
    die "the Node.js in $root/.tools does not start"
}

readonly bench_packages=(wrk)
readonly lighthouse_packages=(chromium)
readonly ha_packages=(etcd-server patroni python3-etcd python3-psycopg2 util-linux)
readonly release_packages=(debhelper debootstrap)

# only NAME... - installs these and no others, and ends.
only() {
  local names
  mapfile -t names < <(printf '%s\n' "$@" | missing)
  [ ${#names[@]} -eq 0 ] || install_packages "${names[@]}"
  exit 0
}

main() {
  local names
  command -v dpkg-query >/dev/null ||
    die "this needs Debian 12; install by hand what ops/packages.txt names"
  case ${1:-} in
    --bench) only "${bench_packages[@]}" ;;
    --lighthouse) only "${lighthouse_packages[@]}" ;;
    --ha) only "${ha_packages[@]}" ;;
    --release) only "${release_packages[@]}" ;;
  esac
  mapfile -t names < <(wanted | missing)
  if [ "${1:-}" = --check ]; then
    [ ${#names[@]} -eq 0 ] ||
      die "not installed: ${names[*]}; run 'make deps'"
    exit 0
  fi
  if [ ${#names[@]} -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
      die "run as root: apt-get install -y --no-install-recommends ${names[*]}"
    fi
    install_packages "${names[@]}"
  fi
  install_node
}

main "$@"
