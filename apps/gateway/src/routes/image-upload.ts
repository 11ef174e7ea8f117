/**
 * `POST /1.0/images` with the image in the body (LXD 5.0 "image_create"): one file, or a multipart form with
 * `metadata` and `rootfs` (`rootfs.img` for virtual machines), in this order.
 *
 *   client --body--> gateway --session channels--> agent of the chosen member --staged--> gateway --image.create--> service
 *
 * Nothing is kept here: the bytes go to the agent as fast as it takes them (ADR 0002).
 */
import busboy from 'busboy';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { newId, WeftError, type StagedImage } from '@weft/contracts';
import { openChannel } from '@weft/session';
import type { Deps } from '../gateway.deps';
import { started, type Reply } from '../http/reply';
import { drain, sendBody } from '../http/request-body';
import type { Call } from '../http/route';

const UPLOAD_TIMEOUT_MS = 6 * 3_600_000;
const DISCARD_TIMEOUT_MS = 5_000;
const MAX_PROPERTIES_BYTES = 65_536;
const MAX_METADATA_BYTES = 64 * 1024 * 1024;

interface Upload {
  deps: Deps;
  call: Call;
  member: string;
  uploadId: string;
  sessionId: string;
}

export async function uploadImage(deps: Deps, call: Call): Promise<Reply> {
  const contentType = call.headers['content-type'] ?? '';
  if (contentType.startsWith('application/json')) {
    throw new WeftError('request.unsupported', 'This server takes images as uploads; it cannot fetch them from other servers or make them from instances yet');
  }
  const { member } = await deps.commands.send<{ member: string }>('image.choose-member', {}, call.meta());
  const upload: Upload = { deps, call, member, uploadId: newId(), sessionId: newId() };
  const staged = contentType.startsWith('multipart/form-data') ? await sendSplit(upload) : await sendUnified(upload);
  const { name, properties } = describe(call);
  const body = {
    staged,
    member,
    filename: name,
    public: header(call, 'x-lxd-public') === '1' || header(call, 'x-lxd-public') === 'true',
    autoUpdate: false,
    properties,
    profiles: profilesOf(call),
    aliases: [],
  };
  const operation = await deps.commands.start('image.create', body, call.meta()).catch(async (error: unknown) => {
    await discard(upload);
    throw error;
  });
  return started(operation, call);
}

/** What was refused does not stay on the member. When it cannot be told, it sweeps the upload by itself later. */
async function discard({ deps, call, member, uploadId }: Upload): Promise<void> {
  await deps.commands.ask(member, 'image.discard', { uploadId }, call.meta(), DISCARD_TIMEOUT_MS).catch((error: unknown) => {
    deps.logger.warn({ err: error, member, uploadId }, 'upload not discarded');
  });
}

const header = (call: Call, name: string): string => {
  const value = call.headers[name];
  return typeof value === 'string' ? value : '';
};

/** `X-LXD-properties` and `X-LXD-profiles` are URL-encoded forms. */
function form(call: Call, name: string): URLSearchParams {
  const text = header(call, name);
  if (text.length > MAX_PROPERTIES_BYTES) throw new WeftError('request.too-large', `The header ${name} is too large`);
  return new URLSearchParams(text);
}

const describe = (call: Call) => ({ name: header(call, 'x-lxd-filename'), properties: Object.fromEntries(form(call, 'x-lxd-properties')) });

function profilesOf(call: Call): string[] | null {
  const names = form(call, 'x-lxd-profiles').getAll('profile');
  return names.length === 0 ? null : names;
}

async function sendUnified(upload: Upload): Promise<StagedImage> {
  const { call } = upload;
  return receive(upload, { split: false, filename: header(call, 'x-lxd-filename'), rootfsName: '' }, (channel) => sendBody(call.raw, channel('metadata')));
}

async function sendSplit(upload: Upload): Promise<StagedImage> {
  const { call } = upload;
  let parser: busboy.Busboy;
  try {
    parser = busboy({ headers: call.headers, limits: { files: 2, fields: 16, parts: 20, headerPairs: 50 } });
  } catch (error) {
    throw new WeftError('request.invalid', 'The multipart form is not sound', { cause: error });
  }
  const [first, second] = twoParts(parser);
  call.raw.on('error', (error) => parser.destroy(error));
  call.raw.pipe(parser);
  const metadata = await first;
  if (metadata.field !== 'metadata') throw new WeftError('image.invalid', 'The first part of a split image must be "metadata"');
  // The agent wants both names at once. Metadata is small, so it is held until the second part shows its name.
  const held = await readAll(metadata.content);
  const rootfs = await second;
  if (!rootfs.field.startsWith('rootfs')) throw new WeftError('image.invalid', 'The second part of a split image must be "rootfs" or "rootfs.img"');
  return receive(upload, { split: true, filename: metadata.filename, rootfsName: rootfs.filename || rootfs.field }, async (channel) => {
    await pipeline(Readable.from([held]), channel('metadata'));
    await pipeline(rootfs.content, channel('rootfs'));
  });
}

async function readAll(content: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    total += chunk.length;
    if (total > MAX_METADATA_BYTES) throw new WeftError('request.too-large', `The metadata of an image may have ${MAX_METADATA_BYTES} bytes at most`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, total);
}

interface Part {
  field: string;
  filename: string;
  content: Readable;
}

/** Small metadata and the head of the second file often come in one chunk: one listener, there from the start, sees both. */
function twoParts(parser: busboy.Busboy): [Promise<Part>, Promise<Part>] {
  const waiting: { resolve(part: Part): void; reject(error: WeftError): void }[] = [];
  const next = (): Promise<Part> => {
    const part = new Promise<Part>((resolve, reject) => waiting.push({ resolve, reject }));
    part.catch(() => undefined);
    return part;
  };
  const end = (cause?: unknown) => {
    for (const { reject } of waiting.splice(0)) reject(new WeftError('image.invalid', 'The multipart form ends before both files are there', { cause }));
  };
  parser.on('file', (field, content, { filename }) => {
    content.on('error', () => undefined);
    waiting.shift()?.resolve({ field, filename: filename ?? '', content });
  });
  parser.once('error', end);
  parser.once('close', () => end());
  return [next(), next()];
}

/** Runs the transfer beside the agent's request. Whichever fails first decides what the user reads. */
async function receive(
  upload: Upload,
  about: { split: boolean; filename: string; rootfsName: string },
  transfer: (channel: (name: string) => ReturnType<typeof openChannel>) => Promise<void>,
): Promise<StagedImage> {
  const { deps, call, member, uploadId, sessionId } = upload;
  const names = about.split ? ['metadata', 'rootfs'] : ['metadata'];
  const channels = new Map(names.map((name) => [name, openChannel(deps.nc, { sessionId, channel: name, side: 'client', attachTimeoutMs: 0 })]));
  for (const channel of channels.values()) channel.on('error', () => undefined).resume();
  const staged = deps.commands.ask<StagedImage, 'image.receive'>(member, 'image.receive', { uploadId, sessionId, ...about }, call.meta(), UPLOAD_TIMEOUT_MS);
  const sent = transfer((name) => channels.get(name)!);
  try {
    const failedTransfer = sent.then(
      () => staged,
      async (error: unknown) => Promise.race([staged, refusal(error)]),
    );
    return await Promise.race([staged, failedTransfer]);
  } catch (error) {
    for (const channel of channels.values()) channel.destroy();
    await drain(call.raw, sent);
    throw error;
  } finally {
    for (const channel of channels.values()) channel.destroy();
    staged.catch(() => undefined);
    sent.catch(() => undefined);
  }
}

/** A broken transfer often has its reason on the agent's side: let its answer come first. */
async function refusal(error: unknown): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, 500).unref());
  if (error instanceof WeftError) throw error;
  throw new WeftError('image.invalid', 'The upload ended before the image was complete', { cause: error });
}
