/** Two real QEMUs; the guest has no operating system and changes next to nothing. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { MigrationInfo } from '@weft/qmp';
import { QmpClient } from '@weft/qmp';
import { eventually, scratchDir } from '@weft/testing';
import { qemuBinary } from './host';
import { addGate, addGateDevice, removeGate } from './migration-gate';
import { LOOK, opened, SHUT } from './migration-pace';

describe('a guest that changes nothing', () => {
  let place: Awaited<ReturnType<typeof scratchDir>>;
  let children: ChildProcess[];
  let [source, target]: QmpClient[] = [];

  async function start(name: string, ...more: string[]): Promise<QmpClient> {
    const socket = `${place.path}/${name}.sock`;
    const machine = ['-S', '-nodefaults', '-accel', 'tcg', '-m', '16', '-display', 'none', '-machine', 'q35'];
    children.push(spawn(qemuBinary(), [...machine, '-qmp', `unix:${socket},server=on,wait=off`, ...more], { stdio: 'ignore' }));
    return eventually(() => QmpClient.connect(socket).catch(() => undefined));
  }
  const set = (qmp: QmpClient, ...capabilities: ('dirty-bitmaps' | 'return-path' | 'pause-before-switchover')[]) =>
    qmp.execute('migrate-set-capabilities', { capabilities: capabilities.map((capability) => ({ capability, state: true })) });

  beforeEach(async () => {
    place = await scratchDir();
    children = [];
    source = await start('source');
    target = await start('target', '-incoming', 'defer');
    await addGate(source);
    await addGateDevice(target);
    await set(source, 'dirty-bitmaps', 'return-path', 'pause-before-switchover');
    await set(target, 'dirty-bitmaps', 'return-path');
    await source.execute('cont');
    await target.execute('migrate-incoming', { uri: `unix:${place.path}/memory.sock` });
  });
  afterEach(async () => {
    for (const qmp of [source, target]) qmp?.close();
    for (const child of children) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    await place.remove();
  });

  const until = (holds: (info: MigrationInfo) => boolean) =>
    eventually(async () => {
      const info = await source!.execute('query-migrate');
      return holds(info) ? info : undefined;
    });

  it('is paused when the gate is opened, and not before; the gate comes along and goes', async () => {
    await source!.execute('migrate-set-parameters', SHUT);
    await source!.execute('migrate', { uri: `unix:${place.path}/memory.sock` });
    await until(({ status, ram }) => status === 'active' && ram?.['dirty-sync-count'] === 1 && ram.transferred > 0 && ram.remaining === 0);
    // Nothing is left, and QEMU looks at that again and again: what it has counted meanwhile says so.
    const { 'total-time': sinceMs = 0 } = await source!.execute('query-migrate');
    const later = await until(({ 'total-time': ms = 0 }) => ms > sinceMs + 500);
    expect(later).toMatchObject({ status: 'active', ram: { 'dirty-sync-count': 1 } });
    expect((await source!.execute('query-status')).status).toBe('running');

    await source!.execute('migrate-set-parameters', opened(100, 0));
    await until(({ status }) => status === 'pre-switchover');
    await source!.execute('migrate-continue', { state: 'pre-switchover' });
    await until(({ status }) => status === 'completed');
    await eventually(async () => (await target!.execute('query-status')).status === 'paused' || undefined);
    for (const qmp of [source!, target!]) {
      await removeGate(qmp);
      await addGate(qmp);
    }
  });

  it('is looked at once when only that is allowed, and a round then counts', async () => {
    await source!.execute('migrate-set-parameters', { ...LOOK, 'max-bandwidth': 10e9 });
    await source!.execute('migrate', { uri: `unix:${place.path}/memory.sock` });
    await until(({ status, ram }) => status === 'pre-switchover' || (ram?.['dirty-sync-count'] ?? 0) > 1);
  });
});
