/**
 * The agent, or the instance service, dies by kill -9 in the middle of what a client waits for. The supervisor brings
 * another one, the client's command ends well, and the world is as if nothing had happened.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { holds } from './holds';
import { mountsBelow, startPlatform, type Platform } from './platform';

const PAYLOAD_BYTES = 64 * 1024 ** 2;

let weft: Platform;
beforeAll(async () => {
  weft = await startPlatform();
  await writeFile(join(weft.dir, 'payload'), Buffer.alloc(PAYLOAD_BYTES, 1));
}, 240_000);
afterAll(() => weft?.stop(), 120_000);

describe.each(['agent-host1', 'instance-svc'])('%s is killed in the middle of', (victim) => {
  const instances = () => join(weft.dir, 'members', 'host1', 'instances');
  const ids = () => readdirSync(instances());
  const inside = (id: string): string[] => {
    try {
      return readdirSync(join(instances(), id));
    } catch {
      return []; // it goes
    }
  };

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
  const monitors = () => commandLines().filter((line) => line.includes('[lxc monitor]') && line.includes(instances()));

  /** Looks without a pause in between: what is waited for may be over in milliseconds. */
  async function seen(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (!condition()) {
      if (Date.now() > deadline) throw new Error('the middle of the work was never seen');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Begins the command, kills when its work is in the middle, and waits for the command's own end. */
  async function killedIn(args: readonly string[], isInTheMiddle: () => boolean): Promise<void> {
    const before = weft.pid(victim);
    const command = weft.ok(args, { timeoutMs: 100_000 });
    command.catch(() => undefined);
    await seen(isInTheMiddle);
    process.kill(before, 'SIGKILL');
    await command;
    await holds(() => expect(weft.pid(victim)).not.toBe(before), { timeoutMs: 30_000 });
  }

  const state = async (name: string) => (await weft.query<{ status: string }>(`/1.0/instances/${name}/state`)).status;

  /** Exactly these run, once each; nothing else is there. */
  async function world(expected: { running: number; instances: number }): Promise<void> {
    await holds(() => {
      expect(monitors()).toHaveLength(expected.running);
      expect(ids()).toHaveLength(expected.instances);
      expect(mountsBelow(instances())).toHaveLength(expected.running);
      for (const id of ids()) expect(inside(id).filter((name) => name.startsWith('data-'))).toHaveLength(1);
    });
    expect(await weft.query<string[]>('/1.0/instances')).toHaveLength(expected.instances);
  }

  it('create', async () => {
    await killedIn(['init', 'tiny', 'c1'], () => ids().length === 1);
    await world({ running: 0, instances: 1 });
  }, 120_000);

  it('start', async () => {
    const [id] = ids();
    await killedIn(['start', 'c1'], () => inside(id!).includes('rootfs') && mountsBelow(instances()).length > 0);
    await world({ running: 1, instances: 1 });
    expect(await state('c1')).toBe('Running');
    await weft.ok(['exec', 'c1', '--', 'true']);
  }, 120_000);

  it('copy', async () => {
    await weft.ok(['file', 'push', join(weft.dir, 'payload'), 'c1/root/payload']);
    await killedIn(['copy', 'c1', 'c2'], () =>
      ids().some((id) => mountsBelow(join(instances(), id)).length === 0 && inside(id).some((name) => name.startsWith('data-'))),
    );
    await world({ running: 1, instances: 2 });
    await holds(async () => expect(await state('c1')).toBe('Running'));
    await weft.ok(['start', 'c2']);
    expect((await weft.ok(['exec', 'c2', '--', 'wc', '-c', '/root/payload'])).trim()).toMatch(new RegExp(`^${PAYLOAD_BYTES}`));
    await world({ running: 2, instances: 2 });
  }, 120_000);

  it('stop', async () => {
    // A guest that stands still makes sure that the stop is in its middle when the kill comes.
    const { pid } = await weft.query<{ pid: number }>('/1.0/instances/c1/state');
    process.kill(pid, 'SIGSTOP');
    const before = weft.pid(victim);
    const stopping = killedIn(['stop', 'c1'], () => isPending(pid));
    await holds(() => expect(weft.pid(victim)).not.toBe(before), { timeoutMs: 40_000 });
    process.kill(pid, 'SIGCONT');
    await stopping;
    await world({ running: 1, instances: 2 });
    expect(await state('c1')).toBe('Stopped');
  }, 120_000);

  it('delete', async () => {
    const [id] = ids().filter((one) => mountsBelow(join(instances(), one)).length === 0);
    await killedIn(['delete', 'c1'], () => !inside(id!).some((name) => name.startsWith('data-')) || !ids().includes(id!));
    await world({ running: 1, instances: 1 });
    await weft.ok(['delete', '-f', 'c2']);
    await world({ running: 0, instances: 0 });
  }, 120_000);

  /** A signal waits for that process (proc(5): ShdPnd, SigPnd). */
  function isPending(pid: number): boolean {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return /^(SigPnd|ShdPnd):\s*0*[1-9a-f]/m.test(status);
  }
});
