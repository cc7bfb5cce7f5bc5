# PostgreSQL 15 with the extension. Build context: the source tree.
FROM debian:bookworm-slim AS build
RUN apt-get update -o APT::Update::Error-Mode=any \
 && apt-get install -y --no-install-recommends gcc libc6-dev make postgresql-server-dev-15
COPY ops/make /src/ops/make
COPY extension /src/extension
COPY sql /out/usr/share/careforall/sql
COPY ops/docker/postgres-entrypoint.sh ops/docker/schema.sh /out/usr/local/bin/
ARG SOURCE_DATE_EPOCH=0
RUN make -s -C /src/extension all \
 && make -s -C /src/extension install DESTDIR=/out \
 && find /out -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

# No JIT: what it needs would be a third of the image. No key that all images share.
FROM debian:bookworm-slim
RUN --mount=type=bind,source=ops/docker/debian.sh,target=/debian.sh \
    mkdir -p /etc/postgresql-common/createcluster.d \
 && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.d/careforall.conf \
 && DROP="/usr/lib/*/libLLVM-* /usr/lib/llvm-* /usr/lib/*/libz3.so* /usr/lib/postgresql/15/lib/bitcode /usr/lib/postgresql/15/lib/llvmjit* /etc/ssl/*/ssl-cert-snakeoil.*" \
    sh /debian.sh postgres 10004 /var/lib/careforall postgresql-15 postgresql-15-cron \
 && touch -r /etc/debian_version /etc/postgresql-common/createcluster.d/careforall.conf \
    /etc/postgresql-common/createcluster.d
COPY --from=build /out/ /
# psql in the container needs no arguments.
ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/careforall/pg \
    PGHOST=/tmp PGUSER=postgres PGDATABASE=careforall
USER postgres
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["postgres-entrypoint.sh"]
ARG CAREFORALL_VERSION=unknown
ARG CAREFORALL_REVISION=unknown
LABEL org.opencontainers.image.title="CareForAll: PostgreSQL 15 with the extension and the schema" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$CAREFORALL_VERSION" \
      org.opencontainers.image.revision="$CAREFORALL_REVISION"
