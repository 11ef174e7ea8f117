/**
 * The control channel over a stream of bytes (a session channel): each message behind its length.
 *
 *   length (4 bytes, big endian) | message | length | message ...
 */
import type { Duplex } from 'node:stream';
import type { ControlSocket } from './control-socket';
import { HandoverFailed } from './handover-failed';
import { MOST_BYTES } from './messages';

const LENGTH_BYTES = 4;

export function frameMessage(message: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

/** Finds the messages in what arrives, however it is cut. */
export class MessageSplitter {
  private rest = Buffer.alloc(0);

  /** @throws HandoverFailed for a message that is too long */
  push(chunk: Buffer): Buffer[] {
    this.rest = Buffer.concat([this.rest, chunk]);
    const messages: Buffer[] = [];
    while (this.rest.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + this.rest.readUInt32BE();
      if (end > LENGTH_BYTES + MOST_BYTES) throw new HandoverFailed(`A message of ${end - LENGTH_BYTES} bytes is too long`);
      if (this.rest.length < end) break;
      messages.push(this.rest.subarray(LENGTH_BYTES, end));
      this.rest = this.rest.subarray(end);
    }
    return messages;
  }
}

interface Receiver {
  resolve(message: Buffer): void;
  reject(error: Error): void;
}

/** @param interrupt ends a wait for the other side with its reason; what is sent still goes out */
export function controlOver(stream: Duplex, interrupt: AbortSignal): ControlSocket {
  const splitter = new MessageSplitter();
  const messages: Buffer[] = [];
  const waiting: Receiver[] = [];
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.splice(0)) reject(failure);
  };
  const take = (message: Buffer): void => {
    const next = waiting.shift();
    if (next) next.resolve(message);
    else messages.push(message);
  };
  const lost = () => fail(new HandoverFailed('The connection to the other server was lost'));
  stream.on('data', (chunk: Buffer) => {
    try {
      splitter.push(chunk).forEach(take);
    } catch (error) {
      stream.destroy(error as Error);
    }
  });
  stream
    .on('end', lost)
    .on('error', (error: Error) => fail(new HandoverFailed(error.message, { cause: error })))
    .on('close', lost);
  const stop = () => {
    messages.length = 0;
    fail(interrupt.reason as Error);
  };
  if (interrupt.aborted) stop();
  else interrupt.addEventListener('abort', stop, { once: true });
  return {
    send: (message) => new Promise((resolve, reject) => stream.write(frameMessage(message), (error) => (error ? reject(error) : resolve()))),
    receive() {
      const message = messages.shift();
      if (message) return Promise.resolve(message);
      if (failure) return Promise.reject(failure);
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
  };
}
