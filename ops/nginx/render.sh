#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Writes the gateway's configuration to standard output and the files that it
# includes into the run folder. Settings come from the environment:
#   CAREFORALL_GATEWAY_LISTEN    address:port, 127.0.0.1:8080
#   CAREFORALL_GATEWAY_API       address:port of the API, comma list, 127.0.0.1:8081
#   CAREFORALL_GATEWAY_WEB_ROOT  folder with the built web
#   CAREFORALL_GATEWAY_RUN_DIR   folder for pid, temporary files and logs
#   CAREFORALL_GATEWAY_CONNECTIONS_PER_ADDRESS  512
# Then: nginx -c FILE -p RUN_DIR -e stderr -g 'daemon off;'
set -eu

listen=${CAREFORALL_GATEWAY_LISTEN:-127.0.0.1:8080}
api=${CAREFORALL_GATEWAY_API:-127.0.0.1:8081}
connections=${CAREFORALL_GATEWAY_CONNECTIONS_PER_ADDRESS:-512}
web_root=${CAREFORALL_GATEWAY_WEB_ROOT:?is the folder with the built web}
run_dir=${CAREFORALL_GATEWAY_RUN_DIR:?is a folder that nginx may write}
here=$(dirname "$0")

case "$listen$api$connections$web_root$run_dir" in
*[!A-Za-z0-9.,:/_+@-]* | *\[* | *\]*)
	echo "render.sh: a setting holds a character that is not allowed" >&2
	exit 2
	;;
esac

servers=
for server in $(printf '%s' "$api" | tr ',' ' '); do
	servers="$servers\\n\\t\\tserver $server max_fails=0;"
done

# Brotli only where its module is installed.
modules=
brotli=
brotli_module=/usr/lib/nginx/modules/ngx_http_brotli_static_module.so
if [ -e "$brotli_module" ]; then
	modules="load_module $brotli_module;"
	brotli="brotli_static on;"
fi

fill() {
	sed -e "s|@LISTEN@|$listen|g" \
		-e "s|@WEB_ROOT@|$web_root|g" \
		-e "s|@RUN_DIR@|$run_dir|g" \
		-e "s|@CONNECTIONS_PER_ADDRESS@|$connections|g" \
		-e "s|@MODULES@|$modules|" \
		-e "s|@BROTLI@|$brotli|" \
		-e "s|@API_SERVERS@|${servers#??}|" "$here/$1"
}

mkdir -p "$run_dir"
for part in proxy security problem; do
	fill "$part.conf.in" >"$run_dir/$part.conf"
done
fill nginx.conf.in
