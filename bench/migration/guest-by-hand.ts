/** A guest beside Weft's, with a port of its own on the same logical switch, and two ways of moving it with commands of QEMU's, OVS's and OVN's. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { eventually } from '@weft/embedded';
import { GuestAgentClient, type MigrationInfo, type QmpClient } from '@weft/qmp';
import { COUNTER } from './counter-watch';
import { type HostByHand, PORT } from './host-by-hand';
import type { Said, Way } from './way';

const MIRROR = 'mirror';
const POLL_MS = 2;
/** As Weft's (apps/instance-svc/src/domain/migration.plan.ts). */
const DOWNTIME_LIMIT_MS = 100;
const BANDWIDTH_BYTES_PER_SECOND = 10e9;
const DISK_PORT = 10_809;
const MEMORY_PORT = 10_810;
const BESIDE = ['base.qcow2', 'nvram.fd', 'seed.img'];

export type Northbound = (...command: string[]) => Promise<string>;

export class GuestByHand {
  private here: HostByHand;

  constructor(
    private readonly hosts: readonly [HostByHand, HostByHand],
    readonly address: string,
    private readonly nb: Northbound,
  ) {
    this.here = hosts[0];
  }

  private get there(): HostByHand {
    return this.here === this.hosts[0] ? this.hosts[1] : this.hosts[0];
  }

  /** Boots it from the files that lie there, and lets it count. */
  async begin(): Promise<void> {
    await this.bind(this.here);
    await this.here.plug();
    await this.here.launch(false);
    const agent = await eventually(() => GuestAgentClient.connect(join(this.here.dir, 'qga.sock')), { timeoutMs: 180_000, what: 'the guest' });
    await agent.execute('guest-exec', { path: '/bin/sh', arg: ['-c', COUNTER] });
    agent.close();
  }

  async end(): Promise<void> {
    for (const host of this.hosts) {
      await host.quit();
      await host.unplug();
    }
  }

  /** The ways `raw` (QEMU's migration with a mirrored disk) and `lxd` (what LXD 5.0 does). */
  way(name: string, move: () => Promise<Said>): Way {
    return {
      name,
      address: this.address,
      consoles: this.hosts.map(({ consoleLog }) => consoleLog),
      wake: async () => void (await this.here.qmp.execute('cont')),
      rest: async () => void (await this.here.qmp.execute('stop')),
      move,
    };
  }

  /** QEMU's pre-copy with the disk mirrored over NBD, without TLS: the port is bound to both hosts; QEMU's own RARP at the target opens it there. */
  async raw(): Promise<Said> {
    const [from, to] = [this.here, this.there];
    for (const name of BESIDE) cpSync(join(from.dir, name), join(to.dir, name));
    await this.emptyDisk(to);
    await to.plug();
    await to.launch(true);
    const host = await to.address();
    await serve(to.qmp, host);
    await this.bind(from, to);
    await mirror(from.qmp, host);
    const info = await migrate(from.qmp, to.qmp, host);
    await this.bind(to);
    await from.quit();
    await from.unplug();
    this.here = to;
    return { downtimeMs: info.downtime ?? 0, memoryMs: info['total-time'] ?? 0 };
  }

  /** Stateful stop, copy of everything, start from the state (lxd/instance/drivers/driver_qemu.go of LXD 5.0). */
  async lxd(): Promise<Said> {
    const [from, to] = [this.here, this.there];
    const stoppedAt = performance.now();
    await from.qmp.execute('stop');
    const off = (['pause-before-switchover', 'return-path'] as const).map((capability) => ({ capability, state: false }));
    await from.qmp.execute('migrate-set-capabilities', { capabilities: off });
    await from.qmp.execute('migrate', { uri: `file:${join(from.dir, 'state.bin')}` });
    await completed(from.qmp);
    await from.quit();
    await from.unplug();
    for (const name of [...BESIDE, 'disk.qcow2', 'state.bin']) await execa('cp', ['--sparse=always', join(from.dir, name), join(to.dir, name)]);
    await this.bind(to);
    await to.plug();
    await to.launch(true);
    await to.qmp.execute('migrate-incoming', { uri: `file:${join(to.dir, 'state.bin')}` });
    await eventually(async () => (await to.qmp.execute('query-status')).status !== 'inmigrate', { timeoutMs: 120_000, intervalMs: POLL_MS });
    await to.qmp.execute('cont');
    const downtimeMs = performance.now() - stoppedAt;
    for (const name of ['disk.qcow2', 'state.bin']) rmSync(join(from.dir, name));
    this.here = to;
    return { downtimeMs };
  }

  private bind(...hosts: readonly HostByHand[]): Promise<string> {
    const strategy = hosts.length > 1 ? ['activation-strategy=rarp'] : [];
    return this.nb('--wait=hv', 'lsp-set-options', PORT, `requested-chassis=${hosts.map(({ name }) => name).join(',')}`, ...strategy);
  }

  private async emptyDisk({ dir }: HostByHand): Promise<void> {
    const disk = join(dir, 'disk.qcow2');
    rmSync(disk, { force: true });
    const { stdout } = await execa('qemu-img', ['info', '-U', '--output=json', join(this.here.dir, 'disk.qcow2')]);
    const size = (JSON.parse(stdout) as { 'virtual-size': number })['virtual-size'];
    await execa('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', 'base.qcow2', disk, String(size)], { cwd: dir });
  }
}

async function serve(qmp: QmpClient, host: string): Promise<void> {
  await qmp.execute('nbd-server-start', { addr: { type: 'inet', data: { host, port: String(DISK_PORT) } } });
  await qmp.execute('block-export-add', { type: 'nbd', id: MIRROR, 'node-name': 'root', name: 'root', writable: true });
  await qmp.execute('migrate-set-capabilities', {
    capabilities: [
      { capability: 'late-block-activate', state: false },
      { capability: 'return-path', state: true },
    ],
  });
  await qmp.execute('migrate-incoming', { uri: `tcp:${host}:${MEMORY_PORT}` });
}

async function mirror(qmp: QmpClient, host: string): Promise<void> {
  const server = { type: 'inet', host, port: String(DISK_PORT) };
  await qmp.execute('blockdev-add', { driver: 'nbd', 'node-name': 'there', server, export: 'root' });
  await qmp.execute('blockdev-mirror', { 'job-id': MIRROR, device: 'root', target: 'there', sync: 'top' });
  while ((await qmp.execute('query-jobs'))[0]?.status !== 'ready') await sleep(POLL_MS);
}

async function migrate(qmp: QmpClient, target: QmpClient, host: string): Promise<MigrationInfo> {
  const on = (['pause-before-switchover', 'return-path'] as const).map((capability) => ({ capability, state: true }));
  await qmp.execute('migrate-set-capabilities', { capabilities: on });
  await qmp.execute('migrate-set-parameters', { 'max-bandwidth': BANDWIDTH_BYTES_PER_SECOND, 'downtime-limit': DOWNTIME_LIMIT_MS });
  await qmp.execute('migrate', { uri: `tcp:${host}:${MEMORY_PORT}` });
  while ((await qmp.execute('query-migrate')).status !== 'pre-switchover') await sleep(POLL_MS);
  await qmp.execute('block-job-cancel', { device: MIRROR });
  while ((await qmp.execute('query-jobs')).length > 0) await sleep(POLL_MS);
  // The guest cannot begin with a disk that somebody else writes to.
  await target.execute('nbd-server-stop');
  await qmp.execute('migrate-continue', { state: 'pre-switchover' });
  return completed(qmp);
}

async function completed(qmp: QmpClient): Promise<MigrationInfo> {
  for (;;) {
    const info = await qmp.execute('query-migrate');
    if (info.status === 'completed') return info;
    if (info.status === 'failed') throw new Error(`QEMU: ${info['error-desc']}`);
    await sleep(POLL_MS);
  }
}
