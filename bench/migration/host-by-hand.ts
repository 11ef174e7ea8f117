/** A guest's port and QEMU on a host of the platform, made with the commands that anybody would give: beside Weft, on the same OVN. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { eventually } from '@weft/embedded';
import { QmpClient } from '@weft/qmp';
import { keyOf, namespacePrefix } from '../../tools/src/network/network-plan';

export const PORT = 'bench-by-hand';
const TAP = 'benchtap';

/** What all of the guest's QEMUs have alike. */
export interface Machine {
  /** Command line of the QEMU that it is a twin of, from behind the program's own paths. */
  line: readonly string[];
  /** Directory that `line` names. */
  lineDir: string;
  hwaddr: string;
  mtu: number;
}

export class HostByHand {
  readonly dir: string;
  private child: ChildProcess | undefined;
  private monitor: QmpClient | undefined;
  private readonly namespace: string;

  constructor(
    private readonly platformDir: string,
    readonly name: string,
    private readonly machine: Machine,
  ) {
    this.dir = join(platformDir, 'by-hand', name);
    this.namespace = `${namespacePrefix(keyOf(platformDir))}${name}`;
    mkdirSync(join(this.dir, 'log'), { recursive: true });
  }

  get consoleLog(): string {
    return join(this.dir, 'log', 'console.log');
  }

  get qmp(): QmpClient {
    if (!this.monitor) throw new Error(`no QEMU on ${this.name}`);
    return this.monitor;
  }

  /** Where other hosts reach it. */
  async address(): Promise<string> {
    const { stdout } = await execa('ip', ['-n', this.namespace, '-j', '-4', 'address', 'show', 'mgmt0']);
    return (JSON.parse(stdout) as { addr_info?: { local: string }[] }[]).flatMap(({ addr_info = [] }) => addr_info)[0]!.local;
  }

  async plug(): Promise<void> {
    await execa('ip', ['-n', this.namespace, 'tuntap', 'add', 'dev', TAP, 'mode', 'tap']);
    await execa('ip', ['-n', this.namespace, 'link', 'set', 'dev', TAP, 'mtu', String(this.machine.mtu), 'up']);
    await this.switch('add-port', 'br-int', TAP, '--', 'set', 'Interface', TAP, `external_ids:iface-id=${PORT}`);
  }

  async unplug(): Promise<void> {
    await this.switch('--if-exists', 'del-port', 'br-int', TAP);
    await execa('ip', ['-n', this.namespace, 'link', 'del', 'dev', TAP], { reject: false });
  }

  /** @param incoming waits for `migrate-incoming`; otherwise it boots */
  async launch(incoming: boolean): Promise<void> {
    for (const socket of ['control.sock', 'events.sock', 'console.sock', 'qga.sock', 'qemu.pid']) rmSync(join(this.dir, socket), { force: true });
    const { line, lineDir, hwaddr } = this.machine;
    const placed = line
      .filter((word) => word !== '-S')
      .map((word) =>
        word
          .replaceAll(lineDir, this.dir)
          .replace(/"ifname":"[^"]*"/, `"ifname":"${TAP}"`)
          .replace(/"mac":"[^"]*"/, `"mac":"${hwaddr}"`),
      );
    const words = [
      'qemu',
      `--net=/run/netns/${this.namespace}`,
      '--',
      '/var/cache/weft/qemu/bin/qemu-system-x86_64',
      ...placed,
      ...(incoming ? ['-incoming', 'defer'] : []),
    ];
    this.child = spawn('nsenter', words.slice(1), { cwd: this.dir, stdio: ['ignore', 'inherit', 'inherit'] });
    const socket = join(this.dir, 'control.sock');
    this.monitor = await eventually(async () => (existsSync(socket) ? QmpClient.connect(socket) : undefined), {
      timeoutMs: 30_000,
      intervalMs: 5,
      what: `QEMU on ${this.name}`,
    });
  }

  async quit(): Promise<void> {
    const { child, monitor } = this;
    this.child = this.monitor = undefined;
    if (!child) return;
    const gone = child.exitCode === null ? once(child, 'exit') : undefined;
    await monitor?.execute('quit').catch(() => child.kill('SIGKILL'));
    await gone;
    monitor?.close();
  }

  private switch(...command: string[]) {
    return execa('ovs-vsctl', [`--db=unix:${join(this.platformDir, 'run/ovn', this.name, 'db.sock')}`, '--timeout=20', ...command]);
  }
}
