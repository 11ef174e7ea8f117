import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { untilMembersReport } from './members-report';

describe('waiting for members', () => {
  let dir: string;
  let server: Server;
  let socket: string;
  /** Answers left to give before a member counts as online. */
  let pending: Record<string, ('missing' | 'Offline')[]>;
  let asked: string[];

  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'weft-members-'));
    socket = join(dir, 'unix.socket');
    asked = [];
    server = createServer((request, response) => {
      const name = request.url!.split('/').at(-1)!;
      asked.push(name);
      const answer = pending[name]?.shift() ?? 'Online';
      response.end(
        JSON.stringify(answer === 'missing' ? { type: 'error', error: 'Cluster member not found' } : { type: 'sync', metadata: { status: answer } }),
      );
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(dir, { recursive: true });
  });

  it('ends when each has been heard of, and asks no more for those that have', async () => {
    pending = { host1: ['Offline'], host2: ['missing', 'Offline', 'Offline'] };
    await untilMembersReport(socket, 2);
    expect(asked.filter((name) => name === 'host1')).toHaveLength(2);
    expect(asked.filter((name) => name === 'host2')).toHaveLength(4);
  });

  it('names who stays away', async () => {
    pending = { host2: Array.from({ length: 10_000 }, () => 'Offline' as const) };
    await expect(untilMembersReport(socket, 2, 300)).rejects.toThrow('not heard of in 0.3 s: host2');
  });
});
