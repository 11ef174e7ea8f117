/**
 * Makes one file of each app: apps/<app>/bundle/main.js, from the `dist` of the app, of our libraries and of what they use.
 *
 * A service loads more than a thousand modules; reading, resolving and compiling them one by one took most of the time that
 * a start takes. Names are kept, so that stack traces are readable without source maps (whose parsing would cost again).
 */
const { existsSync, readdirSync } = require('node:fs');
const { join } = require('node:path');
const esbuild = require('esbuild');

const root = join(__dirname, '..', '..');

/** Loaded from node_modules as ever: pg and OpenTelemetry, because tracing replaces parts of pg when it is loaded; the pty and koffi are binary. */
const external = ['pg', '@opentelemetry/*', '@lydell/node-pty', 'koffi'];

/** What Nest and TypeORM can do without, and we too: a question for when it is asked. */
const absent = ['@nestjs/common', '@nestjs/core', '@nestjs/microservices', '@nestjs/platform-fastify', 'typeorm'].flatMap((library) =>
  Object.keys(require(join(root, 'node_modules', library, 'package.json')).peerDependencies ?? {}).filter(
    (name) => !existsSync(join(root, 'node_modules', name)),
  ),
);

const apps = readdirSync(join(root, 'apps')).filter((app) => existsSync(join(root, 'apps', app, 'dist', 'main.js')));

esbuild
  .build({
    entryPoints: apps.map((app) => ({ in: join(root, 'apps', app, 'dist', 'main.js'), out: join(app, 'bundle', 'main') })),
    outdir: join(root, 'apps'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    keepNames: true,
    external: [...external, ...absent],
    // For modules that were ESM.
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
    define: { 'import.meta.url': 'importMetaUrl' },
    logLevel: 'error',
  })
  .catch(() => process.exit(1));
