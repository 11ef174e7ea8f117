/**
 * First in every bundle (tools/setup/bundle.js): stack traces name our .ts files and their lines.
 *
 * Node's own --enable-source-maps reads and keeps the map of every file that it loads: 12 MB and 50 ms for each service,
 * whether or not anything ever fails. Here the map is read when the first stack is looked at.
 */
(() => {
  const { readFileSync } = require('node:fs');
  const { SourceMap } = require('node:module');
  const { dirname, resolve } = require('node:path');

  let map;
  const lines = () => {
    if (map === undefined) {
      try {
        map = new SourceMap(JSON.parse(readFileSync(`${__filename}.map`, 'utf8')));
      } catch {
        // A bundle that was copied without its map: its own lines must do.
        map = null;
      }
    }
    return map;
  };

  /** A call site (https://v8.dev/docs/stack-trace-api) as V8 writes it, in the source where we know it. */
  const describe = (site) => {
    const text = String(site);
    if (site.getFileName() !== __filename) return text;
    const [line, column] = [site.getLineNumber(), site.getColumnNumber()];
    const entry = lines()?.findEntry(line - 1, column - 1);
    if (!entry?.originalSource) return text;
    const source = resolve(dirname(__filename), entry.originalSource);
    return text.replace(`${__filename}:${line}:${column}`, () => `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`);
  };

  Error.prepareStackTrace = (error, sites) => {
    let title;
    try {
      title = Error.prototype.toString.call(error);
    } catch {
      title = 'Error';
    }
    return [title, ...sites.map((site) => `    at ${describe(site)}`)].join('\n');
  };
})();
