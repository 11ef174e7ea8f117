/** Images over sessions: from the gateway (upload), to it (export), and between members (fetch). */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { agentSubject, newId, unwrap, WeftError, type AgentRequest, type CommandReply, type StagedImage } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import { openChannel, type SessionChannel, type Side } from '@weft/session';
import { z } from 'zod';
import type { Progress } from '../drivers/driver';
import type { HostImages } from './host-images';
import { extensionOf, readFormat } from './image-format';

const sendReply = z.object({ split: z.boolean(), metadataName: z.string(), rootfsName: z.string(), metadataBytes: z.number(), rootfsBytes: z.number() });
type SendReply = z.infer<typeof sendReply>;

const REQUEST_TIMEOUT_MS = 10_000;

export class ImageTransfer {
  constructor(
    private readonly nc: NatsConnection,
    private readonly images: HostImages,
    private readonly logger: Logger,
  ) {}

  /** Takes an upload on the channels of a session and reads it. */
  async receive(request: AgentRequest<'image.receive'>): Promise<StagedImage> {
    const { uploadId, sessionId, split, filename, rootfsName } = request;
    return this.take(uploadId, this.channels(sessionId, split, 'server'), { split, metadataName: filename, rootfsName });
  }

  async discard({ uploadId }: AgentRequest<'image.discard'>): Promise<Record<string, never>> {
    await this.images.abandonUpload(uploadId);
    return {};
  }

  /** Sends the files of an image; replies with what will come before it has gone. */
  async send({ fingerprint, sessionId }: AgentRequest<'image.send'>): Promise<SendReply> {
    const { split } = await this.images.meta(fingerprint);
    const parts = split ? (['metadata', 'rootfs'] as const) : (['metadata'] as const);
    const files = parts.map((part) => this.images.filePath(fingerprint, part));
    const reply = await describe(fingerprint, files);
    this.channels(sessionId, split, 'server').forEach((channel, index) => {
      // The other side may write nothing; reading on lets its EOF arrive.
      channel.resume();
      pipeline(createReadStream(files[index]!), channel)
        .catch((error: unknown) => this.logger.info({ err: error, fingerprint }, 'image not sent'))
        .finally(() => channel.destroy());
    });
    return reply;
  }

  /** Gets an image from a member that has it. A repeat finds it in the store. */
  async fetch(fingerprint: string, from: string, progress: Progress): Promise<void> {
    if ((await this.images.list()).includes(fingerprint)) return;
    const [sessionId, uploadId] = [newId(), newId()];
    const answer = await this.nc
      .request(agentSubject(from, 'image.send'), JSON.stringify({ fingerprint, sessionId }), { timeout: REQUEST_TIMEOUT_MS })
      .catch((cause: unknown) => {
        throw new WeftError('member.unavailable', `Member ${from} does not answer`, { cause });
      });
    const offer = sendReply.parse(unwrap(answer.json<CommandReply>()));
    progress('fetch_image', `Copying image ${fingerprint.slice(0, 12)} from ${from}`);
    const staged = await this.take(uploadId, this.channels(sessionId, offer.split, 'client'), offer);
    if (staged.fingerprint !== fingerprint) {
      await this.images.abandonUpload(uploadId);
      throw new WeftError('image.invalid', `Member ${from} sent an image with another fingerprint`);
    }
    await this.images.commit(uploadId, fingerprint);
  }

  private channels(sessionId: string, split: boolean, side: Side): SessionChannel[] {
    return (split ? ['metadata', 'rootfs'] : ['metadata']).map((channel) => openChannel(this.nc, { sessionId, channel, side }));
  }

  private async take(uploadId: string, channels: SessionChannel[], names: { split: boolean; metadataName: string; rootfsName: string }): Promise<StagedImage> {
    const hash = createHash('sha256');
    const sizeBytes = await this.store(uploadId, channels, hash).catch(async (error: unknown) => {
      for (const channel of channels) channel.abort(error instanceof Error ? error.message : String(error));
      await this.images.abandonUpload(uploadId);
      throw error;
    });
    // The transfer went well: whether the image is sound is the reply's business.
    channels.forEach((channel) => channel.end());
    const { split, metadataName, rootfsName } = names;
    return this.images.finishUpload(uploadId, { split, metadataName, rootfsName, fingerprint: hash.digest('hex'), sizeBytes });
  }

  private async store(uploadId: string, channels: SessionChannel[], hash: Hash): Promise<number> {
    const { metadataBytes, archiveBytes } = this.images.limits;
    const dir = await this.images.beginUpload(uploadId);
    const [metadata, rootfs] = channels;
    const first = await store(metadata, join(dir, 'metadata'), hash, rootfs ? metadataBytes : archiveBytes);
    return first + (await store(rootfs, join(dir, 'rootfs'), hash, archiveBytes));
  }
}

/** Writes a channel to a file and into the hash; returns the size. */
async function store(channel: SessionChannel | undefined, path: string, hash: Hash, limitBytes: number): Promise<number> {
  if (!channel) return 0;
  let size = 0;
  const measured = async function* (source: Readable): AsyncGenerator<Buffer> {
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).length;
      if (size > limitBytes) throw new WeftError('request.too-large', `The image is larger than ${limitBytes} bytes`);
      hash.update(chunk as Buffer);
      yield chunk as Buffer;
    }
  };
  await pipeline(measured(channel), createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }));
  return size;
}

async function describe(fingerprint: string, files: readonly string[]): Promise<SendReply> {
  const [metadata, rootfs] = await Promise.all(files.map(async (file) => ({ bytes: (await stat(file)).size, extension: extensionOf(await readFormat(file)) })));
  return {
    split: rootfs !== undefined,
    metadataName: `${rootfs ? 'meta-' : ''}${fingerprint}${metadata?.extension ?? ''}`,
    rootfsName: rootfs ? `${fingerprint}${rootfs.extension}` : '',
    metadataBytes: metadata?.bytes ?? 0,
    rootfsBytes: rootfs?.bytes ?? 0,
  };
}
