# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# debian13.sh - sourced: a folder with Debian 13 and its PostgreSQL 17, to run what the
# machine's own Debian 12 has no packages for. It is made once, in about two minutes and
# 0.9 GB, and kept; nothing is mounted in it.
#
# DEBIAN13_DIR (/var/cache/careforall/debian13) places it. Needs root and debootstrap,
# which is installed where it is missing.

debian13=${DEBIAN13_DIR:-/var/cache/careforall/debian13}
pg17=/usr/lib/postgresql/17/bin

# debian13_run COMMAND... - in the folder, as root, with nothing of the caller's
# environment but what stands before the command.
debian13_run() {
  env -i PATH="$pg17:/usr/sbin:/usr/bin:/sbin:/bin" HOME=/root LANG=C.UTF-8 TZ=UTC \
    DEBIAN_FRONTEND=noninteractive chroot "$debian13" "$@"
}

# debian13_as_postgres [NAME=VALUE...] COMMAND... - the same as the user postgres.
debian13_as_postgres() {
  debian13_run setpriv --reuid=postgres --regid=postgres --clear-groups env HOME=/tmp "$@"
}

# The package sources of this machine, as Debian 13 names them.
debian13_sources() {
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' |
    awk '$2 ~ /^bookworm/ { sub("bookworm", "trixie", $2); if (!seen[$0]++) print "deb", $1, $2, "main" }'
}

# debian13_prepare - makes the folder, unless it is there.
debian13_prepare() {
  local mirror new=$debian13.new
  [ ! -d "$debian13" ] || return 0
  [ "$(id -u)" -eq 0 ] || { printf 'debian13: run as root\n' >&2; return 1; }
  command -v debootstrap >/dev/null || {
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
  }
  mirror=$(debian13_sources | awk '$3 == "trixie" { print $2; exit }')
  [ -n "$mirror" ] || { printf 'debian13: apt knows no package source: run apt-get update\n' >&2; return 1; }
  printf 'making a Debian 13 with PostgreSQL 17 in %s\n' "$debian13"
  mkdir -p "$(dirname "$debian13")"
  rm -rf "$new"
  debootstrap --variant=minbase trixie "$new" "$mirror" >"$debian13.log" 2>&1 ||
    { tail -n 5 "$debian13.log" >&2; return 1; }
  debian13_sources >"$new/etc/apt/sources.list"
  printf '#!/bin/sh\nexit 101\n' >"$new/usr/sbin/policy-rc.d"
  chmod 755 "$new/usr/sbin/policy-rc.d"
  # The same user on both sides, so that a cluster can go from one to the other.
  if id postgres >/dev/null 2>&1; then
    printf 'postgres:x:%s:\n' "$(id -g postgres)" >>"$new/etc/group"
    printf 'postgres:x:%s:%s::/var/lib/postgresql:/bin/bash\n' "$(id -u postgres)" "$(id -g postgres)" >>"$new/etc/passwd"
    printf 'postgres:*:19000:0:99999:7:::\n' >>"$new/etc/shadow"
  fi
  # The development package alone: it would bring a clang that nothing here uses.
  # shellcheck disable=SC2016 # expanded by the inner shell
  (debian13=$new debian13_run sh -euc '
    apt-get update
    mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.d/none.conf
    apt-get install -y --no-install-recommends postgresql-17 postgresql-17-cron postgresql-17-pgtap \
      libtap-parser-sourcehandler-pgtap-perl gcc make libc6-dev openssl
    cd /tmp
    apt-get download postgresql-server-dev-17 libpq-dev
    for package in *.deb; do dpkg -x "$package" /; done
    rm -f ./*.deb /var/cache/apt/archives/*.deb') >>"$debian13.log" 2>&1 ||
    { tail -n 5 "$debian13.log" >&2; return 1; }
  chmod 755 "$new"
  chmod 1777 "$new/dev/shm"
  mv "$new" "$debian13"
}

# debian13_extension ROOT SOURCE - builds the extension of a source tree in SOURCE, a
# folder in the folder, and installs it there.
debian13_extension() {
  local there=$debian13$2
  rm -rf "$there"
  mkdir -p "$there/ops"
  cp -r "$1/extension" "$there/"
  cp -r "$1/ops/make" "$there/ops/"
  rm -rf "$there/extension/build" "$there/extension/careforall.so"
  debian13_run make -s -C "$2/extension" all
  debian13_run make -s -C "$2/extension" install
}

# debian13_postgresql_15 - puts the machine's own PostgreSQL 15 beside the 17, as pg_upgrade
# needs both: its programs, and in /usr/lib/postgresql/15/others the libraries that Debian 13
# has no more (for LD_LIBRARY_PATH).
debian13_postgresql_15() {
  local others=$debian13/usr/lib/postgresql/15/others library
  rm -rf "$debian13/usr/lib/postgresql/15" "$debian13/usr/share/postgresql/15"
  mkdir -p "$others"
  cp -a /usr/lib/postgresql/15/bin "$debian13/usr/lib/postgresql/15/"
  mkdir "$debian13/usr/lib/postgresql/15/lib"
  cp -a /usr/lib/postgresql/15/lib/*.so "$debian13/usr/lib/postgresql/15/lib/"
  cp -a /usr/share/postgresql/15 "$debian13/usr/share/postgresql/"
  ldd /usr/lib/postgresql/15/bin/postgres /usr/lib/postgresql/15/lib/*.so | awk '$3 ~ /^\// { print $3 }' | sort -u |
    while read -r library; do
      [ -e "$debian13/usr/lib/$(uname -m)-linux-gnu/${library##*/}" ] || cp -L "$library" "$others/"
    done
}
