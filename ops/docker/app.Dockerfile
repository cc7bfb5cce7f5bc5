# The five programs in one image; the command chooses. Build context: the source tree.
# Node.js makes the documentation that the API serves.
FROM node:22-bookworm-slim AS build
RUN apt-get update -o APT::Update::Error-Mode=any \
 && apt-get install -y --no-install-recommends gcc libc6-dev make pkg-config kore \
    libpq-dev libcurl4-openssl-dev zlib1g-dev libhiredis-dev libjansson-dev \
    libmicrohttpd-dev libnats-dev libpango1.0-dev libsodium-dev libssl-dev
COPY kore-app/package.json kore-app/package-lock.json kore-app/.npmrc /src/kore-app/
RUN npm --prefix /src/kore-app ci --ignore-scripts
COPY extension/careforall.control /src/extension/
COPY ops/make /src/ops/make
COPY lib /src/lib
COPY relay /src/relay
COPY kore-app /src/kore-app
ARG SOURCE_DATE_EPOCH=0
RUN for part in lib relay kore-app; do make -s -j "$(nproc)" -C /src/$part all || exit 1; done \
 && for part in relay kore-app; do make -s -C /src/$part install DESTDIR=/out PREFIX=/usr || exit 1; done \
 && strip --strip-debug /out/usr/bin/* \
 && find /out -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

FROM debian:bookworm-slim
RUN --mount=type=bind,source=ops/docker/debian.sh,target=/debian.sh \
    sh /debian.sh careforall 10001 /var/lib/careforall ca-certificates curl libcurl4 zlib1g \
    libhiredis0.14 libjansson4 libmicrohttpd12 libnats3.4 libpq5 libsodium23 libssl3 \
    libpangocairo-1.0-0 fonts-dejavu-core fonts-freefont-ttf fonts-droid-fallback
COPY --from=build /out/ /
USER careforall
CMD ["careforall-api"]
ARG CAREFORALL_VERSION=unknown
ARG CAREFORALL_REVISION=unknown
LABEL org.opencontainers.image.title="CareForAll: API, relay, projector, payment worker, mock provider" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$CAREFORALL_VERSION" \
      org.opencontainers.image.revision="$CAREFORALL_REVISION"
