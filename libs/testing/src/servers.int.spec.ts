import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { jetstreamManager } from '@nats-io/jetstream';
import { identify } from '@weft/embedded';
import { Client } from 'pg';
import { eventually, startNats, startPostgres } from './index';

jest.setTimeout(60_000);

const query = async (url: string, sql: string) => {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

describe('startPostgres', () => {
  it('keeps what was committed over kill -9, syncs to disk, and leaves nothing behind', async () => {
    const postgres = await startPostgres();
    try {
      await query(postgres.url, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)');
      expect(await query(postgres.socketUrl, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
      expect(await query(postgres.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
      const firstPid = postgres.pid;
      await postgres.kill9();
      expect(identify(firstPid)).toBeUndefined();
      await postgres.restart();
      expect(postgres.pid).not.toBe(firstPid);
      expect(await query(postgres.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    } finally {
      await postgres.stop();
    }
    expect(existsSync(postgres.dataDir)).toBe(false);
    expect(identify(postgres.pid)).toBeUndefined();
  });

  it('does not run as root', async () => {
    const postgres = await startPostgres();
    try {
      expect(readFileSync(`/proc/${postgres.pid}/status`, 'utf8')).not.toMatch(/^Uid:\t0/m);
    } finally {
      await postgres.stop();
    }
  });
});

describe('startNats', () => {
  it('serves JetStream and finds its streams again after kill -9', async () => {
    const nats = await startNats();
    try {
      const manage = async () => {
        const connection = await connect({ servers: nats.url });
        return { connection, manager: await jetstreamManager(connection) };
      };
      const before = await manage();
      await before.manager.streams.add({ name: 'KEPT', subjects: ['kept.>'] });
      await before.connection.close();
      await nats.kill9();
      await nats.restart();
      const after = await manage();
      expect((await after.manager.streams.info('KEPT')).config.name).toBe('KEPT');
      await after.connection.close();
    } finally {
      await nats.stop();
    }
    expect(existsSync(nats.storeDir)).toBe(false);
  });
});

it('servers die with a parent that is killed', async () => {
  const script = `
    require.extensions['.ts'] = (module, file) => module._compile(require('@swc/core').transformFileSync(file, { module: { type: 'commonjs' } }).code, file);
    const { startTied } = require('${join(__dirname, '../../embedded/src/tied-process.ts')}');
    const child = startTied({ command: 'sleep', args: ['600'], logFile: '/dev/null', deathSignal: 'SIGTERM' });
    console.log(child.identity.pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<string>((resolve) => parent.stdout.once('data', (data: Buffer) => resolve(data.toString().trim())));
  expect(identify(Number(pid))).toBeDefined();
  parent.kill('SIGKILL');
  await eventually(() => !identify(Number(pid)));
});
