/** A real central OVN: both databases and northd, of this test alone. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@weft/testing';

const run = promisify(execFile);
const SCHEMAS = join(__dirname, '../../../../libs/ovsdb/schemas');

export class OvnCentral {
  private readonly children = new Map<string, ChildProcess>();

  private constructor(readonly dir: string) {}

  static async start(): Promise<OvnCentral> {
    const central = new OvnCentral(await mkdtemp(join(tmpdir(), 'weft-ovn-')));
    for (const name of ['nb', 'sb']) await run('ovsdb-tool', ['create', join(central.dir, `${name}.db`), join(SCHEMAS, `ovn-${name}.ovsschema`)]);
    await central.startDatabase('nb');
    await central.startDatabase('sb');
    central.startNorthd();
    return central;
  }

  get northbound(): string {
    return `unix:${join(this.dir, 'nb.sock')}`;
  }

  get southbound(): string {
    return `unix:${join(this.dir, 'sb.sock')}`;
  }

  async startDatabase(name: 'nb' | 'sb'): Promise<void> {
    const socket = join(this.dir, `${name}.sock`);
    await rm(socket, { force: true });
    this.spawn(name, 'ovsdb-server', [join(this.dir, `${name}.db`), `--remote=punix:${socket}`, `--unixctl=${join(this.dir, `${name}.ctl`)}`, '-vconsole:off']);
    await eventually(() => existsSync(socket), { what: `the ${name} database` });
  }

  startNorthd(): void {
    this.spawn('northd', 'ovn-northd', [
      `--ovnnb-db=${this.northbound}`,
      `--ovnsb-db=${this.southbound}`,
      `--unixctl=${join(this.dir, 'northd.ctl')}`,
      '-vconsole:off',
    ]);
  }

  /** As a crash would. */
  async kill9(name: 'nb' | 'sb' | 'northd'): Promise<void> {
    const child = this.children.get(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  /** `ovn-nbctl`, to look at OVN and to meddle with it as a stranger would. */
  async nbctl(...args: string[]): Promise<string> {
    return (await run('ovn-nbctl', [`--db=${this.northbound}`, '--timeout=10', ...args])).stdout.trim();
  }

  async sbctl(...args: string[]): Promise<string> {
    return (await run('ovn-sbctl', [`--db=${this.southbound}`, '--timeout=10', ...args])).stdout.trim();
  }

  async stop(): Promise<void> {
    for (const name of ['northd', 'nb', 'sb'] as const) await this.kill9(name);
    await rm(this.dir, { recursive: true, force: true });
  }

  /** setpriv: nothing outlives a killed test run. */
  private spawn(name: string, command: string, args: readonly string[]): void {
    this.children.set(name, spawn('setpriv', ['--pdeathsig', 'KILL', command, ...args], { stdio: 'ignore' }));
  }
}
