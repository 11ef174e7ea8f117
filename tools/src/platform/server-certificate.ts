import { existsSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import { BasicConstraintsExtension, ExtendedKeyUsage, ExtendedKeyUsageExtension, SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';

const VALID_YEARS = 10;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' };

/**
 * The API's certificate, self-signed as LXD's is: clients pin it. The stock client checks the first DNS name among the
 * alternative names, hence `localhost` comes first.
 */
export const ensureServerCertificate = async (secretsDir: string): Promise<void> => {
  const certificateFile = join(secretsDir, 'server.crt');
  const keyFile = join(secretsDir, 'server.key');
  if (existsSync(certificateFile) && existsSync(keyFile)) return;
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const notBefore = new Date();
  const notAfter = new Date(notBefore);
  notAfter.setFullYear(notAfter.getFullYear() + VALID_YEARS);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: [{ O: ['Weft'] }, { CN: [`root@${hostname()}`] }],
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'dns', value: hostname() },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
    ],
  });
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey));
  const pem = `-----BEGIN PRIVATE KEY-----\n${key.toString('base64').replace(/(.{64})(?!$)/g, '$1\n')}\n-----END PRIVATE KEY-----\n`;
  writeFileSync(keyFile, pem, { mode: 0o600 });
  writeFileSync(certificateFile, `${certificate.toString('pem')}\n`, { mode: 0o644 });
};
