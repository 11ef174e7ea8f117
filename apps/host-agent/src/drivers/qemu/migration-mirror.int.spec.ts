/** The end of the disk's mirror, with a real QEMU without a machine: agents that ended it may not live to see it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { QmpClient } from '@weft/qmp';
import { eventually, scratchDir } from '@weft/testing';
import { completeMirror } from './migration-mirror';

const SIZE_BYTES = 1024 ** 2;
const QEMU = process.env.WEFT_QEMU ?? 'qemu-system-x86_64';

describe('a mirror that is to end', () => {
  let place: Awaited<ReturnType<typeof scratchDir>>;
  let child: ChildProcess;
  let qmp: QmpClient;

  const job = async () => (await qmp.execute('query-jobs'))[0]?.status;
  const mirror = (more: Record<string, unknown> = {}) =>
    qmp.executeAny('blockdev-mirror', { 'job-id': 'weft-move', device: 'root', target: 'weft-move-target', sync: 'full', 'auto-dismiss': false, ...more });

  beforeEach(async () => {
    place = await scratchDir();
    const socket = `${place.path}/qmp.sock`;
    const disks = ['root', 'weft-move-target'].flatMap((name) => ['-blockdev', `null-co,node-name=${name},size=${SIZE_BYTES},read-zeroes=on`]);
    child = spawn(QEMU, ['-S', '-nodefaults', '-display', 'none', '-machine', 'none', '-qmp', `unix:${socket},server=on,wait=off`, ...disks]);
    qmp = await eventually(() => QmpClient.connect(socket).catch(() => undefined));
  });
  afterEach(async () => {
    qmp.close();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    await place.remove();
  });

  it('ends with both disks alike, and says so again to whoever asks after that', async () => {
    await mirror();
    await eventually(async () => (await job()) === 'ready');
    expect(await completeMirror(qmp)).toBe(true);
    expect(await job()).toBe('concluded');
    expect(await completeMirror(qmp)).toBe(true);
  });

  it('is known to be whole when it was told to end by somebody else', async () => {
    await mirror();
    await eventually(async () => (await job()) === 'ready');
    await qmp.execute('block-job-cancel', { device: 'weft-move' });
    expect(await completeMirror(qmp)).toBe(true);
  });

  it('is not whole when it is not there, still copies, or was cut off', async () => {
    expect(await completeMirror(qmp)).toBe(false);
    await mirror({ speed: 1 });
    expect(await completeMirror(qmp)).toBe(false);
    await qmp.execute('block-job-cancel', { device: 'weft-move', force: true });
    await eventually(async () => (await job()) === 'concluded');
    expect(await completeMirror(qmp)).toBe(false);
  });
});
