# nginx with the built web page. Build context: the source tree.
FROM node:22-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --ignore-scripts
COPY kore-app/openapi.yaml /src/kore-app/openapi.yaml
COPY web ./
RUN npm run build

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends nginx-light libnginx-mod-http-brotli-static curl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10002 --no-create-home gateway \
 && install -d -o gateway -g gateway -m 700 /run/gateway
COPY --from=web /src/web/dist /usr/share/careforall/web
COPY ops/nginx /usr/share/careforall/nginx
USER gateway
EXPOSE 8080 8443
ENTRYPOINT ["/usr/share/careforall/nginx/start.sh"]
