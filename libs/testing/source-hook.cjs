/**
 * `node -r <this file> some.ts` runs TypeScript from source, as Jest does: for tests that need a process of their own
 * (to kill it). Workspace packages resolve to their sources, so no build is needed.
 */
const Module = require('node:module');
const { existsSync } = require('node:fs');
const { join, resolve } = require('node:path');
const { transformFileSync } = require('@swc/core');

const root = resolve(__dirname, '../..');

Module._extensions['.ts'] = (module, file) => {
  const { code } = transformFileSync(file, { configFile: join(root, '.swcrc'), sourceMaps: 'inline' });
  module._compile(code, file);
};

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  const [, lib, path] = /^@weft\/([^/]+)(?:\/(.+))?$/.exec(request) ?? [];
  const source = lib && join(root, 'libs', lib, 'src');
  return resolveFilename.call(this, source && existsSync(source) ? join(source, path ?? 'index') : request, ...rest);
};
