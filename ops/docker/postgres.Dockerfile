# PostgreSQL 15 with the extension. Build context: the source tree.
FROM debian:bookworm-slim AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev make postgresql-server-dev-15 \
 && rm -rf /var/lib/apt/lists/*
COPY ops/make /src/ops/make
COPY extension /src/extension
RUN make -s -C /src/extension all && make -s -C /src/extension install DESTDIR=/out

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-common \
 && mkdir -p /etc/postgresql-common/createcluster.d \
 && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.d/careforall.conf \
 && apt-get install -y --no-install-recommends postgresql-15 postgresql-15-cron \
 && rm -rf /var/lib/apt/lists/* \
 && install -d -o postgres -g postgres -m 700 /var/lib/careforall
COPY --from=build /out/ /
COPY sql /usr/share/careforall/sql
COPY ops/docker/postgres-entrypoint.sh ops/docker/schema.sh /usr/local/bin/
ENV PATH=/usr/lib/postgresql/15/bin:$PATH PGDATA=/var/lib/careforall/pg
USER postgres
VOLUME /var/lib/careforall
EXPOSE 5432
STOPSIGNAL SIGINT
ENTRYPOINT ["postgres-entrypoint.sh"]
