/** Files of a guest: push, pull and delete, with content on channel "data" of a session. */
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import { WeftError, type AgentRequest, type InstanceSpec } from '@weft/contracts';
import type { Logger } from '@weft/platform';
import { openChannel, type SessionChannel } from '@weft/session';
import type { FileStat, GuestFiles } from '../drivers/driver';
import type { DriverRegistry } from '../drivers/driver-registry';

export interface FileRequestDeps {
  nc: NatsConnection;
  drivers: DriverRegistry;
  logger: Logger;
}

const MAX_PATH_BYTES = 4095;
const DEFAULT_MODES = { file: 0o644, directory: 0o755, symlink: 0o777 };

function guestPath(path: string): string {
  if (path.includes('\0') || Buffer.byteLength(path) > MAX_PATH_BYTES) throw new WeftError('file.invalid', 'This is not a path');
  return posix.resolve('/', path);
}

const openFiles = (deps: FileRequestDeps, spec: InstanceSpec): Promise<GuestFiles> => deps.drivers.require(spec.type).files(spec);

export async function getFile(deps: FileRequestDeps, request: AgentRequest<'file.get'>): Promise<object> {
  const path = guestPath(request.path);
  const files = await openFiles(deps, request.instance);
  try {
    const { type, uid, gid, mode, sizeBytes } = await files.stat(path);
    if (type === 'directory') {
      const entries = await files.list(path);
      await files.close();
      return { type, uid, gid, mode, entries };
    }
    const content = type === 'symlink' ? Readable.from([Buffer.from(await files.readlink(path))]) : await files.read(path);
    void sendContent(deps, request.sessionId, content, files);
    return { type, uid, gid, mode, size: sizeBytes };
  } catch (error) {
    await files.close();
    throw error;
  }
}

async function sendContent(deps: FileRequestDeps, sessionId: string, content: Readable, files?: GuestFiles): Promise<void> {
  const channel = openChannel(deps.nc, { sessionId, channel: 'data', side: 'server' });
  // The other side may write nothing; reading on lets its EOF arrive.
  channel.resume();
  try {
    await pipeline(content, channel);
  } catch (error) {
    deps.logger.info({ err: error }, 'content not sent');
  } finally {
    channel.destroy();
    await files?.close();
  }
}

/** Content of a file on this host, on channel "data". */
export const sendFile = (deps: FileRequestDeps, sessionId: string, content: Readable): void => void sendContent(deps, sessionId, content);

export async function putFile(deps: FileRequestDeps, request: AgentRequest<'file.put'>): Promise<object> {
  const path = guestPath(request.path);
  const files = await openFiles(deps, request.instance);
  try {
    const options = await ownership(files, path, request);
    if (request.type === 'directory') await files.mkdir(path, options);
    else
      await receiveContent(deps, request.sessionId, (channel) =>
        request.type === 'symlink' ? putLink(files, path, channel, options) : files.write(path, channel, { ...options, append: request.write === 'append' }),
      );
    return {};
  } finally {
    await files.close();
  }
}

/** What the request leaves open (-1) is taken from the file that is there, or is LXD's default. */
async function ownership(files: GuestFiles, path: string, request: AgentRequest<'file.put'>): Promise<{ uid: number; gid: number; mode: number }> {
  const isOpen = request.uid < 0 || request.gid < 0 || request.mode < 0;
  const present: Partial<FileStat> | undefined = isOpen ? await files.stat(path).catch(() => undefined) : undefined;
  const pick = (value: number, there: number | undefined, otherwise: number) => (value >= 0 ? value : (there ?? otherwise));
  const there = present?.type === request.type ? present : undefined;
  return {
    uid: pick(request.uid, there?.uid, 0),
    gid: pick(request.gid, there?.gid, 0),
    mode: pick(request.mode, there?.mode, DEFAULT_MODES[request.type]) & 0o7777,
  };
}

async function receiveContent(deps: FileRequestDeps, sessionId: string, take: (channel: SessionChannel) => Promise<void>): Promise<void> {
  const channel = openChannel(deps.nc, { sessionId, channel: 'data', side: 'server' });
  channel.on('error', () => undefined);
  channel.end();
  try {
    await take(channel);
  } catch (error) {
    channel.abort(error instanceof Error ? error.message : String(error));
    throw error;
  }
}

async function putLink(files: GuestFiles, path: string, channel: SessionChannel, options: { uid: number; gid: number }): Promise<void> {
  let target = '';
  for await (const chunk of channel) {
    target += (chunk as Buffer).toString();
    if (target.length > MAX_PATH_BYTES) throw new WeftError('file.invalid', 'The target of the link is too long');
  }
  const present = await files.stat(path).catch(() => undefined);
  if (present?.type === 'symlink') await files.remove(path);
  await files.symlink(path, target, options);
}

export async function deleteFile(deps: FileRequestDeps, request: AgentRequest<'file.delete'>): Promise<object> {
  const path = guestPath(request.path);
  const files = await openFiles(deps, request.instance);
  try {
    await files.remove(path);
    return {};
  } finally {
    await files.close();
  }
}
