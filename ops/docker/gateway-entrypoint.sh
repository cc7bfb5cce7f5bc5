#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Renders the configuration, then becomes nginx. An empty certificate file is none.
set -eu
[ -s "${CAREFORALL_GATEWAY_TLS_CERTIFICATE_FILE:-}" ] ||
	unset CAREFORALL_GATEWAY_TLS_CERTIFICATE_FILE CAREFORALL_GATEWAY_TLS_KEY_FILE
sh /usr/share/careforall/nginx/render.sh >/run/gateway/nginx.conf
exec nginx -e stderr -p /run/gateway -c /run/gateway/nginx.conf -g 'daemon off;'
