#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Renders the configuration (settings: see render.sh) and becomes nginx. An empty
# certificate file is none.
set -eu
[ -s "${CAREFORALL_GATEWAY_TLS_CERTIFICATE_FILE:-}" ] ||
	unset CAREFORALL_GATEWAY_TLS_CERTIFICATE_FILE CAREFORALL_GATEWAY_TLS_KEY_FILE
run_dir=${CAREFORALL_GATEWAY_RUN_DIR:?is a folder that nginx may write}
sh "$(dirname "$0")/render.sh" >"$run_dir/nginx.conf"
exec nginx -e stderr -p "$run_dir" -c "$run_dir/nginx.conf" -g 'daemon off;'
