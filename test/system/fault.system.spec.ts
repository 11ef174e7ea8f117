/**
 * kill -9 of each process while instances are launched and deleted. Afterwards: every operation has ended, nothing runs
 * that should not, and no process, disk, mount, port or row is left.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { holds } from './holds';
import { startPlatform, type Platform } from './platform';

interface Operation {
  id: string;
  status: string;
  status_code: number;
}

const LAUNCHES = 100;
const PARALLEL = 4;

describe('kill -9 in the middle of everything', () => {
  let weft: Platform;
  beforeAll(async () => {
    weft = await startPlatform();
  }, 240_000);
  afterAll(() => weft?.stop(), 120_000);

  const commandLines = (): string[] =>
    readdirSync('/proc')
      .filter((entry) => /^\d+$/.test(entry))
      .flatMap((pid) => {
        try {
          return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
        } catch {
          return []; // it ended meanwhile
        }
      });
  /** Container monitors and virtual machines of this platform. */
  const guests = () => commandLines().filter((line) => line.includes(weft.dir) && /^\[?lxc |lxc monitor|qemu-system/.test(line));

  async function unlessItSucceeds(work: () => Promise<unknown>): Promise<void> {
    await holds(work, { timeoutMs: 60_000 });
  }

  /** Kills the part, and waits for the supervisor to have another one in its place that serves. */
  async function kill(part: string): Promise<void> {
    const before = weft.pid(part);
    process.kill(before, 'SIGKILL');
    await holds(() => expect(weft.pid(part)).not.toBe(before), { timeoutMs: 30_000 });
    await unlessItSucceeds(() => weft.query('/1.0/instances'));
  }

  async function launchAndDelete(name: string): Promise<void> {
    await weft.lxc(['launch', 'tiny', name], { timeoutMs: 60_000 });
    await weft.lxc(['delete', '-f', name], { timeoutMs: 60_000 });
  }

  async function settled(): Promise<void> {
    await holds(
      async () => {
        // The client prints nothing for an empty object.
        const operations = (await weft.query<Record<string, Operation[]> | undefined>('/1.0/operations?recursion=1')) ?? {};
        expect((operations.running ?? []).concat(operations.pending ?? []).map(({ id }) => id)).toEqual([]);
      },
      { timeoutMs: 120_000 },
    );
  }

  /** Ports of instances that OVN has. */
  async function ports(): Promise<string[]> {
    const nb = `unix:${join(weft.dir, 'run', 'ovn', 'nb.sock')}`;
    const { stdout } = await execa('ovn-nbctl', [`--db=${nb}`, '--bare', '--columns=name', 'list', 'Logical_Switch_Port']);
    return stdout.split('\n').filter((name) => name.includes('-instance-'));
  }

  async function nothingLeft(): Promise<void> {
    await settled();
    for (const url of await weft.query<string[]>('/1.0/instances')) await unlessItSucceeds(() => weft.ok(['delete', '-f', url.split('/').pop()!]));
    await settled();
    expect(await weft.query<string[]>('/1.0/instances')).toEqual([]);
    await holds(
      async () => {
        expect(await ports()).toEqual([]);
        expect(guests()).toEqual([]);
        expect(readdirSync(join(weft.dir, 'members', 'host1', 'instances'))).toEqual([]);
        expect(
          readFileSync('/proc/mounts', 'utf8')
            .split('\n')
            .filter((line) => line.includes(`${weft.dir}/members`)),
        ).toEqual([]);
      },
      { timeoutMs: 30_000 },
    );
  }

  it(
    `${LAUNCHES} launches and deletes outlive the death of every process`,
    async () => {
      const names = Array.from({ length: LAUNCHES }, (_, index) => `f${index}`);
      let done = 0;
      const workers = Array.from({ length: PARALLEL }, async () => {
        for (let name = names.shift(); name !== undefined; name = names.shift()) {
          await launchAndDelete(name);
          done++;
        }
      });
      const victims = ['instance-svc', 'network-svc', 'agent-host1', 'gateway', 'nats', 'dns-svc', 'postgres', 'instance-svc', 'network-svc', 'agent-host1'];
      for (const [index, victim] of victims.entries()) {
        await holds(() => expect(done).toBeGreaterThanOrEqual(((index + 1) * LAUNCHES) / (victims.length + 2)), { timeoutMs: 180_000 });
        await kill(victim);
      }
      await Promise.all(workers);
      await nothingLeft();
    },
    15 * 60_000,
  );

  it(
    'guests run on when everything else is killed, and are found again',
    async () => {
      await weft.ok(['launch', 'tiny', 'survivor']);
      const before = (await weft.query<{ pid: number }>('/1.0/instances/survivor/state')).pid;
      for (const part of ['agent-host1', 'instance-svc', 'nats', 'postgres', 'gateway']) process.kill(weft.pid(part), 'SIGKILL');
      await holds(async () => expect((await weft.query<{ pid: number; status: string }>('/1.0/instances/survivor/state')).status).toBe('Running'), {
        timeoutMs: 60_000,
      });
      await holds(async () => expect((await weft.query<{ pid: number }>('/1.0/instances/survivor/state')).pid).toBe(before));
      await unlessItSucceeds(() => weft.ok(['exec', 'survivor', '--', 'true']));
      await unlessItSucceeds(() => weft.ok(['delete', '-f', 'survivor']));
      await nothingLeft();
    },
    5 * 60_000,
  );
});
