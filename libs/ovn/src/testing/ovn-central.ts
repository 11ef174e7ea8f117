import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { run, TestServer, until } from '@weft/ovsdb/testing/ovsdb-server';

/** A real northbound and southbound database with ovn-northd between them, in a directory of their own. They die with the test. */
export class OvnCentral {
  private northd: ChildProcess | undefined;

  private constructor(
    private readonly dir: string,
    readonly northbound: TestServer,
    readonly southbound: TestServer,
  ) {}

  static async start(): Promise<OvnCentral> {
    const dir = await mkdtemp(join(tmpdir(), 'weft-ovn-'));
    const [northbound, southbound] = await Promise.all([TestServer.create('ovn-nb.ovsschema'), TestServer.create('ovn-sb.ovsschema')]);
    const central = new OvnCentral(dir, northbound, southbound);
    await central.startNorthd();
    return central;
  }

  async startNorthd(): Promise<void> {
    const { northbound, southbound, dir } = this;
    const options = [`--ovnnb-db=${northbound.endpoint}`, `--ovnsb-db=${southbound.endpoint}`, `--unixctl=${join(dir, 'northd.ctl')}`, '-vconsole:off'];
    this.northd = spawn('setpriv', ['--pdeathsig', 'KILL', 'ovn-northd', ...options], { stdio: 'ignore', env: { ...process.env, OVN_RUNDIR: dir } });
    await until(async () => (await this.nbctl('get', 'NB_Global', '.', 'name').catch(() => undefined)) !== undefined, 'ovn-northd has begun');
  }

  async killNorthd(): Promise<void> {
    const { northd } = this;
    this.northd = undefined;
    if (!northd || northd.exitCode !== null) return;
    const exit = once(northd, 'exit');
    northd.kill('SIGKILL');
    await exit;
  }

  /** What somebody else does to the northbound database. */
  async nbctl(...command: string[]): Promise<string> {
    return (await run('ovn-nbctl', [`--db=${this.northbound.endpoint}`, '--timeout=20', ...command])).stdout.trim();
  }

  async sbctl(...command: string[]): Promise<string> {
    return (await run('ovn-sbctl', [`--db=${this.southbound.endpoint}`, '--timeout=20', ...command])).stdout.trim();
  }

  /** What OVN would do with a packet (ovn-trace(8)): the outputs and drops, in words. */
  async trace(datapath: string, microflow: string, ...options: string[]): Promise<string> {
    const command = [`--db=${this.southbound.endpoint}`, '--minimal', ...options, datapath, microflow];
    return (await run('ovn-trace', command)).stdout.trim();
  }

  async stop(): Promise<void> {
    await this.killNorthd();
    await Promise.all([this.northbound.stop(), this.southbound.stop()]);
    await rm(this.dir, { recursive: true, force: true });
  }
}
