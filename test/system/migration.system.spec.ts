/**
 * `lxc move --target` on three members, with a guest that counts while it moves: in its memory and on its disk. Then the
 * same with a part of the platform killed at a boundary between phases.
 *
 * WEFT_MOVE_MATRIX=all tries every victim at every boundary (some minutes); otherwise a few of them are tried.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { holds } from './holds';
import { startPlatform, type Platform } from './platform';

interface Instance {
  name: string;
  status: string;
  location: string;
  config: Record<string, string>;
}

const BOOT_MS = 180_000;
const MOVE_MS = 120_000;
const COUNTER = 'n=0; while :; do n=$((n+1)); echo $n >/run/count; echo $n >/root/count; done';

/** What the files beside the instance say of how far a move has come. */
const BOUNDARIES = {
  prepared: { role: 'target', phase: undefined },
  disk: { role: 'source', phase: 'disk' },
  memory: { role: 'source', phase: 'memory' },
  'handed-over': { role: 'source', phase: 'handed-over' },
} as const;
type Boundary = keyof typeof BOUNDARIES;
const VICTIMS = ['source agent', 'target agent', 'instance-svc', 'source QEMU', 'target QEMU'] as const;
type Victim = (typeof VICTIMS)[number];

const EVERY = (Object.keys(BOUNDARIES) as Boundary[]).flatMap((at) => VICTIMS.map((victim): [Victim, Boundary] => [victim, at]));
const FEW: [Victim, Boundary][] = [
  ['source agent', 'memory'],
  ['target QEMU', 'memory'],
];
const MATRIX = process.env.WEFT_MOVE_MATRIX === 'all' ? EVERY : FEW;

describe('moves between members', () => {
  let weft: Platform;
  beforeAll(async () => {
    weft = await startPlatform({ members: 3 });
  }, 300_000);
  afterAll(() => weft?.stop(), 120_000);

  const instance = (name: string) => weft.query<Instance>(`/1.0/instances/${name}`);
  const place = async (name: string) => {
    const { status, location } = await instance(name);
    return `${status} ${location}`;
  };
  const idsOn = (member: string) => readdirSync(join(weft.dir, 'members', member, 'instances'));
  const move = (name: string, target: string, ...more: string[]) => weft.ok(['move', name, '--target', target, ...more], { timeoutMs: MOVE_MS });
  const inside = (name: string, ...command: string[]) => weft.ok(['exec', name, '--', ...command]);
  /** Nothing of it is anywhere else. */
  const onlyOn = (member: string, others: readonly string[]) =>
    holds(() => {
      for (const other of others) expect(idsOn(other)).toEqual([]);
      expect(idsOn(member)).toHaveLength(1);
    });

  describe('a container', () => {
    it('moves while it runs, with what it has written, and comes back', async () => {
      await weft.ok(['launch', 'tiny', 'c1', '--target', 'host1']);
      await inside('c1', 'sh', '-c', 'echo kept > /root/note; rm /etc/motd 2>/dev/null; touch /root/later');
      await weft.ok(['snapshot', 'c1', 's0']);
      await move('c1', 'host2');
      expect(await place('c1')).toBe('Running host2');
      expect(await inside('c1', 'cat', '/root/note')).toBe('kept\n');
      await onlyOn('host2', ['host1', 'host3']);
      await weft.ok(['restore', 'c1', 's0']);
      expect(await inside('c1', 'cat', '/root/note')).toBe('kept\n');
    }, 180_000);

    it('moves when it is stopped, and gets another name on the way', async () => {
      await weft.ok(['stop', '-f', 'c1']);
      await weft.ok(['move', 'c1', 'c2', '--target', 'host3']);
      expect(await place('c2')).toBe('Stopped host3');
      await onlyOn('host3', ['host1', 'host2']);
      await weft.ok(['start', 'c2']);
      expect(await inside('c2', 'cat', '/root/note')).toBe('kept\n');
    }, 120_000);

    it('is refused where it cannot go, and stays as it is', async () => {
      expect(await weft.refused(['move', 'c2', '--target', 'nowhere'])).toContain('Member nowhere not found');
      expect(await weft.refused(['move', 'c2', '--target', 'host3'])).toContain('on member host3 already');
      await weft.ok(['pause', 'c2']);
      expect(await weft.refused(['move', 'c2', '--target', 'host1'])).toContain('unfreeze it first');
      await weft.ok(['start', 'c2']);
      expect(await weft.refused(['move', 'c2', '-x', '--target', 'host1'])).not.toBe('');
      expect(await place('c2')).toBe('Running host3');
      await weft.ok(['delete', '-f', 'c2']);
    }, 60_000);
  });

  describe('a virtual machine', () => {
    let id: string;
    let here = 'host1';
    const other = () => (here === 'host1' ? 'host2' : 'host1');
    const count = async (file = '/run/count') => Number(await inside('v1', 'cat', file));
    const fileOf = (member: string, name: string) => join(weft.dir, 'members', member, 'instances', id, name);

    /** Processes of QEMU, not the shells that wait for them. */
    const qemu = (member: string): number[] =>
      readdirSync('/proc')
        .filter((entry) => /^\d+$/.test(entry))
        .filter((pid) => {
          try {
            const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
            return words.includes('-pidfile') && words.includes(fileOf(member, 'qemu.pid')) && !words.includes('weft-vm');
          } catch {
            return false; // it ended meanwhile
          }
        })
        .map(Number);

    /** It counts on, in its memory and on its disk, from where it was. */
    async function countsOn(from: number): Promise<void> {
      await holds(async () => expect(await count()).toBeGreaterThan(from), { timeoutMs: 60_000 });
      const now = await count();
      await holds(async () => expect(await count('/root/count')).toBeGreaterThan(now), { timeoutMs: 60_000 });
    }

    it(
      'moves while it counts, and back',
      async () => {
        await weft.ok(['launch', 'tiny-vm', 'v1', '--vm', '--target', here, '-c', 'limits.memory=256MiB', '-c', 'migration.stateful=true']);
        id = idsOn(here)[0] ?? '';
        await holds(() => inside('v1', 'true'), { timeoutMs: BOOT_MS });
        await inside('v1', 'sh', '-c', `(${COUNTER}) >/dev/null 2>&1 </dev/null &`);
        for (const target of ['host2', 'host1']) {
          const before = await count();
          const plan = await weft.query<{ mode: string; blockers: string[] }>('/1.0/instances/v1/migration-plan', { method: 'POST', data: { target } });
          expect(plan).toMatchObject({ mode: 'live', blockers: [] });
          await move('v1', target);
          expect(await place('v1')).toBe(`Running ${target}`);
          await countsOn(before);
          await onlyOn(
            target,
            ['host1', 'host2', 'host3'].filter((name) => name !== target),
          );
          here = target;
        }
      },
      BOOT_MS + 2 * MOVE_MS,
    );

    it(
      'is refused without migration.stateful, and takes a saved state along when it is stopped',
      async () => {
        await weft.ok(['config', 'set', 'v1', 'migration.stateful=false']);
        expect(await weft.refused(['move', 'v1', '--target', other()])).toContain('migration.stateful');
        await weft.ok(['config', 'set', 'v1', 'migration.stateful=true']);
        const before = await count();
        await weft.ok(['stop', 'v1', '--stateful']);
        await move('v1', other());
        here = other();
        await weft.ok(['start', 'v1']);
        expect(await place('v1')).toBe(`Running ${here}`);
        await countsOn(before);
      },
      2 * MOVE_MS,
    );

    const pidOf = (victim: Victim, source: string, target: string): number | undefined => {
      switch (victim) {
        case 'source agent':
          return weft.pid(`agent-${source}`);
        case 'target agent':
          return weft.pid(`agent-${target}`);
        case 'instance-svc':
          return weft.pid('instance-svc');
        case 'source QEMU':
          return qemu(source)[0];
        case 'target QEMU':
          return qemu(target)[0];
      }
    };

    const reached = (at: Boundary, source: string, target: string): boolean => {
      const { role, phase } = BOUNDARIES[at];
      const file = fileOf(role === 'source' ? source : target, 'migration.json');
      if (!existsSync(file)) return false;
      const record = JSON.parse(readFileSync(file, 'utf8')) as { role: string; phase?: string; endpoint?: unknown };
      return record.role === role && (role === 'target' ? record.endpoint !== undefined : record.phase === phase);
    };

    /** Looks without a pause in between; a move that ends before it is seen has passed the boundary too quickly to be hit. */
    async function killAt(victim: Victim, at: Boundary, source: string, target: string, isOver: () => boolean): Promise<boolean> {
      while (!isOver()) {
        const pid = reached(at, source, target) ? pidOf(victim, source, target) : undefined;
        if (pid !== undefined) {
          process.kill(pid, 'SIGKILL');
          return true;
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      return false;
    }

    const operationsUnderWay = async () => (await weft.query<Record<string, unknown>>('/1.0/operations')).running ?? [];

    it.each(MATRIX)(
      'runs once, with all that it has, when the %s is killed at "%s", and moves again',
      async (victim, at) => {
        const [source, target] = [here, other()];
        const before = await count();
        let over = false;
        const moved = weft.lxc(['move', 'v1', '--target', target], { timeoutMs: MOVE_MS }).finally(() => (over = true));
        const hit = await killAt(victim, at, source, target, () => over);
        await moved;
        await holds(async () => expect(await operationsUnderWay()).toEqual([]), { timeoutMs: MOVE_MS });
        here = (await instance('v1')).location;
        const elsewhere = ['host1', 'host2', 'host3'].filter((name) => name !== here);
        await holds(
          async () => {
            expect([source, target]).toContain(here);
            for (const member of elsewhere) expect([idsOn(member), qemu(member)]).toEqual([[], []]);
            expect(qemu(here).length).toBeLessThanOrEqual(1);
            expect((await instance('v1')).status).toBe(qemu(here).length === 1 ? 'Running' : 'Stopped');
          },
          { timeoutMs: 60_000 },
        );
        // A guest dies with its own QEMU only: the source's until its memory is elsewhere, the target's from then on.
        const mayEnd = hit && (victim === 'source QEMU' || (victim === 'target QEMU' && at === 'handed-over'));
        if ((await instance('v1')).status === 'Running') await countsOn(before);
        else expect(mayEnd).toBe(true);
        if (mayEnd && (await instance('v1')).status !== 'Running') await startAgain();
        await move('v1', other());
        here = other();
        await countsOn(0);
        process.stdout.write(`crash matrix: ${victim} at ${at}: ${hit ? 'killed' : 'too quick to be hit'}, sound\n`);
      },
      4 * MOVE_MS + BOOT_MS,
    );

    async function startAgain(): Promise<void> {
      await weft.ok(['start', 'v1']);
      await holds(() => inside('v1', 'true'), { timeoutMs: BOOT_MS });
      await inside('v1', 'sh', '-c', `(${COUNTER}) >/dev/null 2>&1 </dev/null &`);
    }
  });
});
