/**
 * Join tokens as LXD's client writes them: base64 of {client_name, fingerprint, addresses, secret, expires_at}. Only
 * the secret matters here; the rest tells the client where to go.
 */
import { createHash } from 'node:crypto';

const MAX_TOKEN_LENGTH = 16_384;

/** The secret in a token, or undefined when `text` is not a token (then it may be a trust password). */
export function secretOfToken(text: string): string | undefined {
  if (text.length > MAX_TOKEN_LENGTH || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return undefined;
  try {
    const decoded: unknown = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
    if (typeof decoded !== 'object' || decoded === null || !('secret' in decoded)) return undefined;
    return typeof decoded.secret === 'string' && decoded.secret !== '' ? decoded.secret : undefined;
  } catch {
    return undefined;
  }
}

/**
 * How a secret is kept. It has 256 random bits, so a plain hash cannot be turned around; it is also the key under which
 * the token is found, which leaks nothing through timing that helps to guess it.
 */
export const hashTokenSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');
