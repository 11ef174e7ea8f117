import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What of a refused body is still read, at most. */
const DRAIN_BYTES = 1024 ** 3;
const DRAIN_MS = 20_000;

/** Hands the body of a request on. When the other side gives up, the request itself stays whole: it can still be answered. */
export const sendBody = (body: Readable, to: Writable): Promise<void> => pipeline(body.iterator({ destroyOnReturn: false }), to);

/**
 * Reads what the client still sends, within bounds, and throws it away: one that is in the middle of a body sees a
 * closed connection as a broken pipe, and never the answer with the reason.
 * @param sent whoever read the body until now; it must have let go first
 */
export async function drain(body: Readable, sent: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, DRAIN_MS)));
  const letGo = sent.catch(() => undefined);
  await Promise.race([enough, letGo.then(() => toTheEnd(body))]);
  clearTimeout(timer);
}

function toTheEnd(body: Readable): Promise<void> {
  return new Promise((resolve) => {
    if (body.readableEnded || body.destroyed) return resolve();
    let left = DRAIN_BYTES;
    body.once('end', resolve).once('close', resolve);
    body.unpipe().on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) resolve();
    });
    body.resume();
  });
}
