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
import { inTheirWords, type Verdict } from './their-words';

export interface HandoverArchive {
  stream: Readable;
  /** Fails when the archive is not whole. */
  done: Promise<void>;
}

/**
 * @param open makes the archive, after the sink has agreed: what it wants may differ from the offer (`image`)
 * @throws HandoverFailed, and whatever the archive fails with
 */
export async function sendInstance(control: ControlSocket, fs: Writable, offer: Offer, open: (wanted: Offer) => Promise<HandoverArchive>): Promise<void> {
  await control.send(encodeHeader(offer));
  const { offer: wanted } = decodeHeader(await control.receive());
  if (!wanted) throw new HandoverFailed('The other server is no Weft server: it cannot take this instance');
  const verdict = control.receive().then(decodeControl);
  try {
    const archive = await open(wanted);
    await Promise.race([sent(archive, fs, verdict), untilRefused(verdict)]);
  } catch (error) {
    // First why, then that: the sink looks for a reason when the stream breaks. It may be the one that has gone, and knows already.
    await control.send(encodeControl({ success: false, message: (error as Error).message })).catch(() => undefined);
    fs.destroy();
    throw error;
  }
  await control.send(encodeControl({ success: true, message: '' }));
  const { success, message } = await verdict;
  if (!success) throw new HandoverFailed(message || 'The other server has not taken the instance');
}

async function sent({ stream, done }: HandoverArchive, fs: Writable, verdict: Verdict): Promise<void> {
  let isWhole = true;
  done.catch(() => (isWhole = false));
  try {
    await Promise.all([done, pipeline(stream, fs)]);
  } catch (error) {
    stream.destroy();
    throw isWhole ? await inTheirWords(error, verdict) : error;
  }
}

/** Never for a success: nobody can have taken what is not there yet. */
async function untilRefused(verdict: Verdict): Promise<never> {
  const { success, message } = await verdict;
  throw new HandoverFailed(success ? 'The other server speaks out of turn' : message || 'The other server refuses the instance');
}
