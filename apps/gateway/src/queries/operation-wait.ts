/**
 * Waiting for the end of an operation: listen first, then read, so that no end falls in between. The event may be
 * lost with the broker; a slow look at the database makes up for it.
 */
import type { IncomingMessage } from 'node:http';
import { WeftError, type LxdOperation } from '@weft/contracts';
import type { EventHub } from '../clients/event.hub';
import type { ReadClient } from '../clients/read.client';
import { findOperation } from './operation.query';

const LOOK_AGAIN_MS = 5_000;
const FINAL = 200;

/** The operation's JSON: final, or as it stands when `timeoutMs` is over or the client has left. */
export async function waitForOperation(
  deps: { hub: EventHub; reads: ReadClient },
  id: string,
  timeoutMs: number | undefined,
  client: IncomingMessage,
): Promise<string> {
  const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  let wake: () => void = () => undefined;
  let ended = false;
  const stopListening = deps.hub.onEnd(id, () => {
    ended = true;
    wake();
  });
  const leave = (): void => wake();
  client.socket.once('close', leave);
  try {
    for (;;) {
      ended = false;
      const found = await findOperation(deps.reads, id);
      const doc = found?.doc ?? 'null';
      const left = deadline - Date.now();
      if (!found || found.statusCode >= FINAL || left <= 0 || client.socket.destroyed) return doc;
      if (!ended) await sleepUntilWoken(Math.min(left, LOOK_AGAIN_MS), (callback) => (wake = callback));
    }
  } finally {
    stopListening();
    client.socket.off('close', leave);
  }
}

/** For requests that LXD answers at the end of their work. @throws WeftError `task.failed` with what the operation failed with */
export async function requireSuccess(deps: { hub: EventHub; reads: ReadClient }, id: string, { raw }: { raw: IncomingMessage }): Promise<void> {
  const ended = JSON.parse(await waitForOperation(deps, id, undefined, raw)) as LxdOperation | null;
  if (ended && ended.status_code > FINAL) throw new WeftError('task.failed', ended.err);
}

function sleepUntilWoken(ms: number, onWake: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    onWake(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
