import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { scratchDir } from '@weft/testing';
import { loadSessionKey } from './secrets';
import { loadServerCertificate } from './server-certificate';

const REPLICAS = 6;
const together = <T>(load: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: REPLICAS }, load));

describe('secrets of replicas that start at once on an empty directory', () => {
  let scratch: Awaited<ReturnType<typeof scratchDir>>;
  let directory: string;
  beforeEach(async () => {
    scratch = await scratchDir();
    directory = join(scratch.path, 'secrets');
  });
  afterEach(() => scratch.remove());

  it('are one certificate with its key', async () => {
    const all = await together(() => loadServerCertificate(directory));
    expect(new Set(all.map(({ fingerprint, keyPem }) => fingerprint + keyPem)).size).toBe(1);
    const { certPem, keyPem } = all[0]!;
    const certificate = new X509Certificate(certPem);
    expect(certificate.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect((await readdir(directory)).sort()).toEqual(['server.crt', 'server.key']);
    expect((await stat(join(directory, 'server.key'))).mode & 0o777).toBe(0o600);
    expect(await loadServerCertificate(directory)).toEqual(all[0]);
  });

  it('are one session key', async () => {
    const all = await together(() => loadSessionKey(directory));
    expect(new Set(all.map((key) => key.toString('hex'))).size).toBe(1);
    expect(await readdir(directory)).toEqual(['session-secret']);
  });

  it('are completed after a crash between key and certificate', async () => {
    const { keyPem } = await loadServerCertificate(directory);
    await rm(join(directory, 'server.crt'));
    const all = await together(() => loadServerCertificate(directory));
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(1);
    expect(all[0]!.keyPem).toBe(keyPem);
  });

  it('are refused when they do not belong together', async () => {
    await loadServerCertificate(directory);
    await rm(join(directory, 'server.key'));
    await expect(loadServerCertificate(directory)).rejects.toThrow(/does not belong to/);
  });
});
