/**
 * The source's part of the conversation between two servers.
 *
 *   source                                   sink
 *     | header: what is offered ----------->  |   may it come? is its name free, is there room?
 *     | <----------- header, or a refusal     |
 *     | archive (fs channel) ============> |   kept beside, no instance yet
 *     | control: all of it has gone --------> |   only now it becomes an instance
 *     | <--------- control: here it is        |
 *
 * Either side may say "failed, because" at any time. A connection that breaks is a failure: without the last two
 * messages neither side takes the other's silence for success.
 */
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ControlSocket } from './control-socket';
import { HandoverFailed } from './handover-failed';
import { decodeControl, decodeHeader, encodeControl, encodeHeader, type Offer } from './messages';

export interface HandoverArchive {
  stream: Readable;
  /** Fails when the archive is not whole. */
  done: Promise<void>;
}

/** @param open makes the archive, after the sink has agreed. @throws HandoverFailed, and whatever the archive fails with */
export async function sendInstance(control: ControlSocket, fs: Writable, offer: Offer, open: () => Promise<HandoverArchive>): Promise<void> {
  await control.send(encodeHeader(offer));
  if (!decodeHeader(await control.receive()).offer) throw new HandoverFailed('The other server is no Weft server: it cannot take this instance');
  const verdict = control.receive().then(decodeControl);
  try {
    const archive = await open();
    await Promise.race([sent(archive, fs), untilRefused(verdict)]);
  } catch (error) {
    fs.destroy();
    // The sink may be the one that has gone: then it knows already.
    await control.send(encodeControl({ success: false, message: (error as Error).message })).catch(() => undefined);
    throw error;
  }
  await control.send(encodeControl({ success: true, message: '' }));
  const { success, message } = await verdict;
  if (!success) throw new HandoverFailed(message || 'The other server has not taken the instance');
}

async function sent({ stream, done }: HandoverArchive, fs: Writable): Promise<void> {
  await Promise.all([pipeline(stream, fs), done]);
}

/** Never for a success: nobody can have taken what is not there yet. */
async function untilRefused(verdict: Promise<{ success: boolean; message: string }>): Promise<never> {
  const { success, message } = await verdict;
  throw new HandoverFailed(success ? 'The other server speaks out of turn' : message || 'The other server refuses the instance');
}
