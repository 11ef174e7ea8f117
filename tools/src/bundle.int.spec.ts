/** Stack traces of what `tools/setup/bundle.js` makes. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { scratchDir } from '@weft/testing';

const execute = promisify(execFile);
const ROOT = join(__dirname, '..', '..');

const SOURCE = `import { z } from ${JSON.stringify(join(ROOT, 'node_modules', 'zod'))};

interface Unlucky { name: string }

function fails(unlucky: Unlucky): never {
  throw new TypeError(unlucky.name);
}

try {
  fails({ name: 'no luck' });
} catch (error) {
  console.log((error as Error).stack);
}
try {
  z.string().transform((name) => fails({ name })).parse('within a library');
} catch (error) {
  console.log((error as Error).stack);
}
`;

it('names our sources with their lines, and libraries by the bundle', async () => {
  const scratch = await scratchDir();
  const source = join(scratch.path, 'unlucky.ts');
  const into = join(scratch.path, 'out');
  const app = join(into, 'app.js');
  writeFileSync(source, SOURCE);
  const make = `require(${JSON.stringify(join(ROOT, 'tools/setup/bundle.js'))}).bundle([{ main: process.argv[1], into: process.argv[2] }])`;
  await execute(process.execPath, ['-e', make, source, into]);
  const runIt = async () => (await execute(process.execPath, [join(into, 'main.js')])).stdout;

  const stdout = await runIt();
  expect(stdout).toContain(`TypeError: no luck\n    at fails (${source}:6:9)\n    at `);
  expect(stdout).toContain(`${source}:10:3`);
  expect(stdout).toContain(`(${app}:`);
  expect(stdout).not.toContain('node_modules');
  expect((JSON.parse(readFileSync(`${app}.map`, 'utf8')) as { sources: string[] }).sources).toEqual(['../unlucky.ts']);

  // Neither the map nor the compiled code is needed.
  expect(existsSync(join(into, 'app.cache'))).toBe(true);
  for (const file of ['app.js.map', 'app.cache']) rmSync(join(into, file));
  expect(await runIt()).toContain(`TypeError: no luck\n    at fails (${app}:`);
  await scratch.remove();
});
