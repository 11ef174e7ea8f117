/**
 * The server's own certificate: an EC P-384 key and a self-signed certificate, made once and kept in the secrets
 * directory. The stock client pins it and takes the first DNS name as the server name, so there must be one.
 */
import { createPrivateKey, createPublicKey, generateKeyPair, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readOrCreate } from './exclusive-file';

export interface ServerCertificate {
  certPem: string;
  keyPem: string;
  /** sha256 of the DER, hex. */
  fingerprint: string;
}

const VALID_YEARS = 10;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };

/**
 * Safe for several replicas on one empty directory: first they agree on the key, then on one certificate for it. A
 * crash in between leaves a key, for which the next start makes the certificate.
 */
export async function loadServerCertificate(directory: string): Promise<ServerCertificate> {
  const certFile = join(directory, 'server.crt');
  const keyFile = join(directory, 'server.key');
  const keyPem = await readOrCreate(keyFile, 0o600, makeKey);
  const certPem = await readOrCreate(certFile, 0o644, () => selfSigned(keyPem));
  const certificate = new X509Certificate(certPem);
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) {
    throw new Error(`${certFile} does not belong to ${keyFile}: put the right pair there, or remove both and the next start makes new ones`);
  }
  return { certPem, keyPem, fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase() };
}

async function makeKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('ec', { namedCurve: ALGORITHM.namedCurve });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** A webcrypto key pair out of a private key in PEM. */
async function keyPair(keyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const pkcs8 = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(keyPem).export({ type: 'spki', format: 'der' });
  const { subtle } = webcrypto;
  const [privateKey, publicKey] = await Promise.all([
    subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']),
    subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
  ]);
  return { privateKey, publicKey };
}

async function selfSigned(keyPem: string): Promise<string> {
  // Loaded here: only the very first start needs it. It wants the reflection metadata that Nest loads as well.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as never);
  const keys = await keyPair(keyPem);
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
  return `${certificate.toString('pem')}\n`;
}

/** Addresses of this machine without link-local ones; loopback first, because it is always right. */
export function localAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const usable = all.map((one) => one.address).filter((address) => !address.startsWith('fe80:') && !address.startsWith('169.254.'));
  return [...new Set(['127.0.0.1', '::1', ...usable])];
}
