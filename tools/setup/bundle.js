/**
 * Makes one file of each app, from the `dist` of the app, of our libraries and of what they use. In apps/<app>/bundle:
 *
 *   main.js      what is run (bundle-main.js)       app.cache    what V8 has compiled of app.js
 *   app.js       the app                            app.js.map   where its lines come from, for what is ours
 *
 * A service loads more than a thousand modules; reading, resolving and compiling them one by one took most of the time that
 * a start takes.
 */
const { execFile } = require('node:child_process');
const { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { join, relative, resolve } = require('node:path');
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

/** What Node puts around a CommonJS module; what makes stack traces readable; what modules need that were ESM. */
const head = `(function (exports, require, module, __filename, __dirname) {${readFileSync(join(__dirname, 'stack-lines.js'), 'utf8')}const importMetaUrl = require('node:url').pathToFileURL(__filename).href;`;

/** @param places for each app, its own `main` and the directory `into` that gets the files */
async function bundle(places) {
  await esbuild.build({
    entryPoints: places.map(({ main, into }) => ({ in: main, out: relative('/', join(into, 'app')) })),
    outdir: '/',
    bundle: true,
    platform: 'node',
    target: 'node20',
    keepNames: true,
    sourcemap: 'external',
    sourcesContent: false,
    external: [...external, ...absent],
    banner: { js: head },
    footer: { js: '})' },
    define: { 'import.meta.url': 'importMetaUrl' },
    logLevel: 'error',
  });
  for (const { into } of places) {
    const file = join(into, 'app.js.map');
    // Libraries have maps, too, to sources that nobody has.
    const isOurs = (source) => !source.includes('node_modules/') && existsSync(resolve(into, source));
    const map = onlySources(JSON.parse(readFileSync(file, 'utf8')), isOurs);
    writeFileSync(file, JSON.stringify(map));
    copyFileSync(join(__dirname, 'bundle-main.js'), join(into, 'main.js'));
  }
  await Promise.all(places.map(({ into }) => compile(into)));
}

/** A service loads all it needs, refuses this environment before it does anything, and leaves what was compiled for it. */
async function compile(into) {
  rmSync(join(into, 'app.cache'), { force: true });
  const env = { PATH: process.env.PATH, WEFT_CODE_CACHE: 'write', WEFT_LOG_LEVEL: 'of a build' };
  await new Promise((resolve) => execFile(process.execPath, [join(into, 'main.js')], { env, timeout: 60_000 }, resolve));
  if (!existsSync(join(into, 'app.cache'))) console.error(`${into}: nothing was compiled; it starts slower`);
}

exports.bundle = bundle;

if (require.main === module) {
  const apps = readdirSync(join(root, 'apps')).filter((app) => existsSync(join(root, 'apps', app, 'dist', 'main.js')));
  const places = apps.map((app) => ({ main: join(root, 'apps', app, 'dist', 'main.js'), into: join(root, 'apps', app, 'bundle') }));
  bundle(places).catch((error) => {
    // esbuild has said what it does not understand.
    if (!error.errors) console.error(error);
    process.exit(1);
  });
}
