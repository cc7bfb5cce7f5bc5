#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Writes the gateway's configuration to standard output and the files that it
# includes into the run folder. Settings come from the environment:
#   CAREFORALL_GATEWAY_LISTEN    address:port, 127.0.0.1:8080
#   CAREFORALL_GATEWAY_API       address:port of each API process, comma list, 127.0.0.1:8081
#   CAREFORALL_GATEWAY_WEB_ROOT  folder with the built web
#   CAREFORALL_GATEWAY_RUN_DIR   folder for pid, temporary files and logs
#   CAREFORALL_GATEWAY_ACCESS_LOG  file of the access log, access.log in the run folder
#   CAREFORALL_GATEWAY_CONNECTIONS_PER_ADDRESS  512
# With a certificate the site is on https, with HTTP/2, and the address above only
# leads there:
#   CAREFORALL_GATEWAY_TLS_CERTIFICATE_FILE  the chain as PEM; empty: no TLS
#   CAREFORALL_GATEWAY_TLS_KEY_FILE          its key as PEM
#   CAREFORALL_GATEWAY_TLS_LISTEN            address:port, 127.0.0.1:8443
#   CAREFORALL_GATEWAY_PUBLIC_URL            where pages asked for without TLS are led to
#   CAREFORALL_GATEWAY_HSTS_SECONDS          63072000 (two years); 0: not sent
#   CAREFORALL_GATEWAY_ACME_ROOT             folder whose /.well-known/acme-challenge/ is
#                                            served without TLS; empty: none
# Then: nginx -c FILE -p RUN_DIR -e stderr -g 'daemon off;'
# A new certificate in the same files is taken by HUP.
set -eu

listen=${CAREFORALL_GATEWAY_LISTEN:-127.0.0.1:8080}
api=${CAREFORALL_GATEWAY_API:-127.0.0.1:8081}
connections=${CAREFORALL_GATEWAY_CONNECTIONS_PER_ADDRESS:-512}
web_root=${CAREFORALL_GATEWAY_WEB_ROOT:?is the folder with the built web}
run_dir=${CAREFORALL_GATEWAY_RUN_DIR:?is a folder that nginx may write}
access_log=${CAREFORALL_GATEWAY_ACCESS_LOG:-$run_dir/access.log}
certificate=${CAREFORALL_GATEWAY_TLS_CERTIFICATE_FILE:-}
key=${CAREFORALL_GATEWAY_TLS_KEY_FILE:-}
tls_listen=${CAREFORALL_GATEWAY_TLS_LISTEN:-127.0.0.1:8443}
public_url=${CAREFORALL_GATEWAY_PUBLIC_URL:-}
hsts_s=${CAREFORALL_GATEWAY_HSTS_SECONDS:-63072000}
acme_root=${CAREFORALL_GATEWAY_ACME_ROOT:-}
here=$(dirname "$0")

die() {
	echo "render.sh: $1" >&2
	exit 2
}

case "$listen$api$connections$web_root$run_dir$access_log$certificate$key$tls_listen$public_url$hsts_s$acme_root" in
*[!A-Za-z0-9.,:/_+@-]* | *\[* | *\]*) die "a setting holds a character that is not allowed" ;;
esac

# With one API process there is no other to turn to, so it is never given up. Of
# several, one that is silent is: they answer within 5 s, if only that it takes longer.
servers=
failures=max_fails=0
silence=30s
case $api in
*,*)
	failures="max_fails=1 fail_timeout=2s"
	silence=7s
	;;
esac
for server in $(printf '%s' "$api" | tr ',' ' '); do
	servers="$servers\\n\\t\\tserver $server $failures;"
done

# Brotli only where its module is installed.
modules=
brotli=
no_brotli=
brotli_module=/usr/lib/nginx/modules/ngx_http_brotli_static_module.so
if [ -e "$brotli_module" ]; then
	modules="load_module $brotli_module;"
	brotli="brotli_static on;"
	no_brotli="brotli_static off;"
fi

# Names this build of the site to the API, whose pages have it in their tags.
shell=$(cksum <"$web_root/index.html" | cut -d' ' -f1)

fill() {
	sed -e "s|@PLAIN_SERVER@|$plain_server|" \
		-e "s|@SITE_LISTEN@|$site_listen|" \
		-e "s|@TLS@|$tls|" \
		-e "s|@HSTS@|$hsts|" \
		-e "s|@LISTEN@|$listen|g" \
		-e "s|@CERTIFICATE@|$certificate|" \
		-e "s|@KEY@|$key|" \
		-e "s|@PUBLIC_URL@|${public_url%/}|" \
		-e "s|@ACME@|$acme|" \
		-e "s|@WEB_ROOT@|$web_root|g" \
		-e "s|@RUN_DIR@|$run_dir|g" \
		-e "s|@ACCESS_LOG@|$access_log|" \
		-e "s|@CONNECTIONS_PER_ADDRESS@|$connections|g" \
		-e "s|@MODULES@|$modules|" \
		-e "s|@BROTLI@|$brotli|" \
		-e "s|@NO_BROTLI@|$no_brotli|" \
		-e "s|@SHELL@|$shell|" \
		-e "s|@SILENCE@|$silence|" \
		-e "s|@API_SERVERS@|${servers#??}|" "$here/$1"
}

plain_server=
site_listen=$listen
tls=
hsts=
acme=
parts="proxy forward security problem statuses errors page"
if [ -n "$certificate" ]; then
	[ -n "$key" ] || die "CAREFORALL_GATEWAY_TLS_KEY_FILE is missing"
	case $public_url in
	https://?*) ;;
	*) die "CAREFORALL_GATEWAY_PUBLIC_URL must begin with https://" ;;
	esac
	[ -z "$acme_root" ] ||
		acme="location ^~ /.well-known/acme-challenge/ { root $acme_root; default_type text/plain; }"
	plain_server="include $run_dir/plain.conf;"
	site_listen="$tls_listen ssl http2"
	tls="include $run_dir/tls.conf;"
	[ "$hsts_s" = 0 ] || hsts="max-age=$hsts_s; includeSubDomains"
	parts="$parts plain tls"
fi

mkdir -p "$run_dir"
for part in $parts; do
	fill "$part.conf.in" >"$run_dir/$part.conf"
done
fill nginx.conf.in
