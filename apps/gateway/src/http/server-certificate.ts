/**
 * The server's own certificate: an EC P-384 key and a self-signed certificate, made once and kept in the secrets
 * directory. The stock client pins it and takes the first DNS name as the server name, so there must be one.
 */
import { randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';

export interface ServerCertificate {
  certPem: string;
  keyPem: string;
  /** sha256 of the DER, hex. */
  fingerprint: string;
}

const VALID_YEARS = 10;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };

export async function loadServerCertificate(directory: string): Promise<ServerCertificate> {
  const certFile = join(directory, 'server.crt');
  const keyFile = join(directory, 'server.key');
  const present = await readPair(certFile, keyFile);
  if (present) return present;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const made = await selfSigned();
  // The key first and each by rename: a crash in between leaves no certificate without its key.
  await replaceFile(keyFile, made.keyPem, 0o600);
  await replaceFile(certFile, made.certPem, 0o644);
  return withFingerprint(made);
}

async function readPair(certFile: string, keyFile: string): Promise<ServerCertificate | undefined> {
  try {
    const [certPem, keyPem] = await Promise.all([readFile(certFile, 'utf8'), readFile(keyFile, 'utf8')]);
    return withFingerprint({ certPem, keyPem });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const withFingerprint = (pair: { certPem: string; keyPem: string }): ServerCertificate => ({
  ...pair,
  fingerprint: new X509Certificate(pair.certPem).fingerprint256.replaceAll(':', '').toLowerCase(),
});

async function replaceFile(file: string, content: string, mode: number): Promise<void> {
  const next = `${file}.${process.pid}.new`;
  await writeFile(next, content, { mode });
  await rename(next, file);
}

async function selfSigned(): Promise<{ certPem: string; keyPem: string }> {
  // Loaded here: only the very first start needs it. It wants the reflection metadata that Nest loads as well.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as never);
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const name = hostname();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: `00${randomBytes(15).toString('hex')}`,
    name: `O=Weft, CN=root@${name.replace(/[^A-Za-z0-9.-]/g, '-')}`,
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + VALID_YEARS * 365 * 86_400_000),
    signingAlgorithm: ALGORITHM,
    keys: keys as never,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: /^[A-Za-z0-9.-]+$/.test(name) ? name : 'localhost' },
        { type: 'dns', value: 'localhost' },
        ...localAddresses().map((value) => ({ type: 'ip' as const, value })),
      ]),
    ],
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    certPem: `${certificate.toString('pem')}\n`,
    keyPem: `-----BEGIN PRIVATE KEY-----\n${der.match(/.{1,64}/g)!.join('\n')}\n-----END PRIVATE KEY-----\n`,
  };
}

/** Addresses of this machine without link-local ones; loopback first, because it is always right. */
export function localAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const usable = all.map((one) => one.address).filter((address) => !address.startsWith('fe80:') && !address.startsWith('169.254.'));
  return [...new Set(['127.0.0.1', '::1', ...usable])];
}
