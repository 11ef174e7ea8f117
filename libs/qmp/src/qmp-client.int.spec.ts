import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GuestAgentClient, QmpClient, QmpDisconnected, QmpError, QmpLink, QmpTimeout } from './index';

const UNPACKED = '/var/cache/weft/qemu/bin/qemu-system-x86_64';
const QEMU = process.env.WEFT_QEMU ?? (existsSync(UNPACKED) ? UNPACKED : 'qemu-system-x86_64');

/** A real QEMU with a monitor and the host end of a guest agent's port, but no machine. */
describe('QmpClient', () => {
  let dir: string;
  let socket: string;
  let child: ChildProcess;
  const start = async () => {
    const agent = [
      '-device',
      'virtio-serial',
      '-chardev',
      `socket,path=${join(dir, 'qga.sock')},server=on,wait=off,id=qga`,
      '-device',
      'virtserialport,chardev=qga,name=org.qemu.guest_agent.0',
    ];
    child = spawn(
      QEMU,
      ['-S', '-nodefaults', '-accel', 'tcg', '-m', '8', '-display', 'none', '-machine', 'q35', '-qmp', `unix:${socket},server=on,wait=off`, ...agent],
      { stdio: 'ignore' },
    );
    while (!existsSync(socket)) await new Promise((resolve) => setImmediate(resolve));
  };
  const connect = async (options = {}) => {
    for (;;) {
      const client = await QmpClient.connect(socket, options).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') return undefined;
        throw error;
      });
      if (client) return client;
    }
  };
  const kill = () => new Promise<void>((resolve) => (child.once('exit', () => resolve()), child.kill('SIGKILL')));

  beforeEach(async () => {
    dir = await mkdtemp('/var/tmp/weft-qmp-');
    socket = join(dir, 'qmp.sock');
    await start();
  });
  afterEach(async () => {
    if (child.exitCode === null && child.signalCode === null) await kill();
    await rm(dir, { recursive: true });
  });

  it('executes commands and delivers events', async () => {
    const client = await connect();
    const events: string[] = [];
    client.onEvent(({ event }) => events.push(event));
    expect((await client.execute('query-version')).qemu.major).toBeGreaterThanOrEqual(7);
    expect(await client.execute('query-status')).toMatchObject({ status: 'prelaunch', running: false });
    await client.execute('cont');
    await client.execute('stop');
    expect(events).toEqual(['RESUME', 'STOP']);
    client.close();
  });

  it('names the command that was refused, and goes on', async () => {
    const client = await connect();
    const refused = client.execute('blockdev-del', { 'node-name': 'nothing' });
    await expect(refused).rejects.toThrow(QmpError);
    await expect(refused).rejects.toMatchObject({ command: 'blockdev-del', errorClass: 'GenericError' });
    await expect(client.executeAny('no-such-command')).rejects.toMatchObject({ errorClass: 'CommandNotFound' });
    expect(await client.execute('query-status')).toMatchObject({ status: 'prelaunch' });
    client.close();
  });

  it('tells that the monitor belongs to somebody else', async () => {
    const owner = await connect();
    await expect(QmpClient.connect(socket, { connectTimeoutMs: 50 })).rejects.toThrow(QmpTimeout);
    owner.close();
    (await connect()).close();
  });

  it('fails what waits when QEMU dies', async () => {
    const client = await connect();
    child.kill('SIGSTOP');
    const waiting = client.execute('query-status');
    await Promise.all([kill(), expect(waiting).rejects.toThrow(QmpDisconnected)]);
    await client.closed;
    await expect(client.execute('query-status')).rejects.toThrow(QmpDisconnected);
  });

  it('gives up on a QEMU that does not answer', async () => {
    const client = await connect();
    child.kill('SIGSTOP');
    await expect(client.execute('query-status', undefined, { timeoutMs: 20 })).rejects.toThrow(QmpTimeout);
    child.kill('SIGCONT');
    expect(await client.execute('query-status')).toMatchObject({ status: 'prelaunch' });
    client.close();
  });

  it('keeps a link over a restart of QEMU', async () => {
    let ups = 0;
    const up: (() => void)[] = [];
    const nextUp = () => new Promise<void>((resolve) => up.push(resolve));
    const first = nextUp();
    const link = new QmpLink(socket, { onUp: () => ((ups += 1), up.shift()?.()), onDown: () => true });
    await first;
    const second = nextUp();
    await kill();
    await rm(socket);
    await start();
    await second;
    expect(ups).toBe(2);
    link.close();
    await link.ended;
  });

  it('says that no guest agent answers', async () => {
    await connect().then((client) => client.close());
    await expect(GuestAgentClient.connect(join(dir, 'qga.sock'), { syncTimeoutMs: 50 })).rejects.toThrow(QmpTimeout);
  });
});
