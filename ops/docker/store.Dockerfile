# Redis, NATS or Prometheus as Debian 12 has them: --build-arg PACKAGE and PROGRAM.
FROM debian:bookworm-slim
ARG PACKAGE
RUN printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d \
 && apt-get update \
 && apt-get install -y --no-install-recommends "${PACKAGE}" curl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10003 --no-create-home store \
 && install -d -o store -g store -m 700 /data
USER store
VOLUME /data
WORKDIR /data
