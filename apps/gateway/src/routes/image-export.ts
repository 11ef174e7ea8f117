/**
 * `GET /1.0/images/<fingerprint>/export`: the original files, from a member that has them. One file as it is, two as
 * a multipart form with `metadata` and `rootfs` (`rootfs.img` for a disk), as LXD sends them.
 */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { newId, WeftError } from '@weft/contracts';
import { openChannel } from '@weft/session';
import type { Deps } from '../gateway.deps';
import type { Reply } from '../http/reply';
import type { Call } from '../http/route';
import { findImage } from '../queries/image.query';

interface Sending {
  split: boolean;
  metadataName: string;
  rootfsName: string;
  metadataBytes: number;
  rootfsBytes: number;
}

export async function exportImage(deps: Deps, call: Call): Promise<Reply> {
  const row = await findImage(deps.reads, call, call.params.fingerprint ?? '');
  const fingerprint = row[2] ?? '';
  const holder = deps.members.members().find((member) => member.images.includes(fingerprint));
  if (!holder) throw new WeftError('member.unavailable', 'No member that has this image is online');
  const sessionId = newId();
  const channel = (name: string) => openChannel(deps.nc, { sessionId, channel: name, side: 'client', attachTimeoutMs: 0 });
  const metadata = channel('metadata');
  const rootfs = channel('rootfs');
  metadata.on('error', () => undefined);
  rootfs.on('error', () => undefined);
  try {
    const sending = await deps.commands.ask<Sending, 'image.send'>(holder.member, 'image.send', { fingerprint, sessionId }, call.meta());
    metadata.end();
    if (sending.split) {
      rootfs.end();
      return multipart(sending, metadata, rootfs);
    }
    rootfs.destroy();
    return {
      kind: 'raw',
      contentType: 'application/octet-stream',
      body: metadata,
      headers: { 'content-length': String(sending.metadataBytes), 'content-disposition': `attachment;filename=${sending.metadataName}` },
    };
  } catch (error) {
    metadata.destroy();
    rootfs.destroy();
    throw error;
  }
}

function multipart(sending: Sending, metadata: Readable, rootfs: Readable): Reply {
  const boundary = randomBytes(24).toString('hex');
  const part = (first: boolean, name: string, filename: string): string =>
    `${first ? '' : '\r\n'}--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: application/octet-stream\r\n\r\n`;
  const field = /\.(img|qcow2)$/.test(sending.rootfsName) ? 'rootfs.img' : 'rootfs';
  const heads = [part(true, 'metadata', sending.metadataName), part(false, field, sending.rootfsName)] as const;
  const tail = `\r\n--${boundary}--\r\n`;
  const length = Buffer.byteLength(heads[0] + heads[1] + tail) + sending.metadataBytes + sending.rootfsBytes;
  async function* content(): AsyncGenerator<Buffer> {
    yield Buffer.from(heads[0]);
    yield* metadata as AsyncIterable<Buffer>;
    yield Buffer.from(heads[1]);
    yield* rootfs as AsyncIterable<Buffer>;
    yield Buffer.from(tail);
  }
  return {
    kind: 'raw',
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Readable.from(content()),
    headers: { 'content-length': String(length) },
  };
}
