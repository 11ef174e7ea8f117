/**
 * The frames of a byte channel (pure; `channel.ts` does the IO).
 *
 *   STATE  | 1 | nonce u32 | echo u32 | flags u8 | received u48 | limit u48 | sent u48 |    greeting, ack, credit, keepalive, EOF
 *   DATA   | 2 | nonce u32 | offset u48 | payload                                      |
 *   ABORT  | 3 | nonce u32 | clean u8   | reason (UTF-8)                               |
 *
 * `nonce` names one incarnation of a side, `echo` the peer's nonce as far as it is known (0: not yet heard), so both
 * know that they hear each other and neither mistakes a restarted peer for the one it knew. `received` frees the
 * sender's copies, `limit` is the offset up to which it may send, `sent` shows a receiver what the network has lost.
 */

/** NATS carries 1 MiB by default; small chunks keep interactive traffic smooth beside bulk. */
export const MAX_CHUNK_BYTES = 64 * 1024;

export interface StateFrame {
  kind: 'state';
  nonce: number;
  echo: number;
  /** The sender will write nothing beyond `sent`. */
  eof: boolean;
  /** The sender of this frame has received the peer's EOF and all before it. */
  eofReceived: boolean;
  /** Something is missing after `received`: send it again. */
  resend: boolean;
  received: number;
  limit: number;
  sent: number;
}
export interface DataFrame {
  kind: 'data';
  nonce: number;
  offset: number;
  payload: Buffer;
}
export interface AbortFrame {
  kind: 'abort';
  nonce: number;
  /** true: the peer is merely no longer interested; false: something went wrong. */
  clean: boolean;
  reason: string;
}
export type Frame = StateFrame | DataFrame | AbortFrame;

const STATE = 1;
const DATA = 2;
const ABORT = 3;
const STATE_BYTES = 28;
const DATA_HEADER_BYTES = 11;
const ABORT_HEADER_BYTES = 6;

export function encodeFrame(frame: Frame): Buffer {
  switch (frame.kind) {
    case 'state':
      return encodeState(frame);
    case 'data': {
      const header = Buffer.alloc(DATA_HEADER_BYTES);
      header.writeUInt8(DATA, 0);
      header.writeUInt32BE(frame.nonce, 1);
      header.writeUIntBE(frame.offset, 5, 6);
      return Buffer.concat([header, frame.payload]);
    }
    case 'abort': {
      const header = Buffer.alloc(ABORT_HEADER_BYTES);
      header.writeUInt8(ABORT, 0);
      header.writeUInt32BE(frame.nonce, 1);
      header.writeUInt8(frame.clean ? 1 : 0, 5);
      return Buffer.concat([header, Buffer.from(frame.reason.slice(0, 1024))]);
    }
  }
}

function encodeState(frame: StateFrame): Buffer {
  const bytes = Buffer.alloc(STATE_BYTES);
  bytes.writeUInt8(STATE, 0);
  bytes.writeUInt32BE(frame.nonce, 1);
  bytes.writeUInt32BE(frame.echo, 5);
  bytes.writeUInt8((frame.eof ? 1 : 0) | (frame.eofReceived ? 2 : 0) | (frame.resend ? 4 : 0), 9);
  bytes.writeUIntBE(frame.received, 10, 6);
  bytes.writeUIntBE(frame.limit, 16, 6);
  bytes.writeUIntBE(frame.sent, 22, 6);
  return bytes;
}

/** `undefined` for anything that is not a frame: a foreign message on the subject is ignored, never trusted. */
export function decodeFrame(data: Uint8Array): Frame | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.length < ABORT_HEADER_BYTES) return undefined;
  const nonce = bytes.readUInt32BE(1);
  switch (bytes.readUInt8(0)) {
    case STATE:
      return bytes.length === STATE_BYTES ? decodeState(bytes, nonce) : undefined;
    case DATA:
      if (bytes.length <= DATA_HEADER_BYTES || bytes.length > DATA_HEADER_BYTES + MAX_CHUNK_BYTES) return undefined;
      return { kind: 'data', nonce, offset: bytes.readUIntBE(5, 6), payload: bytes.subarray(DATA_HEADER_BYTES) };
    case ABORT:
      return { kind: 'abort', nonce, clean: bytes.readUInt8(5) === 1, reason: bytes.toString('utf8', ABORT_HEADER_BYTES, ABORT_HEADER_BYTES + 4096) };
    default:
      return undefined;
  }
}

function decodeState(bytes: Buffer, nonce: number): StateFrame {
  const flags = bytes.readUInt8(9);
  return {
    kind: 'state',
    nonce,
    echo: bytes.readUInt32BE(5),
    eof: (flags & 1) !== 0,
    eofReceived: (flags & 2) !== 0,
    resend: (flags & 4) !== 0,
    received: bytes.readUIntBE(10, 6),
    limit: bytes.readUIntBE(16, 6),
    sent: bytes.readUIntBE(22, 6),
  };
}
