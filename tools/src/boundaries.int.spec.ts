import { execFile } from 'node:child_process';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { scratchDir } from '@weft/testing';

const ROOT = join(__dirname, '..', '..');

/** Runs a program; resolves to what it says, whatever it thinks of it. */
const run = (program: string, args: readonly string[], { cwd }: { cwd: string }): Promise<{ stdout: string }> =>
  new Promise((resolve) => {
    execFile(program, args, { cwd, env: { ...process.env, NX_DAEMON: 'false' }, maxBuffer: 64 * 1024 ** 2 }, (_error, stdout) => resolve({ stdout }));
  });

describe('ESLint with Nx tags guards the way between projects', () => {
  /** Whether a file with that content would be accepted; all of them in one process, because ESLint takes seconds to load. */
  const probes = [
    ['accepts', 'a capability that uses the contracts', 'libs/saga/src/probe.ts', "export { newId } from '@weft/contracts';\n", /^$/],
    ['refuses', 'contracts that use a capability', 'libs/contracts/src/probe.ts', "export * from '@weft/platform';\n", /@nx\/enforce-module-boundaries/],
    [
      'refuses',
      'a library that reaches into an app',
      'libs/saga/src/probe.ts',
      "export * from '../../../apps/gateway/src/main';\n",
      /@nx\/enforce-module-boundaries/,
    ],
    ['refuses', 'a shell string', 'libs/saga/src/probe.ts', "import { exec } from 'node:child_process';\nexec('true');\n", /array of arguments/],
    [
      'refuses',
      'a clock in domain code',
      'apps/instance-svc/src/domain/probe.ts',
      'export const now = (): number => Date.now();\n',
      /time comes in with the command/,
    ],
  ] as const;
  const LINT = `
    const { ESLint } = require('eslint');
    const eslint = new ESLint();
    const lint = async ([filePath, source]) => (await eslint.lintText(source, { filePath }))[0].messages.map((one) => one.ruleId + ': ' + one.message).join('\\n');
    (async () => {
      const found = [];
      for (const probe of JSON.parse(process.argv[1])) found.push(await lint(probe));
      process.stdout.write('\\n' + JSON.stringify(found));
    })();`;
  let found: string[];
  beforeAll(async () => {
    const { stdout } = await run(process.execPath, ['-e', LINT, JSON.stringify(probes.map(([, , file, source]) => [file, source]))], { cwd: ROOT });
    found = JSON.parse(stdout.slice(stdout.lastIndexOf('\n'))) as string[];
  }, 180_000);

  it.each(probes.map(([verb, what, , , message], index) => [verb, what, index, message] as const))('%s %s', (_verb, _what, index, message) =>
    expect(found[index]).toMatch(message),
  );
});

describe('dependency-cruiser guards the way between folders', () => {
  /** Each case is an app of its own, called like its rule. */
  const cases: readonly (readonly [what: string, rule: string, files: Record<string, string>])[] = [
    ['IO in domain code', 'domain-is-pure', { 'domain/fact.ts': "export { readFileSync as fact } from 'node:fs';\n" }],
    ['an app that imports another one', 'no-app-in-app', { 'other.ts': "import '../../good/src/main';\n" }],
    [
      'a command that names an adapter',
      'only-the-module-names-adapters',
      { 'commands/run.ts': "import '../adapters/disk';\n", 'adapters/disk.ts': 'export const disk = 1;\n' },
    ],
    ['a circle', 'no-cycles', { 'domain/fact.ts': "import './rule';\nexport const fact = 1;\n" }],
    ['a forgotten file', 'no-orphans', { 'forgotten.ts': 'export const forgotten = 1;\n' }],
  ];
  const good = {
    'main.ts': "import './domain/rule';\n",
    'domain/rule.ts': "export { fact } from './fact';\n",
    'domain/fact.ts': 'export const fact = 1;\n',
  };
  let violations: { from: string; rule: { name: string } }[];

  beforeAll(async () => {
    const scratch = await scratchDir();
    try {
      for (const config of ['.dependency-cruiser.js', 'tsconfig.base.json', 'tsconfig.depcruise.json', 'package.json'])
        await copyFile(join(ROOT, config), join(scratch.path, config));
      await symlink(join(ROOT, 'node_modules'), join(scratch.path, 'node_modules'));
      for (const [app, files] of [['good', {}] as const, ...cases.map(([, rule, changes]) => [rule, changes] as const)]) {
        for (const [path, source] of Object.entries({ ...good, ...files })) {
          const file = join(scratch.path, 'apps', app, 'src', path);
          await mkdir(dirname(file), { recursive: true });
          await writeFile(file, source);
        }
      }
      const args = ['apps', '--config', '.dependency-cruiser.js', '--output-type', 'json'];
      const { stdout } = await run(join(ROOT, 'node_modules/.bin/depcruise'), args, { cwd: scratch.path });
      ({ violations } = (JSON.parse(stdout) as { summary: { violations: typeof violations } }).summary);
    } finally {
      await scratch.remove();
    }
  }, 120_000);

  const rulesBroken = (app: string) => violations.filter(({ from }) => from.startsWith(`apps/${app}/`)).map(({ rule }) => rule.name);

  it('accepts domain code that uses itself', () => expect(rulesBroken('good')).toEqual([]));
  it.each(cases)('refuses %s', (_, rule) => expect(rulesBroken(rule)).toContain(rule));
});
