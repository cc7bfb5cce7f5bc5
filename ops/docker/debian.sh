#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# debian.sh USER UID FOLDER PACKAGE... - the Debian part of an image: a user with a
# private folder, and packages. Deletes the paths in DROP. What it writes holds no
# time of day, so that two builds of one source differ as little as Debian allows.
set -eu

user=$1 id=$2 folder=$3
shift 3
SOURCE_DATE_EPOCH=$(stat -c %Y /etc/debian_version)
export SOURCE_DATE_EPOCH DEBIAN_FRONTEND=noninteractive
begun=$(mktemp)

groupadd --system --gid "$id" "$user"
useradd --system --uid "$id" --gid "$id" --no-create-home --home-dir "$folder" "$user"
apt-get update -qq -o APT::Update::Error-Mode=any
apt-get install -y -qq --no-install-recommends "$@"
install -d -o "$user" -g "$user" -m 700 "$folder"

# shellcheck disable=SC2086 # a list of patterns
rm -rf ${DROP:-} /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb \
  /var/cache/debconf/*-old /var/cache/fontconfig/* /var/cache/ldconfig/aux-cache /var/lib/dpkg/*-old /etc/*- \
  /var/log/apt /var/log/*.log
find / -xdev -newer "$begun" ! -path "$begun" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
rm "$begun"
touch -d "@$SOURCE_DATE_EPOCH" /tmp
