/**
 * Makes one file of each app: apps/<app>/bundle/main.js, from the `dist` of the app, of our libraries and of what they use,
 * with a source map of what is ours beside it.
 *
 * A service loads more than a thousand modules; reading, resolving and compiling them one by one took most of the time that
 * a start takes.
 */
const { existsSync, readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const esbuild = require('esbuild');
const { onlySources } = require('./source-map.js');

const root = join(__dirname, '..', '..');

/** Loaded from node_modules as ever: pg and OpenTelemetry, because tracing replaces parts of pg when it is loaded; the pty and koffi are binary. */
const external = ['pg', '@opentelemetry/*', '@lydell/node-pty', 'koffi'];

/** What Nest and TypeORM can do without, and we too: a question for when it is asked. */
const absent = ['@nestjs/common', '@nestjs/core', '@nestjs/microservices', '@nestjs/platform-fastify', 'typeorm'].flatMap((library) =>
  Object.keys(require(join(root, 'node_modules', library, 'package.json')).peerDependencies ?? {}).filter(
    (name) => !existsSync(join(root, 'node_modules', name)),
  ),
);

/** For stack traces, and for modules that were ESM. */
const banner = `${readFileSync(join(__dirname, 'stack-lines.js'), 'utf8')}const importMetaUrl = require('node:url').pathToFileURL(__filename).href;`;

/** @param entryPoints `{ in, out }` as esbuild has them; `out` is relative to `outdir` and has no extension */
async function bundle(entryPoints, outdir) {
  await esbuild.build({
    entryPoints,
    outdir,
    bundle: true,
    platform: 'node',
    target: 'node20',
    keepNames: true,
    sourcemap: 'external',
    sourcesContent: false,
    external: [...external, ...absent],
    banner: { js: banner },
    define: { 'import.meta.url': 'importMetaUrl' },
    logLevel: 'error',
  });
  for (const { out } of entryPoints) {
    const file = join(outdir, `${out}.js.map`);
    const map = onlySources(JSON.parse(readFileSync(file, 'utf8')), (source) => !source.includes('node_modules/'));
    writeFileSync(file, JSON.stringify(map));
  }
}

exports.bundle = bundle;

if (require.main === module) {
  const apps = readdirSync(join(root, 'apps')).filter((app) => existsSync(join(root, 'apps', app, 'dist', 'main.js')));
  const entryPoints = apps.map((app) => ({ in: join(root, 'apps', app, 'dist', 'main.js'), out: join(app, 'bundle', 'main') }));
  bundle(entryPoints, join(root, 'apps')).catch((error) => {
    // esbuild has said what it does not understand.
    if (!error.errors) console.error(error);
    process.exit(1);
  });
}
