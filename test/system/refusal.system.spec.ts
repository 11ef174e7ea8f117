import { execa } from 'execa';
import { startPlatform, type Platform } from './platform';

interface ErrorJson {
  type: string;
  status: string;
  status_code: number;
  error_code: number;
  error: string;
}

/** Every refusal: LXD's error shape, a right status, a sentence that helps, and nothing left behind. */
describe('bad input', () => {
  let weft: Platform;
  beforeAll(async () => {
    weft = await startPlatform();
    await weft.ok(['init', 'tiny', 'there']);
  }, 240_000);
  afterAll(() => weft?.stop(), 120_000);

  /** A request as it is, over the unix socket; the status and the reply. */
  async function raw(method: string, path: string, body?: string, headers: string[] = []): Promise<{ status: number; reply: ErrorJson }> {
    const { stdout } = await execa(
      'curl',
      [
        '-s',
        '--path-as-is',
        '--unix-socket',
        `${weft.dir}/unix.socket`,
        '-X',
        method,
        '-w',
        '\n%{http_code}',
        ...headers.flatMap((header) => ['-H', header]),
        ...(body === undefined ? [] : ['--data-binary', '@-']),
        `http://weft${path}`,
      ],
      body === undefined ? {} : { input: body },
    );
    const at = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(at + 1)), reply: JSON.parse(stdout.slice(0, at)) as ErrorJson };
  }
  const json = (method: string, path: string, body: unknown, headers: string[] = []) =>
    raw(method, path, JSON.stringify(body), ['Content-Type: application/json', ...headers]);

  async function refusedWith(status: number, message: RegExp, request: Promise<{ status: number; reply: ErrorJson }>): Promise<void> {
    const got = await request;
    expect(got.reply).toMatchObject({ status: '', status_code: 0, type: 'error', error_code: status, error: expect.stringMatching(message) as string });
    expect(got.status).toBe(status);
  }
  /** For requests that may be refused at once or by their operation. */
  async function refusedSomehow(message: RegExp, args: string[]): Promise<void> {
    expect(await weft.refused(args)).toMatch(message);
  }

  const create = (extra: object) => json('POST', '/1.0/instances', { name: 'x', source: { type: 'none' }, ...extra });

  afterEach(async () => {
    expect(await weft.query<string[]>('/1.0/instances')).toEqual(['/1.0/instances/there']);
  });

  it('that is not JSON, or not an object', async () => {
    await refusedWith(400, /JSON/i, raw('POST', '/1.0/profiles', '{"name":', ['Content-Type: application/json']));
    await refusedWith(400, /object|invalid/i, raw('POST', '/1.0/profiles', '[]', ['Content-Type: application/json']));
  });

  it('that is too large', async () => {
    await refusedWith(413, /large|limit/i, json('POST', '/1.0/profiles', { name: 'big', description: 'x'.repeat(8 << 20) }));
  });

  it('with an unknown path', () => refusedWith(404, /not found/, raw('GET', '/1.0/nothing-here')));

  it('with an unknown project', () => refusedWith(404, /project/i, json('POST', '/1.0/instances?project=nowhere', { name: 'x', source: { type: 'none' } })));

  it('with a bad name', async () => {
    for (const name of ['-x', 'x_y', '1', 'x'.repeat(64), 'ü', 'a/b', '../x', 'x.y']) await refusedWith(400, /name/i, create({ name }));
  });

  it('with a name that is taken', async () => {
    await refusedSomehow(/already/i, ['init', 'tiny', 'there']);
    await refusedSomehow(/already/i, ['profile', 'create', 'default']);
    await refusedSomehow(/already/i, ['project', 'create', 'default']);
  });

  it('with an unknown image', async () => {
    await refusedSomehow(/image.*not found|not found/i, ['init', 'no-such-image', 'x']);
    await refusedSomehow(/virtual.machine|type/i, ['init', 'tiny', 'x', '--vm']);
  });

  it('with an unknown or wrong type', () => refusedWith(400, /type/i, create({ type: 'zeppelin' })));

  it('with unknown or badly typed configuration', async () => {
    await refusedSomehow(/unknown configuration key.*limits\.colour/i, ['init', 'tiny', 'x', '-c', 'limits.colour=blue']);
    await refusedSomehow(/limits\.memory/i, ['init', 'tiny', 'x', '-c', 'limits.memory=lots']);
    await refusedSomehow(/boot\.autostart/i, ['config', 'set', 'there', 'boot.autostart=perhaps']);
    await refusedSomehow(/unknown configuration key/i, ['profile', 'set', 'default', 'nonsense=1']);
    expect((await weft.ok(['config', 'get', 'there', 'boot.autostart'])).trim()).toBe('');
  });

  it('with devices that cannot be', async () => {
    await refusedSomehow(/type/i, ['config', 'device', 'add', 'there', 'thing', 'teleporter']);
    await refusedSomehow(/path/i, ['config', 'device', 'add', 'there', 'data', 'disk', 'source=/srv']);
    await refusedSomehow(/pool|not found|root disk/i, ['config', 'device', 'add', 'there', 'root2', 'disk', 'path=/', 'pool=nowhere']);
  });

  it('with an If-Match that does not', async () => {
    await refusedWith(412, /ETag/i, json('PUT', '/1.0/profiles/default', { config: {}, devices: {}, description: '' }, ['If-Match: 0000']));
    await refusedWith(
      412,
      /ETag/i,
      json('PUT', '/1.0/instances/there', { config: {}, devices: {}, profiles: ['default'], architecture: 'x86_64' }, ['If-Match: "0000"']),
    );
  });

  it('with paths that lead outside', async () => {
    await refusedWith(404, /not found|no such file/i, raw('GET', '/1.0/instances/there/files?path=/../../../../../../etc/machine-id'));
    await refusedWith(400, /path/i, raw('GET', '/1.0/instances/there/files'));
    await refusedWith(404, /not found/i, raw('GET', '/1.0/instances/..%2f..%2fetc'));
  });

  it('for the wrong moment', async () => {
    await refusedWith(400, /not running/i, json('POST', '/1.0/instances/there/exec', { command: ['true'] }));
    await refusedSomehow(/not running|already stopped/i, ['stop', 'there']);
    await refusedSomehow(/not running|stopped/i, ['pause', 'there']);
    await weft.ok(['start', 'there']);
    await refusedSomehow(/running/i, ['delete', 'there']);
    await refusedSomehow(/running/i, ['move', 'there', 'elsewhere']);
    await refusedSomehow(/already running/i, ['start', 'there']);
    await weft.ok(['stop', '-f', 'there']);
  });

  it('about what does not exist', async () => {
    for (const path of [
      '/1.0/instances/x',
      '/1.0/profiles/x',
      '/1.0/projects/x',
      '/1.0/images/abcdef',
      '/1.0/images/aliases/x',
      '/1.0/storage-pools/x',
      '/1.0/operations/5d5e9c2e-7f61-4d10-bb2a-7a3c2a8ac5ad',
      '/1.0/certificates/abcdef',
      '/1.0/instances/there/snapshots/x',
    ]) {
      await refusedWith(404, /not found/i, raw('GET', path));
    }
  });

  it('to a start that cannot succeed leaves the instance stopped, with the reason', async () => {
    await weft.ok(['config', 'device', 'add', 'there', 'gone', 'disk', 'source=/no/such/place', 'path=/mnt']);
    await refusedSomehow(/\/no\/such\/place/, ['start', 'there']);
    expect((await weft.query<{ status: string }>('/1.0/instances/there')).status).toBe('Stopped');
    await weft.ok(['config', 'device', 'remove', 'there', 'gone']);
    await weft.ok(['start', 'there']);
    await weft.ok(['stop', '-f', 'there']);
  });

  it('from a websocket with a wrong secret', async () => {
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
    await refusedWith(404, /not found/i, raw('GET', '/1.0/operations/5d5e9c2e-7f61-4d10-bb2a-7a3c2a8ac5ad/websocket?secret=x', undefined, upgrade));
    await weft.ok(['start', 'there']);
    const exec = await weft.query<{ id: string }>('/1.0/instances/there/exec', { method: 'POST', data: { command: ['true'], 'wait-for-websocket': true } });
    await refusedWith(403, /not authorized/i, raw('GET', `/1.0/operations/${exec.id}/websocket?secret=x`, undefined, upgrade));
    await weft.ok(['stop', '-f', 'there']);
  });
});
