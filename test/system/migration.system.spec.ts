/**
 * `lxc move --target` on three members, with a guest that counts while it moves: in its memory, on its disk, and to another guest.
 *
 * WEFT_MOVES (4) says how often in a row. What dies in the middle is in move-crash.system.spec.ts.
 */
import { holds } from './holds';
import { BOOT_MS, countedIn, MEMBERS, MOVE_MS, movingGuest } from './moving-guest';
import { networkWorld } from './network-world';
import { PingWatch } from './ping-watch';
import { startPlatform, type Platform } from './platform';

const MOVES = Number(process.env.WEFT_MOVES ?? 4);
const PING_MS = 50;
const CONTAINERS_MS = 180_000;
const PORT = 7_000;
const HEARD = '/root/heard';

describe('moves between members', () => {
  let weft: Platform;
  beforeAll(async () => {
    weft = await startPlatform({ members: 3 });
  }, 300_000);
  afterAll(() => weft?.stop(), 120_000);

  const guest = movingGuest(() => weft);
  const world = networkWorld(() => weft);
  const place = async (name: string) => {
    const { status, location } = await weft.query<{ status: string; location: string }>(`/1.0/instances/${name}`);
    return `${status} ${location}`;
  };
  const move = (name: string, target: string, ...more: string[]) => weft.ok(['move', name, '--target', target, ...more], { timeoutMs: MOVE_MS });
  const inside = (name: string, ...command: string[]) => weft.ok(['exec', name, '--', ...command]);
  /** Nothing of it is anywhere else. */
  const onlyOn = (member: string, others: readonly string[]) =>
    holds(() => {
      for (const other of others) expect(guest.idsOn(other)).toEqual([]);
      expect(guest.idsOn(member)).toHaveLength(1);
    });

  describe('a container', () => {
    it(
      'moves while it runs, with what it has written, and comes back',
      async () => {
        await weft.ok(['launch', 'tiny', 'c1', '--target', 'host1']);
        await inside('c1', 'sh', '-c', 'echo kept > /root/note; rm /etc/motd 2>/dev/null; touch /root/later');
        await weft.ok(['snapshot', 'c1', 's0']);
        await move('c1', 'host2');
        expect(await place('c1')).toBe('Running host2');
        expect(await inside('c1', 'cat', '/root/note')).toBe('kept\n');
        await onlyOn('host2', ['host1', 'host3']);
        await weft.ok(['restore', 'c1', 's0']);
        expect(await inside('c1', 'cat', '/root/note')).toBe('kept\n');
      },
      CONTAINERS_MS,
    );

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
    it(
      'moves while it counts, and back',
      async () => {
        await guest.launch('host1');
        await guest.beginToCount();
        for (const target of ['host2', 'host1']) {
          const { whole: before } = await guest.counted('/run/count');
          const plan = await weft.query<{ mode: string; blockers: string[] }>('/1.0/instances/v1/migration-plan', { method: 'POST', data: { target } });
          expect(plan).toMatchObject({ mode: 'live', blockers: [] });
          await guest.move(target);
          expect(await place('v1')).toBe(`Running ${target}`);
          await guest.countsOn(before);
          await onlyOn(
            target,
            MEMBERS.filter((name) => name !== target),
          );
        }
      },
      BOOT_MS + 2 * MOVE_MS,
    );

    it(
      'is refused without migration.stateful, and takes a saved state along when it is stopped',
      async () => {
        await weft.ok(['config', 'set', 'v1', 'migration.stateful=false']);
        expect(await weft.refused(['move', 'v1', '--target', await guest.other()])).toContain('migration.stateful');
        await weft.ok(['config', 'set', 'v1', 'migration.stateful=true']);
        const { whole: before } = await guest.counted('/run/count');
        await weft.ok(['stop', 'v1', '--stateful']);
        const target = await guest.other();
        await guest.move(target);
        await weft.ok(['start', 'v1']);
        expect(await place('v1')).toBe(`Running ${target}`);
        await guest.countsOn(before);
        await guest.stopCounting();
      },
      2 * MOVE_MS,
    );

    it(
      'is slowed down, cancelled and given up as somebody wants it, and runs on',
      async () => {
        const [source, target] = [await guest.location(), await guest.other()];
        await guest.beginToCount();
        await weft.ok(['config', 'set', 'v1', 'migration.bandwidth', '4MB']);
        const data = { name: 'v1', migration: true, live: true };
        const { id } = await weft.query<{ id: string }>(`/1.0/instances/v1?target=${target}`, { method: 'POST', data });
        await holds(() => expect(guest.migrationOn(source)?.phase).toBe('memory'), { timeoutMs: MOVE_MS });
        await weft.ok(['operation', 'delete', id]);
        expect(await weft.query(`/1.0/operations/${id}/wait`)).toMatchObject({ status: 'Cancelled' });
        expect(await place('v1')).toBe(`Running ${source}`);
        await holds(() => expect(guest.idsOn(target)).toEqual([]));

        await weft.ok(['config', 'set', 'v1', 'migration.timeout', '2']);
        expect(await weft.refused(['move', 'v1', '--target', target], { timeoutMs: MOVE_MS })).toContain('migration.timeout');
        expect(await place('v1')).toBe(`Running ${source}`);
        await holds(() => expect(guest.idsOn(target)).toEqual([]));
        for (const key of ['migration.bandwidth', 'migration.timeout']) await weft.ok(['config', 'unset', 'v1', key]);
        await guest.countsOn(0);
        await guest.stopCounting();
      },
      3 * MOVE_MS,
    );

    it(
      `loses and repeats nothing in ${MOVES} moves in a row: in memory, on disk, and of what another guest hears`,
      async () => {
        for (const member of MEMBERS) await world.launch(`at-${member}`, '--target', member);
        const listener = (...command: string[]) => inside('at-host3', ...command);
        // With nothing to say it would hang up, and whoever counts with it: it has an input that never ends.
        await listener('sh', '-c', `(mkfifo /run/open; exec 3<>/run/open; nc -l -p ${PORT} <&3 >${HEARD}) >/dev/null 2>&1 </dev/null &`);
        await guest.beginToCount({ address: await world.addressOf('at-host3'), port: PORT });
        await holds(async () => expect((await countedIn(listener, HEARD)).whole).toBeGreaterThan(0));
        const pids = await Promise.all(MEMBERS.map(async (member) => (await world.state(`at-${member}`)).pid));
        const address = await world.addressOf('v1');
        for (let turn = 1; turn <= MOVES; turn += 1) {
          const pings = pids.map((pid) => new PingWatch(pid, address, PING_MS));
          const moved = guest.move(await guest.other());
          await moved.catch(() => undefined);
          const heard = await Promise.all(pings.map((ping) => ping.end()));
          await moved;
          const lost = heard.map((one) => `${one.lost} of ${one.sent} lost, silent for ${Math.round(one.silenceMs)} ms`);
          process.stdout.write(`move ${turn}/${MOVES} to ${await guest.location()}, pings each ${PING_MS} ms: ${lost.join('; ')}\n`);
        }
        // Right behind a move its agent may need a moment.
        await holds(() => guest.stopCounting());
        await world.ok('exec', 'v1', '--', 'sh', '-c', 'sync; echo 3 >/proc/sys/vm/drop_caches');
        const { whole: total } = await guest.counted('/run/count');
        expect(total).toBeGreaterThan(20 * MOVES);
        const whole = { whole: total, lines: total };
        await holds(async () => {
          expect(await guest.counted('/run/count')).toEqual(whole);
          expect(await guest.counted('/root/count')).toEqual(whole);
          expect(await countedIn(listener, HEARD)).toEqual(whole);
        });
      },
      BOOT_MS + MOVES * MOVE_MS,
    );
  });
});
