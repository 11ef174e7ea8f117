/** Processes of the platform as they run in production, to be killed without warning. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@weft/testing';

const ROOT = join(__dirname, '../../../..');

/** Brings `dist` up to date; Nx has it cached unless something changed. */
export function build(): void {
  execFileSync('npx', ['nx', 'run-many', '-t', 'build'], { cwd: ROOT, stdio: 'pipe' });
}

export class Killable {
  private child: ChildProcess | undefined;

  constructor(
    private readonly app: string,
    private readonly env: Record<string, string>,
    private readonly readyFile: string,
  ) {}

  async start(): Promise<void> {
    rmSync(this.readyFile, { force: true });
    const env = { ...process.env, ...this.env, WEFT_READY_FILE: this.readyFile, WEFT_LOG_LEVEL: process.env.WEFT_TEST_LOG ?? 'fatal' };
    this.child = spawn(process.execPath, [join(ROOT, 'apps', this.app, 'dist/main.js')], { env, stdio: ['ignore', 'inherit', 'inherit'] });
    await eventually(() => existsSync(this.readyFile), { timeoutMs: 60_000, what: `${this.app} to serve` });
  }

  async kill9(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}
