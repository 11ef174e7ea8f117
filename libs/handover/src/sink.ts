/** The sink's part of the conversation that source.ts draws. */
import type { Readable } from 'node:stream';
import type { ControlSocket } from './control-socket';
import { HandoverFailed } from './handover-failed';
import { decodeControl, decodeHeader, encodeControl, encodeHeader, type Offer } from './messages';

export interface Receiver {
  /** Refuses by throwing; its message goes to the other server. */
  accept(offer: Offer): Promise<void>;
  /** Reads the archive and keeps it beside: it is no instance yet. */
  take(archive: Readable): Promise<void>;
  /** The archive is whole: it becomes an instance. */
  commit(): Promise<void>;
}

/** @throws HandoverFailed, and what the receiver throws; then there is nothing to keep */
export async function receiveInstance(control: ControlSocket, fs: Readable, receiver: Receiver): Promise<void> {
  try {
    const { offer } = decodeHeader(await control.receive());
    if (!offer) throw new HandoverFailed('The other server is no Weft server: its instances cannot be taken');
    await receiver.accept(offer);
    await control.send(encodeHeader(offer));
    const verdict = control.receive().then(decodeControl);
    await Promise.race([taken(receiver, fs, verdict), whenFailed(verdict)]);
    await receiver.commit();
  } catch (error) {
    fs.destroy();
    // The source may be the one that has gone: then it knows already.
    await control.send(encodeControl({ success: false, message: (error as Error).message })).catch(() => undefined);
    throw error;
  }
  await control.send(encodeControl({ success: true, message: '' }));
}

type Verdict = Promise<{ success: boolean; message: string }>;

async function taken(receiver: Receiver, fs: Readable, verdict: Verdict): Promise<void> {
  await receiver.take(fs);
  await verdict;
}

/** For ever when it has not failed: `taken` tells of that. */
const whenFailed = (verdict: Verdict): Promise<never> =>
  verdict.then(({ success, message }) => {
    if (!success) throw new HandoverFailed(message || 'The other server has stopped sending the instance');
    return new Promise<never>(() => undefined);
  });
