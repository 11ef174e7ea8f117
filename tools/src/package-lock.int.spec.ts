import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Entry {
  link?: boolean;
  resolved?: string;
  optionalDependencies?: Record<string, string>;
}

const lock = readFileSync(join(__dirname, '..', '..', 'package-lock.json'), 'utf8');
const { packages } = JSON.parse(lock) as { packages: Record<string, Entry> };

/** Where Node looks for `name` from `path`, nearest first. */
const places = (path: string, name: string): string[] => {
  const levels = path.split('/node_modules/');
  return levels.map((_, index) => `${levels.slice(0, levels.length - index).join('/node_modules/')}/node_modules/${name}`).concat(`node_modules/${name}`);
};

it('names no registry, so that it works with any mirror', () => {
  expect(Object.entries(packages).filter(([, { link, resolved }]) => resolved && !link)).toEqual([]);
});

/** npm writes only the binaries that its registry has, and then refuses its own file (`npm ci`) on other machines. */
it('has the binaries of every platform', () => {
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !places(path, name).some((place) => place in packages)),
  );
  expect(missing).toEqual([]);
});
