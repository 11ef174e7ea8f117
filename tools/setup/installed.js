/**
 * Does node_modules hold what package-lock.json says? Exit code 0 or 1. Compares the lock file with the one that npm
 * hides in node_modules, so that a lock file that is merely newer does not cost an installation.
 */
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..', '..');
const packagesOf = (path) => {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
};

const wanted = packagesOf('package-lock.json');
const present = packagesOf('node_modules/.package-lock.json');
// Optional packages (binaries of other platforms) may be missing; workspaces are links.
const isThere = ([path, entry]) =>
  !path.includes('node_modules/') || entry.link || entry.optional || entry.devOptional || entry.peer || present[path]?.version === entry.version;
process.exit(wanted && present && Object.entries(wanted).every(isThere) ? 0 : 1);
