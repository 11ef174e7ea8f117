/** Copies of what runs: the source goes on, the copy is what its disk held at one moment, and its snapshots come along. */
import { holds } from './holds';
import { startPlatform, type Platform } from './platform';

describe('a copy of a running instance with several snapshots', () => {
  let weft: Platform;
  beforeAll(async () => {
    weft = await startPlatform();
  }, 240_000);
  afterAll(() => weft?.stop(), 120_000);

  const status = async (name: string) => (await weft.query<{ status: string }>(`/1.0/instances/${name}`)).status;
  const snapshots = async (name: string) => (await weft.query<string[]>(`/1.0/instances/${name}/snapshots`)).map((url) => url.split('/').pop());

  /** Snapshots s0, s1, s2 with what `/root/note` says then, and "now" on the disk; all while the guest runs. */
  async function history(name: string): Promise<void> {
    for (const note of ['s0', 's1', 's2', 'now']) {
      await weft.ok(['exec', name, '--', 'sh', '-c', `echo ${note} > /root/note && sync`]);
      if (note !== 'now') await weft.ok(['snapshot', name, note]);
    }
  }

  async function expectNote(name: string, note: string): Promise<void> {
    await weft.ok(['start', name]);
    await holds(async () => expect((await weft.ok(['exec', name, '--', 'cat', '/root/note'])).trim()).toBe(note), { timeoutMs: 120_000 });
    await weft.ok(['stop', '-f', name]);
  }

  it.each([
    ['container', ['tiny']],
    ['virtual machine', ['tiny-vm', '--vm']],
  ])(
    '%s',
    async (_kind, image) => {
      await weft.ok(['launch', ...image, 'source']);
      await holds(() => weft.ok(['exec', 'source', '--', 'true']), { timeoutMs: 120_000 });
      await history('source');
      await weft.ok(['copy', 'source', 'copy']);
      expect(await status('source')).toBe('Running');
      expect((await weft.ok(['exec', 'source', '--', 'cat', '/root/note'])).trim()).toBe('now');
      expect(await status('copy')).toBe('Stopped');
      expect(await snapshots('copy')).toEqual(['s0', 's1', 's2']);
      await weft.ok(['delete', '-f', 'source']);
      await expectNote('copy', 'now');
      await weft.ok(['restore', 'copy', 's1']);
      await expectNote('copy', 's1');
      await weft.ok(['delete', '-f', 'copy']);
    },
    400_000,
  );
});
