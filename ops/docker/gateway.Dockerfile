# nginx with the built web page. Build context: the source tree.
FROM node:22-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --ignore-scripts
COPY kore-app/openapi.yaml /src/kore-app/openapi.yaml
COPY web ./
COPY ops/nginx /out/usr/share/careforall/nginx
ARG SOURCE_DATE_EPOCH=0
RUN npm run build \
 && cp -R dist /out/usr/share/careforall/web \
 && find /out -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

FROM debian:bookworm-slim
RUN --mount=type=bind,source=ops/docker/debian.sh,target=/debian.sh \
    sh /debian.sh gateway 10002 /run/gateway nginx-light libnginx-mod-http-brotli-static curl
COPY --from=web /out/ /
USER gateway
EXPOSE 8080 8443
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/usr/share/careforall/nginx/start.sh"]
ARG CAREFORALL_VERSION=unknown
ARG CAREFORALL_REVISION=unknown
LABEL org.opencontainers.image.title="CareForAll: gateway and web" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$CAREFORALL_VERSION" \
      org.opencontainers.image.revision="$CAREFORALL_REVISION"
