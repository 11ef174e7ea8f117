/** The sink's part of the conversation that source.ts draws. */
import type { Readable } from 'node:stream';
import type { ControlSocket } from './control-socket';
import { HandoverFailed } from './handover-failed';
import { decodeControl, decodeHeader, encodeControl, encodeHeader, type Offer } from './messages';
import { inTheirWords, type Verdict } from './their-words';

export interface Receiver {
  /** What it wants of the offer (`image` "": all files, not the differences). Refuses by throwing; its message goes to the other server. */
  accept(offer: Offer): Promise<Offer>;
  /** Reads the archive and keeps it beside: it is no instance yet. */
  take(archive: Readable): Promise<void>;
  /** The archive is whole: it becomes an instance. */
  commit(): Promise<void>;
}

/** @throws HandoverFailed, and what the receiver throws; then there is nothing to keep, and nothing of it is under way any more */
export async function receiveInstance(control: ControlSocket, fs: Readable, receiver: Receiver): Promise<void> {
  try {
    const { offer } = decodeHeader(await Promise.race([control.receive(), whenBroken(fs)]));
    if (!offer) throw new HandoverFailed('The other server is no Weft server: its instances cannot be taken');
    await control.send(encodeHeader(await receiver.accept(offer)));
    await take(receiver, fs, control.receive().then(decodeControl));
    await receiver.commit();
  } catch (error) {
    // First why, then that, as at the source.
    await control.send(encodeControl({ success: false, message: (error as Error).message })).catch(() => undefined);
    fs.destroy();
    throw error;
  }
  await control.send(encodeControl({ success: true, message: '' }));
}

/** For ever when it has not broken. A channel that never came about is no reason for the source to say anything. */
const whenBroken = (fs: Readable): Promise<never> =>
  new Promise((_resolve, reject) => {
    if (fs.errored) reject(fs.errored);
    else fs.once('error', reject);
  });

/** Until all is here and the source has said that it is all. */
async function take(receiver: Receiver, fs: Readable, verdict: Verdict): Promise<void> {
  const taking = receiver.take(fs);
  try {
    await Promise.race([taking.then(() => verdict), whenFailed(verdict)]);
  } catch (error) {
    const reason = fs.errored ? await inTheirWords(error, verdict) : error;
    fs.destroy();
    await taking.catch(() => undefined);
    throw reason;
  }
}

/** For ever when it has not failed: `take` tells of that. */
const whenFailed = (verdict: Verdict): Promise<never> =>
  verdict.then(({ success, message }) => {
    if (!success) throw new HandoverFailed(message || 'The other server has stopped sending the instance');
    return new Promise<never>(() => undefined);
  });
