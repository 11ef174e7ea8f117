import { createHash, X509Certificate } from 'node:crypto';
import { WeftError } from '@weft/contracts';

export interface ParsedCertificate {
  /** sha256 of the DER form, hex: the identity of a client. */
  fingerprint: string;
  /** Normalised PEM with a newline at the end. */
  pem: string;
  commonName: string;
  notAfter: Date;
}

/** Accepts PEM, or the bare base64 DER that LXD's clients send. Refuses anything else as `certificate.invalid`. */
export function parseCertificate(text: string): ParsedCertificate {
  const x509 = read(text);
  return {
    fingerprint: createHash('sha256').update(x509.raw).digest('hex'),
    pem: x509.toString(),
    commonName: /^CN=(.*)$/m.exec(x509.subject ?? '')?.[1] ?? '',
    notAfter: new Date(x509.validTo),
  };
}

function read(text: string): X509Certificate {
  try {
    return new X509Certificate(text.includes('-----BEGIN') ? text : Buffer.from(text, 'base64'));
  } catch (cause) {
    throw new WeftError('certificate.invalid', 'The certificate is not valid X.509 in PEM form', { cause });
  }
}
