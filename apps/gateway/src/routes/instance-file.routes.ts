/** Files inside an instance: content streams between the request and the host's agent over a session channel. */
import { newId, WeftError, type AgentRequest } from '@weft/contracts';
import { openChannel } from '@weft/session';
import { z } from 'zod';
import type { Deps } from '../gateway.deps';
import { validate } from '../http/body';
import { empty, type Reply } from '../http/reply';
import { drain, sendBody } from '../http/request-body';
import { route, type Call, type Route } from '../http/route';
import { locate } from '../queries/instance.query';
import { underEachCollection } from './instance.routes';

const TRANSFER_TIMEOUT_MS = 3_600_000;
const MAX_PATH = 4096;

export const instanceFileRoutes = (deps: Deps): Route[] =>
  underEachCollection((prefix) => {
    const path = `${prefix}/files`;
    return [
      route({ method: 'GET', path, summary: 'Read a file or list a directory', access: 'project', handle: (call) => getFile(deps, call, true) }),
      route({ method: 'HEAD', path, summary: 'Owner, mode and type of a file', access: 'project', handle: (call) => getFile(deps, call, false) }),
      route({ method: 'POST', path, summary: 'Write a file, make a directory or a symbolic link', access: 'project', handle: (call) => putFile(deps, call) }),
      route({
        method: 'DELETE',
        path,
        summary: 'Delete a file or an empty directory',
        access: 'project',
        handle: async (call) => {
          const { member, spec } = await locate(deps, call.params.name ?? '', call.meta());
          await deps.commands.ask(member, 'file.delete', { instance: spec, path: pathOf(call) }, call.meta());
          return empty;
        },
      }),
    ];
  });

/** Absolute, without a NUL. What `..` and links do inside the instance is the agent's to confine. */
function pathOf(call: Call): string {
  const path = call.query.path ?? '';
  if (path === '') throw new WeftError('request.invalid', 'The path is missing: use ?path=/some/file');
  if (path.length > MAX_PATH || path.includes('\0')) throw new WeftError('file.invalid', 'The path is not valid');
  return path.startsWith('/') ? path : `/${path}`;
}

interface FileInfo {
  type: 'file' | 'directory' | 'symlink';
  uid: number;
  gid: number;
  mode: number;
  size?: number;
  entries?: string[];
  /** RFC 3339. */
  modified?: string;
}

async function getFile(deps: Deps, call: Call, withContent: boolean): Promise<Reply> {
  const path = pathOf(call);
  const { member, spec } = await locate(deps, call.params.name ?? '', call.meta());
  const sessionId = newId();
  const data = openChannel(deps.nc, { sessionId, channel: 'data', side: 'client' });
  // The failure of a transfer is the reply's: without a listener it would be a defect.
  data.on('error', () => undefined);
  try {
    const info = await deps.commands.ask<FileInfo, 'file.get'>(member, 'file.get', { instance: spec, sessionId, path }, call.meta());
    if (info.type === 'directory' || !withContent) {
      data.destroy();
      const headers = headersOf(info);
      return info.type === 'directory' && withContent
        ? { kind: 'sync', json: JSON.stringify(info.entries ?? []), headers }
        : { kind: 'raw', contentType: 'application/octet-stream', body: '', headers };
    }
    data.end();
    const filename = path.slice(path.lastIndexOf('/') + 1).replace(/["\\\r\n]/g, '_');
    const length: Record<string, string> = info.size === undefined ? {} : { 'content-length': String(info.size) };
    return {
      kind: 'raw',
      contentType: 'application/octet-stream',
      body: data,
      headers: { ...headersOf(info), ...length, 'content-disposition': `inline;filename=${encodeURIComponent(filename)}` },
    };
  } catch (error) {
    data.destroy();
    throw error;
  }
}

const headersOf = (info: FileInfo): Record<string, string> => ({
  'x-lxd-uid': String(info.uid),
  'x-lxd-gid': String(info.gid),
  'x-lxd-mode': `0${(info.mode & 0o7777).toString(8).padStart(3, '0')}`,
  'x-lxd-type': info.type,
  ...(info.modified === undefined ? {} : { 'x-lxd-modified': `${info.modified.slice(0, 19).replace('T', ' ')} +0000 UTC` }),
});

const fileHeaders = z.object({
  'x-lxd-uid': z.coerce.number().int().min(0).max(0xffff_ffff).optional(),
  'x-lxd-gid': z.coerce.number().int().min(0).max(0xffff_ffff).optional(),
  'x-lxd-mode': z
    .string()
    .regex(/^0?[0-7]{1,4}$/, { message: 'must be an octal mode such as 0644' })
    .optional(),
  'x-lxd-type': z.enum(['file', 'directory', 'symlink']).default('file'),
  'x-lxd-write': z.enum(['overwrite', 'append']).default('overwrite'),
});

async function putFile(deps: Deps, call: Call): Promise<Reply> {
  const path = pathOf(call);
  const headers = validate(fileHeaders, call.headers);
  const { member, spec } = await locate(deps, call.params.name ?? '', call.meta());
  const sessionId = newId();
  const request: AgentRequest<'file.put'> = {
    instance: spec,
    sessionId,
    path,
    type: headers['x-lxd-type'],
    uid: headers['x-lxd-uid'] ?? -1,
    gid: headers['x-lxd-gid'] ?? -1,
    mode: headers['x-lxd-mode'] === undefined ? -1 : Number.parseInt(headers['x-lxd-mode'], 8),
    write: headers['x-lxd-write'],
  };
  const data = openChannel(deps.nc, { sessionId, channel: 'data', side: 'client' });
  data.on('error', () => undefined).resume();
  const done = deps.commands.ask(member, 'file.put', request, call.meta(), TRANSFER_TIMEOUT_MS);
  const sent = sendBody(call.raw, data);
  // A refusal of the agent is the better story than the broken pipe that it causes.
  sent.catch(() => undefined);
  try {
    await done;
  } catch (error) {
    data.destroy();
    await drain(call.raw, sent);
    throw error;
  } finally {
    data.destroy();
  }
  return empty;
}
