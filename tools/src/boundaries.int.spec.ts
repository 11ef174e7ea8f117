import { execFile } from 'node:child_process';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { scratchDir } from '@weft/testing';

const ROOT = join(__dirname, '..', '..');

/** Runs one of the workspace's own programs; resolves to its exit code and output. */
const run = (program: string, args: readonly string[], options: { cwd: string; input?: string }): Promise<{ code: number; stdout: string; output: string }> =>
  new Promise((resolve) => {
    const child = execFile(
      join(ROOT, 'node_modules', '.bin', program),
      args,
      { cwd: options.cwd, env: { ...process.env, NX_DAEMON: 'false' } },
      (error, stdout, stderr) => resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, output: stdout + stderr }),
    );
    child.stdin?.end(options.input);
  });

describe('ESLint with Nx tags guards the way between projects', () => {
  const lint = async (file: string, input: string): Promise<string[]> => {
    const { stdout } = await run('eslint', ['--stdin', '--stdin-filename', file, '--format', 'json'], { cwd: ROOT, input });
    const [result] = JSON.parse(stdout) as { messages: { ruleId: string; message: string }[] }[];
    return result!.messages.map(({ ruleId, message }) => `${ruleId}: ${message}`);
  };

  it('accepts a capability that uses the contracts', async () => {
    expect(await lint('libs/saga/src/probe.ts', "export { newId } from '@weft/contracts';\n")).toEqual([]);
  }, 60_000);

  it.each([
    ['contracts that use a capability', 'libs/contracts/src/probe.ts', "export * from '@weft/platform';\n", /@nx\/enforce-module-boundaries/],
    ['a library that reaches into an app', 'libs/saga/src/probe.ts', "export * from '../../../apps/gateway/src/main';\n", /@nx\/enforce-module-boundaries/],
    ['a shell string', 'libs/saga/src/probe.ts', "import { exec } from 'node:child_process';\nexec('true');\n", /array of arguments/],
    ['a clock in domain code', 'apps/instance-svc/src/domain/probe.ts', 'export const now = (): number => Date.now();\n', /time comes in with the command/],
  ])('refuses %s', async (_, file, source, message) => expect((await lint(file, source)).join('\n')).toMatch(message), 60_000);
});

describe('dependency-cruiser guards the way between folders', () => {
  const cruise = async (files: Record<string, string>): Promise<string> => {
    const scratch = await scratchDir();
    try {
      for (const config of ['.dependency-cruiser.js', 'tsconfig.base.json', 'tsconfig.depcruise.json', 'package.json'])
        await copyFile(join(ROOT, config), join(scratch.path, config));
      await symlink(join(ROOT, 'node_modules'), join(scratch.path, 'node_modules'));
      for (const [path, source] of Object.entries(files)) {
        await mkdir(dirname(join(scratch.path, path)), { recursive: true });
        await writeFile(join(scratch.path, path), source);
      }
      const { code, output } = await run('depcruise', ['apps', '--config', '.dependency-cruiser.js'], { cwd: scratch.path });
      return `${code === 0 ? 'accepted' : 'refused'}\n${output}`;
    } finally {
      await scratch.remove();
    }
  };
  const main = {
    'apps/a/src/main.ts': "import './domain/rule';\n",
    'apps/a/src/domain/rule.ts': "export { fact } from './fact';\n",
    'apps/a/src/domain/fact.ts': 'export const fact = 1;\n',
  };

  it('accepts domain code that uses itself', async () => expect(await cruise(main)).toMatch(/^accepted/), 60_000);

  it.each([
    ['IO in domain code', 'domain-is-pure', { 'apps/a/src/domain/fact.ts': "export { readFileSync as fact } from 'node:fs';\n" }],
    ['an app that imports another one', 'no-app-in-app', { 'apps/b/src/main.ts': "import '../../a/src/main';\n" }],
    [
      'a command that names an adapter',
      'only-the-module-names-adapters',
      { 'apps/a/src/commands/run.ts': "import '../adapters/disk';\n", 'apps/a/src/adapters/disk.ts': 'export const disk = 1;\n' },
    ],
    ['a circle', 'no-cycles', { 'apps/a/src/domain/fact.ts': "import './rule';\nexport const fact = 1;\n" }],
    ['a forgotten file', 'no-orphans', { 'apps/a/src/forgotten.ts': 'export const forgotten = 1;\n' }],
  ])('refuses %s', async (_, rule, files) => expect(await cruise({ ...main, ...files })).toMatch(new RegExp(`^refused[^]*${rule}`)), 60_000);
});
