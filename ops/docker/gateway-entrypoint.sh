#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
set -eu
sh /usr/share/careforall/nginx/render.sh >/run/gateway/nginx.conf
exec nginx -e stderr -p /run/gateway -c /run/gateway/nginx.conf -g 'daemon off;'
