import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { startPlatform, type Platform } from './platform';

/** Each user has a client directory, and so a certificate, of its own. */
describe('the API over TLS', () => {
  let weft: Platform;
  beforeAll(async () => {
    weft = await startPlatform();
  }, 240_000);
  afterAll(() => weft?.stop(), 120_000);

  const as = (user: string) => {
    const dir = join(weft.dir, `client-${user}`);
    mkdirSync(dir, { recursive: true });
    const env = { LXD_CONF: dir };
    return {
      ok: (...args: string[]) => weft.ok(args, { env }),
      refused: (...args: string[]) => weft.refused(args, { env }),
    };
  };
  const url = () => `https://${weft.httpsAddress}`;

  it('speaks TLS 1.3 and nothing older', async () => {
    const [host = '', port = ''] = weft.httpsAddress.split(':');
    const negotiate = (maxVersion: 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string>((resolve) => {
        const socket = connect({ host, port: Number(port), rejectUnauthorized: false, maxVersion }, () => {
          resolve(socket.getProtocol() ?? '');
          socket.destroy();
        }).on('error', (error) => resolve(error.message));
      });
    expect(await negotiate('TLSv1.3')).toBe('TLSv1.3');
    expect(await negotiate('TLSv1.2')).not.toMatch(/^TLSv1/);
  });

  it('shows a stranger only that it is there', async () => {
    const stranger = as('stranger');
    expect(await stranger.refused('remote', 'add', 'weft', url(), '--accept-certificate', '--password', 'wrong')).toMatch(/not authorized/i);
  });

  it('trusts a client that knows the trust password', async () => {
    await weft.ok(['config', 'set', 'core.trust_password', 'open sesame']);
    expect(await weft.ok(['config', 'get', 'core.trust_password'])).toBe('true\n');
    expect(await as('guesser').refused('remote', 'add', 'weft', url(), '--accept-certificate', '--password', 'open barley')).toMatch(/not authorized/i);
    const alice = as('alice');
    await alice.ok('remote', 'add', 'weft', url(), '--accept-certificate', '--password', 'open sesame');
    await alice.ok('launch', 'weft:tiny', 'weft:r1');
    expect(await alice.ok('list', 'weft:', '-c', 'ns', '-f', 'csv')).toBe('r1,RUNNING\n');
    expect(await alice.ok('exec', 'weft:r1', '--', 'echo', 'over TLS')).toBe('over TLS\n');
    await alice.ok('file', 'push', __filename, 'weft:r1/root/spec');
    expect(await alice.ok('file', 'pull', 'weft:r1/root/spec', '-')).toBe(readFileSync(__filename, 'utf8'));
    await alice.ok('stop', '-f', 'weft:r1');
    await alice.ok('snapshot', 'weft:r1', 's0');
    await alice.ok('restore', 'weft:r1', 's0');
    await alice.ok('copy', 'weft:r1', 'weft:r2');
    await alice.ok('delete', '-f', 'weft:r1', 'weft:r2');
    await weft.ok(['config', 'unset', 'core.trust_password']);
    expect(await as('late').refused('remote', 'add', 'weft', url(), '--accept-certificate', '--password', 'open sesame')).toMatch(/not authorized/i);
  });

  it('trusts a token once', async () => {
    const output = await weft.ok(['config', 'trust', 'add', '--name', 'bob']);
    const token = output.trim().split('\n').pop()!;
    const bob = as('bob');
    await bob.ok('remote', 'add', 'weft', token);
    expect(await bob.ok('list', 'weft:', '-f', 'csv')).toBe('');
    expect(await weft.ok(['config', 'trust', 'list', '-f', 'csv'])).toContain('bob');
    expect(await as('thief').refused('remote', 'add', 'weft', token)).toMatch(/not authorized|token|expired/i);
  });

  it('forgets a client whose certificate is removed', async () => {
    const bob = (await weft.query<{ name: string; fingerprint: string }[]>('/1.0/certificates?recursion=1')).find(({ name }) => name === 'bob')!;
    await weft.ok(['config', 'trust', 'remove', bob.fingerprint]);
    expect(await as('bob').refused('list', 'weft:')).toMatch(/not authorized/i);
  });

  it('shows a restricted client its projects and nothing else', async () => {
    await weft.ok(['project', 'create', 'tenant', '-c', 'features.images=false', '-c', 'features.profiles=false']);
    await weft.ok(['init', 'tiny', 'hidden']);
    const output = await weft.ok(['config', 'trust', 'add', '--name', 'carol', '--restricted', '--projects', 'tenant']);
    const carol = as('carol');
    await carol.ok('remote', 'add', 'weft', output.trim().split('\n').pop()!, '--project', 'tenant');
    await carol.ok('init', 'weft:tiny', 'weft:mine', '--project', 'tenant');
    expect(await carol.ok('list', 'weft:', '--project', 'tenant', '-c', 'n', '-f', 'csv')).toBe('mine\n');
    expect(await carol.ok('list', 'weft:', '--all-projects', '-c', 'n', '-f', 'csv')).toBe('mine\n');
    expect(await carol.ok('project', 'list', 'weft:', '-f', 'csv')).not.toMatch(/^default/m);
    for (const forbidden of [
      ['list', 'weft:', '--project', 'default'],
      ['info', 'weft:hidden', '--project', 'default'],
      ['exec', 'weft:hidden', '--project', 'default', '--', 'true'],
      ['init', 'weft:tiny', 'weft:other', '--project', 'default'],
      ['copy', 'weft:hidden', 'weft:stolen', '--project', 'default', '--target-project', 'tenant'],
      ['move', 'weft:mine', 'weft:mine', '--project', 'tenant', '--target-project', 'default'],
      ['project', 'create', 'weft:more'],
      ['config', 'set', 'weft:', 'user.x=1'],
      ['config', 'trust', 'list', 'weft:'],
    ]) {
      expect([forbidden.join(' '), await carol.refused(...forbidden)]).toEqual([
        forbidden.join(' '),
        expect.stringMatching(/not authorized|not found|restricted/i),
      ]);
    }
    await weft.ok(['delete', 'hidden']);
    await weft.ok(['delete', 'mine', '--project', 'tenant']);
  });
});
