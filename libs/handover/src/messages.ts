/**
 * What two servers say to each other on the control channel of a migration: LXD's protobuf messages (proto2, as LXD 5.0 has
 * them; unknown fields are skipped by both), and one field more, by which two Weft servers know each other.
 *
 *   MigrationHeader   fs = 1  criu = 2  idmap = 3  snapshotNames = 4  snapshots = 5  ...  weft = 2020
 *   MigrationControl  success = 1  message = 2
 *
 * LXD answers a header with a header or, when it refuses, with a control message. Field 2 tells them apart: a number in
 * the one, text in the other.
 */
import { type Message, Reader, Root } from 'protobufjs/light';
import { HandoverFailed } from './handover-failed';

/** Far above any header (snapshots with their configuration), far below what would hurt. */
export const MOST_BYTES = 1024 * 1024;
/** The stream that Weft servers use: one tar archive of the instance's files. */
export const STREAM_VERSION = 1;
const RSYNC = 0;

export interface OfferedSnapshot {
  name: string;
  /** Which of the archive's snapshots it is. */
  id: string;
  /** Seconds since the epoch; `expiresAt` 0: never. */
  createdAt: number;
  expiresAt: number;
  /** What it froze beside its files, for the instance service at the other end: opaque here. */
  content: string;
}

/** What the source has. */
export interface Offer {
  type: 'container' | 'virtual-machine';
  /** Fingerprint of the image that the archive needs at the target, "" for none. A sink that has no such image answers with "". */
  image: string;
  /** About what will come, bytes. */
  bytes: number;
  snapshots: readonly OfferedSnapshot[];
}

export interface Header {
  /** Unset: the other side is no Weft server, or none that knows this stream. */
  offer?: Offer;
}

export interface ControlMessage {
  success: boolean;
  message: string;
}

const root = Root.fromJSON({
  nested: {
    Config: { fields: { key: { rule: 'required', type: 'string', id: 1 }, value: { rule: 'required', type: 'string', id: 2 } } },
    Snapshot: {
      fields: {
        name: { rule: 'required', type: 'string', id: 1 },
        localConfig: { rule: 'repeated', type: 'Config', id: 2 },
        profiles: { rule: 'repeated', type: 'string', id: 3 },
        ephemeral: { rule: 'required', type: 'bool', id: 4 },
        architecture: { rule: 'required', type: 'int32', id: 6 },
        stateful: { rule: 'required', type: 'bool', id: 7 },
      },
    },
    WeftSnapshot: {
      fields: {
        name: { type: 'string', id: 1 },
        id: { type: 'string', id: 2 },
        createdAt: { type: 'int64', id: 3 },
        expiresAt: { type: 'int64', id: 4 },
        content: { type: 'string', id: 5 },
      },
    },
    WeftOffer: {
      fields: {
        stream: { type: 'uint32', id: 1 },
        type: { type: 'string', id: 2 },
        image: { type: 'string', id: 3 },
        bytes: { type: 'int64', id: 4 },
        snapshots: { rule: 'repeated', type: 'WeftSnapshot', id: 5 },
      },
    },
    MigrationHeader: {
      fields: {
        fs: { rule: 'required', type: 'int32', id: 1 },
        criu: { type: 'int32', id: 2 },
        snapshotNames: { rule: 'repeated', type: 'string', id: 4 },
        weft: { type: 'WeftOffer', id: 2020 },
      },
    },
    MigrationControl: { fields: { success: { rule: 'required', type: 'bool', id: 1 }, message: { type: 'string', id: 2 } } },
  },
});
const HEADER = root.lookupType('MigrationHeader');
const CONTROL = root.lookupType('MigrationControl');

export function encodeHeader(offer: Offer): Buffer {
  const header = { fs: RSYNC, snapshotNames: offer.snapshots.map(({ name }) => name), weft: { ...offer, stream: STREAM_VERSION } };
  return Buffer.from(HEADER.encode(HEADER.fromObject(header)).finish());
}

/** @throws HandoverFailed with the other side's words when it refuses, or for what is no header */
export function decodeHeader(bytes: Buffer): Header {
  if (saysControl(bytes)) throw new HandoverFailed(decodeControl(bytes).message || 'The other server refuses the instance');
  const { weft } = read(HEADER, bytes) as { weft?: Partial<Offer> & { stream?: number } };
  if (weft?.stream !== STREAM_VERSION) return {};
  const { type, image = '', bytes: size = 0, snapshots = [] } = weft;
  if (type !== 'container' && type !== 'virtual-machine') throw new HandoverFailed('The other server offers an unknown type of instance');
  const whole = (one: Partial<OfferedSnapshot>): OfferedSnapshot => ({ name: '', id: '', createdAt: 0, expiresAt: 0, content: '', ...one });
  return { offer: { type, image, bytes: size, snapshots: snapshots.map(whole) } };
}

export const encodeControl = (control: ControlMessage): Buffer => Buffer.from(CONTROL.encode(CONTROL.fromObject(control)).finish());

/** @throws HandoverFailed for what is none */
export function decodeControl(bytes: Buffer): ControlMessage {
  const { success = false, message = '' } = read(CONTROL, bytes) as Partial<ControlMessage>;
  return { success, message };
}

function read(type: typeof HEADER, bytes: Buffer): object {
  if (bytes.length > MOST_BYTES) throw new HandoverFailed(`A message of ${bytes.length} bytes is too long`);
  let message: Message;
  try {
    message = type.decode(bytes);
  } catch (error) {
    throw new HandoverFailed('The other server does not speak the migration protocol', { cause: error });
  }
  return type.toObject(message, { longs: Number });
}

/** Field 2 as text. What cannot be read is for `decode` to refuse. */
function saysControl(bytes: Buffer): boolean {
  const LENGTH_DELIMITED = 2;
  const reader = Reader.create(bytes);
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      if (tag >>> 3 === 2) return (tag & 7) === LENGTH_DELIMITED;
      reader.skipType(tag & 7);
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
  return false;
}
