# The five programs in one image; the command chooses. Build context: the source tree.
# Node.js makes the documentation that the API serves.
FROM node:22-bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev make pkg-config kore \
    postgresql-server-dev-15 libpq-dev libcurl4-openssl-dev zlib1g-dev libhiredis-dev \
    libjansson-dev libmicrohttpd-dev libnats-dev libsodium-dev libssl-dev \
 && rm -rf /var/lib/apt/lists/*
COPY extension/careforall.control /src/extension/
COPY ops/make /src/ops/make
COPY docs /src/docs
COPY lib /src/lib
COPY relay /src/relay
COPY kore-app /src/kore-app
RUN for part in lib relay kore-app; do make -s -C /src/$part all || exit 1; done \
 && for part in relay kore-app; do make -s -C /src/$part install DESTDIR=/out PREFIX=/usr || exit 1; done

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl libcurl4 zlib1g libhiredis0.14 \
    libjansson4 libmicrohttpd12 libnats3.4 libpq5 libsodium23 libssl3 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --no-create-home careforall \
 && install -d -o careforall -g careforall -m 700 /var/lib/careforall
COPY --from=build /out/ /
USER careforall
CMD ["careforall-api"]
