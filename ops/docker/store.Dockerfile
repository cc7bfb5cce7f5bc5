# Redis, NATS or Prometheus as Debian 12 has it: --build-arg PACKAGE.
FROM debian:bookworm-slim
ARG PACKAGE
RUN --mount=type=bind,source=ops/docker/debian.sh,target=/debian.sh \
    sh /debian.sh store 10003 /data "${PACKAGE}" curl
USER store
VOLUME /data
WORKDIR /data
ARG CAREFORALL_VERSION=unknown
ARG CAREFORALL_REVISION=unknown
LABEL org.opencontainers.image.title="CareForAll: ${PACKAGE} of Debian 12" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$CAREFORALL_VERSION" \
      org.opencontainers.image.revision="$CAREFORALL_REVISION"
