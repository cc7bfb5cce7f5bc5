# Redis, NATS or Prometheus as Debian 12 has it: --build-arg PACKAGE. Of Prometheus
# without its tool and the tables of time zones, which are two thirds of it.
FROM debian:bookworm-slim
ARG PACKAGE
RUN --mount=type=bind,source=ops/docker/debian.sh,target=/debian.sh \
    DROP="/usr/bin/promtool /usr/share/javascript/moment-timezone/data" \
    sh /debian.sh store 10003 /data "${PACKAGE}" curl
USER store
WORKDIR /data
ARG CAREFORALL_VERSION=unknown
ARG CAREFORALL_REVISION=unknown
LABEL org.opencontainers.image.title="CareForAll: ${PACKAGE} of Debian 12" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$CAREFORALL_VERSION" \
      org.opencontainers.image.revision="$CAREFORALL_REVISION"
