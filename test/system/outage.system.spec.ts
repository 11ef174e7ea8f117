/**
 * Postgres, then NATS, out of reach for seconds while the client goes on: standing still (a disk or a host that hangs) and
 * dead. What is asked meanwhile is done late or refused with a sentence; afterwards all is as it was, nothing is lost, doubled
 * or left, and nobody has restarted anything but the dead one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { holds } from './holds';
import { startPlatform, type Platform, type Result } from './platform';

const AWAY_MS = 7_000;
const SERVICES = ['instance-svc', 'network-svc', 'dns-svc', 'gateway', 'agent-host1'];
/** What a refusal says in an outage: what is away, or that it is worth another try. */
const SAYS_WHY = /try again|not reachable|unavailable|does not answer|did not answer|in time/i;

interface Operation {
  id: string;
  status: string;
}

const childrenOf = (parent: number): number[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[1]) === parent ? [Number(entry)] : [];
      } catch {
        return []; // it ended meanwhile
      }
    });

describe('an outage', () => {
  let weft: Platform;
  beforeAll(async () => {
    weft = await startPlatform();
  }, 240_000);
  afterAll(() => weft?.stop(), 120_000);

  const signal = (pids: readonly number[], name: NodeJS.Signals): void => {
    for (const pid of pids) {
      try {
        process.kill(pid, name);
      } catch (error) {
        // A backend may end at any time.
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  };

  const standsStill = async (part: string): Promise<void> => {
    const pid = weft.pid(part);
    const pids = [pid, ...childrenOf(pid)];
    signal(pids, 'SIGSTOP');
    await sleep(AWAY_MS);
    signal(pids, 'SIGCONT');
  };

  /** Who would start it again stands still meanwhile. */
  const isDead = async (part: string): Promise<void> => {
    const before = weft.pid(part);
    const supervisor = [weft.pid('supervisor')];
    signal(supervisor, 'SIGSTOP');
    signal([before], 'SIGKILL');
    await sleep(AWAY_MS);
    signal(supervisor, 'SIGCONT');
    await holds(() => expect(weft.pid(part)).not.toBe(before), { timeoutMs: 30_000 });
  };

  const instances = async (): Promise<string[]> => (await weft.query<string[]>('/1.0/instances')).map((url) => url.split('/').pop()!).sort();

  async function settled(): Promise<void> {
    const running = async (): Promise<Operation[]> => {
      // The client prints nothing for an empty object.
      const operations = (await weft.query<Record<string, Operation[]> | undefined>('/1.0/operations?recursion=1')) ?? {};
      return (operations.running ?? []).concat(operations.pending ?? []);
    };
    await holds(async () => expect(await running()).toEqual([]), { timeoutMs: 90_000 });
  }

  const understood = (args: readonly string[], result: Result): void => {
    if (result.exitCode !== 0) expect({ args, ...result }).toMatchObject({ stderr: expect.stringMatching(SAYS_WHY) });
    expect({ args, ...result }).toMatchObject({ stderr: expect.not.stringMatching(/unexpected error/i) });
  };

  it.each([
    ['postgres', 'stands still', standsStill],
    ['postgres', 'is dead', isDead],
    ['nats', 'stands still', standsStill],
    ['nats', 'is dead', isDead],
  ])(
    '%s %s',
    async (part, _how, away) => {
      await weft.ok(['launch', 'tiny', 'kept']);
      await weft.ok(['launch', 'tiny', 'doomed']);
      const guest = (await weft.query<{ pid: number }>('/1.0/instances/kept/state')).pid;
      const pids = SERVICES.map((service) => weft.pid(service));
      const started = weft.lxc(['launch', 'tiny', 'before']);
      await holds(async () => expect((await weft.query<Record<string, unknown> | undefined>('/1.0/operations')) ?? {}).not.toEqual({}));

      const outage = away(part);
      const asked = [['launch', 'tiny', 'during'], ['delete', '-f', 'doomed'], ['config', 'set', 'kept', 'user.note', 'there'], ['list'], ['image', 'list']];
      const answers = await Promise.all(asked.map((args) => weft.lxc(args)));
      asked.forEach((args, index) => understood(args, answers[index]!));
      understood(['launch', 'before'], await started);
      await outage;

      await holds(() => weft.ok(['list']), { timeoutMs: 60_000 });
      await settled();
      // What was refused may be asked again, and is done once.
      await holds(async () => {
        const there = await instances();
        if (!there.includes('before')) await weft.ok(['launch', 'tiny', 'before']);
        if (!there.includes('during')) await weft.ok(['launch', 'tiny', 'during']);
        if (there.includes('doomed')) await weft.ok(['delete', '-f', 'doomed']);
        await weft.ok(['config', 'set', 'kept', 'user.note', 'there']);
        expect(await instances()).toEqual(['before', 'during', 'kept']);
      });
      for (const name of ['before', 'during']) await weft.lxc(['start', name]);
      await settled();
      for (const name of ['before', 'during', 'kept']) expect(await weft.ok(['exec', name, '--', 'echo', 'alive'])).toBe('alive\n');
      expect((await weft.ok(['config', 'get', 'kept', 'user.note'])).trim()).toBe('there');
      expect((await weft.query<{ pid: number }>('/1.0/instances/kept/state')).pid).toBe(guest);
      expect(readdirSync(join(weft.dir, 'members', 'host1', 'instances'))).toHaveLength(3);
      expect(SERVICES.map((service) => weft.pid(service))).toEqual(pids);

      await weft.ok(['delete', '-f', 'before', 'during', 'kept']);
      await settled();
      expect(await instances()).toEqual([]);
      expect(readdirSync(join(weft.dir, 'members', 'host1', 'instances'))).toEqual([]);
    },
    300_000,
  );
});
