/**
 * `main.js` of a bundle: runs `app.js` beside it with the code that V8 made of it at build time (`app.cache`). Parsing and
 * compiling 7 MB took 40% of the time that a service needs to load. Code of another version of V8 is refused by V8; then, and
 * without any, it is compiled as ever.
 *
 * With WEFT_CODE_CACHE=write, the code of all that has run is written when the process ends (tools/setup/bundle.js).
 */
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { constants, Script } = require('node:vm');

const filename = join(__dirname, 'app.js');
const cacheFile = join(__dirname, 'app.cache');

const readCache = () => {
  try {
    return readFileSync(cacheFile);
  } catch {
    return undefined;
  }
};

const script = new Script(readFileSync(filename, 'utf8'), {
  filename,
  cachedData: readCache(),
  importModuleDynamically: constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});
if (process.env.WEFT_CODE_CACHE === 'write') process.once('exit', () => writeFileSync(cacheFile, script.createCachedData()));
script.runInThisContext().call(exports, exports, require, module, filename, __dirname);
