#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Writes the configuration of a NATS server for CareForAll to standard output.
# Settings come from the environment:
#   NATS_LISTEN, NATS_MONITOR    address:port for clients, and for health and figures
#   NATS_STORE                   folder of JetStream
#   NATS_PASSWORD_RELAY, _PROJECTOR, _PAYMENTS    of the log-ins relay, projector, payments
#   NATS_PASSWORD_WATCHER        of the log-in watcher, which may read; none without it
#   NATS_TLS_CERT, NATS_TLS_KEY  PEM files; without them nothing is encrypted
#   NATS_TLS_CA                  clients need a certificate signed by one of this file
# For one of several servers:
#   NATS_NAME                    unlike those of the others, careforall
#   NATS_CLUSTER_LISTEN          address:port for the others; empty: there are none
#   NATS_CLUSTER_ROUTES          address:port of each server, a comma list
#   NATS_CLUSTER_PASSWORD        the same for all
set -eu

cat <<CONF
server_name: "${NATS_NAME:-careforall}"
listen: "${NATS_LISTEN:?}"
http: "${NATS_MONITOR:?}"
max_payload: 1MB
jetstream: { store_dir: "${NATS_STORE:?}", max_mem: 64MB, max_file: 8GB }
CONF
[ -z "${NATS_TLS_CERT:-}" ] || cat <<CONF
tls: { cert_file: "$NATS_TLS_CERT", key_file: "${NATS_TLS_KEY:?}"
  ${NATS_TLS_CA:+ca_file: "$NATS_TLS_CA", verify: true} }
CONF
cat <<CONF
# Only the relay may put events on the stream; the others ask JetStream for what
# they need and no more.
authorization: { users: [
  { user: relay, password: "${NATS_PASSWORD_RELAY:?}" }
  { user: projector, password: "${NATS_PASSWORD_PROJECTOR:?}", permissions: {
    publish: ["\$JS.API.STREAM.INFO.CAREFORALL", "\$JS.API.STREAM.MSG.GET.CAREFORALL",
      "\$JS.API.CONSUMER.CREATE.CAREFORALL", "\$JS.FC.>"]
    subscribe: ["_INBOX.>"] } }
  { user: payments, password: "${NATS_PASSWORD_PAYMENTS:?}", permissions: {
    publish: ["\$JS.API.CONSUMER.DURABLE.CREATE.CAREFORALL.*",
      "\$JS.API.CONSUMER.INFO.CAREFORALL.*", "\$JS.API.CONSUMER.DELETE.CAREFORALL.*",
      "\$JS.API.STREAM.MSG.GET.CAREFORALL", "\$JS.ACK.CAREFORALL.>"]
    subscribe: ["_INBOX.>", "_DELIVER.>"] } }
CONF
[ -z "${NATS_PASSWORD_WATCHER:-}" ] || cat <<CONF
  { user: watcher, password: "$NATS_PASSWORD_WATCHER", permissions: {
    publish: ["\$JS.API.>", "\$JS.ACK.>"], subscribe: ["_INBOX.>"] } }
CONF
printf '] }\n'
[ -n "${NATS_CLUSTER_LISTEN:-}" ] || exit 0
cat <<CONF
cluster: { name: careforall, listen: "$NATS_CLUSTER_LISTEN"
  authorization: { user: route, password: "${NATS_CLUSTER_PASSWORD:?}", timeout: 2 }
  routes: [
CONF
for route in $(printf '%s' "${NATS_CLUSTER_ROUTES:?}" | tr ',' ' '); do
	printf '    "nats://route:%s@%s"\n' "$NATS_CLUSTER_PASSWORD" "$route"
done
printf '] }\n'
