/**
 * `lxc move` of a virtual machine that counts, with a part of the platform killed, or the network cut, at a boundary between phases.
 * Whatever comes of it: the guest runs once, with everything that it has written, its port is where it runs, nothing is left, and it
 * moves again.
 *
 * WEFT_MOVE_MATRIX=all tries every point (an hour), WEFT_MOVE_MATRIX='nats|at paused' those that it matches; otherwise a few.
 */
import { execa } from 'execa';
import { keyOf, namespacePrefix } from '../../tools/src/network/network-plan';
import { type BindingWatch, EVERY, FEW, mayEndGuest, type Point, type Victim, watchBindings, watchMove } from './crash-points';
import { holds } from './holds';
import { BOOT_MS, MEMBERS, MOVE_MS, movingGuest } from './moving-guest';
import { networkWorld } from './network-world';
import { startPlatform, type Platform } from './platform';

const CUT_MS = 5_000;
const CHOICE = process.env.WEFT_MOVE_MATRIX;
const MATRIX = CHOICE === undefined ? FEW : CHOICE === 'all' ? EVERY : EVERY.filter((point) => new RegExp(CHOICE).test(point.join(' at ')));
const SUMS = 'cd /root && echo 3 >/proc/sys/vm/drop_caches && md5sum -c sums';

describe('moves in which something dies', () => {
  let weft: Platform;
  const guest = movingGuest(() => weft);
  const world = networkWorld(() => weft);
  let tried = 0;

  beforeAll(async () => {
    weft = await startPlatform({ members: 3 });
    await world.launch('looker', '--target', 'host3');
    await guest.launch('host1');
    await guest.inside('sh', '-c', 'cd /root && dd if=/dev/urandom of=blob bs=64k count=64 2>/dev/null && md5sum blob >sums && sync');
    await guest.beginToCount();
  }, 300_000 + BOOT_MS);
  afterAll(() => weft?.stop(), 120_000);

  const pidOf = (victim: Victim, source: string, target: string): number | undefined => {
    const [role, what] = victim.split(' ') as [string, string | undefined];
    const member = role === 'source' ? source : target;
    switch (what) {
      case undefined:
        return weft.pid(role);
      case 'agent':
        return weft.pid(`agent-${member}`);
      case 'QEMU':
        return guest.qemu(member)[0];
      default:
        return world.memberPid(`ovn-controller-${member}`);
    }
  };

  /** Takes the target off the network in which hosts and services talk, for a while: nobody sees a link go down but the bridge. */
  async function cutNetwork(member: string): Promise<void> {
    const link = async (state: 'up' | 'down') =>
      execa('ip', ['-n', `${namespacePrefix(keyOf(weft.dir))}fabric`, 'link', 'set', `mgmt${MEMBERS.findIndex((one) => one === member) + 1}`, state]);
    await link('down');
    setTimeout(() => void link('up'), CUT_MS);
  }

  /** Looks without a pause in between; a move that ends before it is seen has passed the boundary too quickly to be hit. */
  async function strike([victim, phase]: Point, source: string, target: string, isOver: () => boolean, bindings: BindingWatch): Promise<boolean> {
    const reached = watchMove(guest, source, target, bindings);
    while (!isOver()) {
      if (reached(phase)) {
        if (victim === 'network') return cutNetwork(target).then(() => true);
        const pid = pidOf(victim, source, target);
        if (pid === undefined) return false;
        process.kill(pid, 'SIGKILL');
        return true;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    return false;
  }

  const operationsUnderWay = async () => (await weft.query<Record<string, unknown> | undefined>('/1.0/operations'))?.running ?? [];

  /** Runs on one host or on none, as the API says; nothing of it is anywhere else. */
  async function isOnce(source: string, target: string): Promise<string> {
    await holds(async () => expect(await operationsUnderWay()).toEqual([]), { timeoutMs: MOVE_MS });
    let here = '';
    await holds(
      async () => {
        here = await guest.location();
        expect([source, target]).toContain(here);
        for (const member of MEMBERS.filter((one) => one !== here)) {
          const looker = member === 'host3' ? 1 : 0;
          expect([member, guest.idsOn(member).length, guest.qemu(member), await guest.tapsOn(member)]).toEqual([member, looker, [], []]);
        }
        expect(guest.qemu(here).length).toBeLessThanOrEqual(1);
        expect(await guest.status()).toBe(guest.qemu(here).length === 1 ? 'Running' : 'Stopped');
      },
      { timeoutMs: 90_000 },
    );
    return here;
  }

  async function portIsAt(member: string): Promise<void> {
    await holds(
      async () => {
        const options = await world.nbctl('--bare', '--columns=name,options', 'list', 'Logical_Switch_Port');
        const [, found] = /-eth0\nrequested-chassis=(.*)/.exec(options.split('\n\n').find((row) => row.includes(guest.id())) ?? '') ?? [];
        expect(found).toBe(member);
        expect(await world.reaches('looker', await world.addressOf(guest.name))).toBe(true);
      },
      { timeoutMs: 60_000 },
    );
  }

  async function isWhole(from: number, here: string): Promise<void> {
    await guest.countsOn(from);
    expect(await guest.inside('sh', '-c', SUMS)).toBe('blob: OK\n');
    await portIsAt(here);
  }

  it.each(MATRIX)(
    'the guest runs once, with all that it has, when "%s" is hit at "%s", and moves again',
    async (...point) => {
      tried += 1;
      const say = (outcome: string) => process.stdout.write(`crash matrix ${tried}/${MATRIX.length}: ${point.join(' at ')}: ${outcome}\n`);
      await tryPoint(point).then(
        (outcome) => say(`${outcome}; all invariants hold`),
        (error: Error) => {
          say(`BROKEN: ${error.message}`);
          throw error;
        },
      );
    },
    4 * MOVE_MS + BOOT_MS,
  );

  /** @returns what has come of it, for people. @throws Error when an invariant does not hold */
  async function tryPoint(point: Point): Promise<string> {
    const source = await guest.location();
    const target = await guest.other();
    const { whole: before } = await guest.counted('/run/count');
    let over = false;
    const bindings = watchBindings(weft.dir);
    const moved = weft.lxc(['move', guest.name, '--target', target], { timeoutMs: MOVE_MS }).finally(() => (over = true));
    const hit = await strike(point, source, target, () => over, bindings);
    const { exitCode, stderr } = await moved;
    bindings.end();
    const here = await isOnce(source, target);
    const runsOn = (await guest.status()) === 'Running';
    if (runsOn) await isWhole(before, here);
    else await startAgain(hit && mayEndGuest(point));
    const there = here === source ? target : source;
    await guest.move(there);
    await isWhole(runsOn ? before : 0, there);
    const outcome = `${runsOn ? 'runs on' : 'had ended'} at the ${here === source ? 'source' : 'target'}; lxc: ${exitCode === 0 ? 'moved' : stderr.trim()}`;
    return `${hit ? 'hit' : 'too quick to be hit'}; ${outcome}`;
  }

  async function startAgain(mayHaveEnded: boolean): Promise<void> {
    expect(mayHaveEnded).toBe(true);
    await weft.ok(['start', guest.name]);
    await holds(() => guest.inside('true'), { timeoutMs: BOOT_MS });
    await guest.beginToCount();
  }
});
