#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# fresh-machine.sh [--dir DIR] [--user] COMMAND... - runs COMMAND in a fresh clone of
# the committed source on a Debian 12 that has nothing but git and make: a debootstrap
# folder with its own mounts, processes and host name, on this machine's network.
#
#   fresh-machine.sh 'FOLLOW=no make run && make stop'
#   fresh-machine.sh --user make check     as a plain user with sudo
#
# Needs root and debootstrap. DIR (/var/tmp/careforall-fresh) is made new each time
# from a base that is kept beside it as DIR.base.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
dir=/var/tmp/careforall-fresh user=root
while [ $# -gt 0 ]; do
  case $1 in
    --dir) dir=$2; shift 2 ;;
    --user) user=dev; shift ;;
    *) break ;;
  esac
done
[ $# -gt 0 ] || { sed -n '4,14s/^# \{0,1\}//p' "$0"; exit 2; }
command -v debootstrap >/dev/null || { printf 'install the package debootstrap\n' >&2; exit 1; }

# The package sources of this machine, whatever they are.
# shellcheck disable=SC2016 # apt's own variables
suites() {
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    awk '$2 ~ /^bookworm/ && !seen[$0]++ { print "deb", $1, $2, "main" }'
}

# enter COMMAND - runs it in the folder, in mount, process and host name spaces that
# end with it, so that nothing is left running.
enter() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount --pid --fork --uts --kill-child sh -c '
    mount -t proc proc "$1/proc"; mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
    mount -t devpts devpts "$1/dev/pts" 2>/dev/null
    hostname fresh
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      HOME=/root TERM=dumb LANG=C.UTF-8 CI=true \
      NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt chroot "$1" sh -c "$2"' sh "$dir" "$1"
}

make_base() {
  local mirror
  mirror=$(suites | awk '$3 == "bookworm" { print $2; exit }')
  rm -rf "$dir.new"
  debootstrap --variant=minbase bookworm "$dir.new" "$mirror" >"$dir.log" 2>&1 ||
    { tail -n 5 "$dir.log" >&2; exit 1; }
  suites >"$dir.new/etc/apt/sources.list"
  # What this machine trusts beyond Debian's own list.
  mkdir -p "$dir.new/usr/local/share/ca-certificates"
  find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$dir.new/usr/local/share/ca-certificates/" \;
  mv "$dir.new" "$dir.base"
}

[ -d "$dir.base" ] || make_base
rm -rf "$dir"
cp -a "$dir.base" "$dir"
cp /etc/resolv.conf "$dir/etc/resolv.conf"
printf '127.0.0.1 localhost fresh\n' >"$dir/etc/hosts"
git -C "$root" bundle create "$dir/source.bundle" HEAD >/dev/null 2>&1
home=/root
enter 'apt-get update -qq && apt-get install -y -qq --no-install-recommends git make ca-certificates >/dev/null'
if [ "$user" != root ]; then
  home=/home/dev
  # shellcheck disable=SC2016
  enter 'apt-get install -y -qq --no-install-recommends sudo >/dev/null && useradd -m -s /bin/bash dev &&
    echo "dev ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/dev'
fi
enter "su $user -s /bin/sh -c 'cd $home && git -c advice.detachedHead=false clone -q /source.bundle careforall && cd careforall && $*'"
