import { createReadStream } from 'node:fs';
import { access, readdir, rm } from 'node:fs/promises';
import { WeftError, type AgentRequest, type InstanceSpec } from '@weft/contracts';
import type { DriverRegistry } from '../drivers/driver-registry';
import type { InstanceStore } from '../instances/instance-store';

/** Names that LXD serves and takes; nothing with a slash or a leading dot can pass. */
const LOG_NAME = /^(lxc\.log|lxc\.conf|qemu\.log|qemu\.conf|console\.log|(migration|snapshot|exec)_[A-Za-z0-9_.-]+)$/;
/** Recorded output may be deleted; the driver's own logs may not. */
const DELETABLE = /^(migration|snapshot|exec)_/;

export interface LogDeps {
  drivers: DriverRegistry;
  instances: InstanceStore;
}

/** Log files of an instance, name -> path: the driver's own, and recorded output. */
async function logFiles({ drivers, instances }: LogDeps, spec: InstanceSpec): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const names = await readdir(instances.path(spec.id, 'log')).catch(() => [] as string[]);
  for (const name of names) if (LOG_NAME.test(name)) files.set(name, instances.path(spec.id, 'log', name));
  for (const [name, path] of Object.entries(await drivers.require(spec.type).logs(spec.id))) {
    const isThere = await access(path).then(() => true, () => false); // prettier-ignore
    if (LOG_NAME.test(name) && isThere) files.set(name, path);
  }
  return files;
}

export async function listLogs(deps: LogDeps, request: AgentRequest<'log.list'>): Promise<{ logs: string[] }> {
  return { logs: [...(await logFiles(deps, request.instance)).keys()].sort() };
}

export async function openLog(deps: LogDeps, request: AgentRequest<'log.get'>) {
  return createReadStream(await find(deps, request.instance, request.name));
}

export async function deleteLog(deps: LogDeps, request: AgentRequest<'log.delete'>): Promise<object> {
  const path = await find(deps, request.instance, request.name);
  if (!DELETABLE.test(request.name)) throw new WeftError('request.invalid', `The log file "${request.name}" may not be deleted`);
  await rm(path, { force: true });
  return {};
}

async function find(deps: LogDeps, spec: InstanceSpec, name: string): Promise<string> {
  if (!LOG_NAME.test(name)) throw new WeftError('request.invalid', `"${name}" is not the name of a log file`);
  const path = (await logFiles(deps, spec)).get(name);
  if (!path) throw new WeftError('file.not-found', `Instance "${spec.name}" has no log file "${name}"`);
  return path;
}
