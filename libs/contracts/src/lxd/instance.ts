import { z } from 'zod';
import * as lxd from './scalar';

/** Where the other server of a migration waits, and what opens its channels. */
const peer = {
  operation: lxd.patchText,
  /** Channel -> secret. */
  secrets: lxd.patchConfig,
  /** PEM, the only one that it may have; empty: one that the machine trusts. */
  certificate: lxd.patchText,
};

const source = z.object({
  ...peer,
  'base-image': lxd.patchText,
  type: z.string().max(32),
  fingerprint: lxd.patchText,
  alias: lxd.patchText,
  properties: lxd.patchConfig,
  server: lxd.patchText,
  protocol: lxd.patchText,
  mode: lxd.patchText,
  source: lxd.patchText,
  project: lxd.patchText,
  instance_only: z.boolean().optional(),
  container_only: z.boolean().optional(),
  live: z.boolean().optional(),
  refresh: z.boolean().optional(),
  allow_inconsistent: z.boolean().optional(),
});

const writable = {
  architecture: lxd.name,
  config: lxd.config,
  devices: lxd.devices,
  ephemeral: lxd.flag,
  profiles: lxd.nameList.nullish().transform((list) => list ?? null),
  description: lxd.text,
};

/** `POST /1.0/instances` with a JSON body. */
export const instancesPost = z.object({
  ...writable,
  name: lxd.name,
  source,
  type: lxd.name,
  instance_type: lxd.name,
  stateful: lxd.flag,
});

/** `PUT /1.0/instances/<name>`: the whole object, or `restore` (a snapshot's name) alone. */
export const instancePut = z.object({ ...writable, restore: lxd.name, stateful: lxd.flag });

export const instancePatch = z.object({
  architecture: lxd.patchText,
  config: lxd.patchConfig,
  devices: lxd.patchDevices,
  ephemeral: z.boolean().optional(),
  profiles: lxd.nameList.nullish().transform((list) => list ?? undefined),
  description: lxd.patchText,
});

/** `POST /1.0/instances/<name>`: a rename, or the start of a migration. */
export const instancePost = z.object({
  name: lxd.name,
  migration: lxd.flag,
  live: z.boolean().optional(),
  instance_only: z.boolean().optional(),
  container_only: z.boolean().optional(),
  pool: lxd.name,
  project: lxd.name,
  /** Of a migration in push mode. */
  target: z.object(peer).nullish(),
});

const stateAction = { action: z.enum(['start', 'stop', 'restart', 'freeze', 'unfreeze']), timeout: lxd.integer, force: lxd.flag, stateful: lxd.flag };
export const instanceStatePut = z.object(stateAction);
export const instancesPut = z.object({ state: z.object(stateAction) });

export const snapshotsPost = z.object({ name: lxd.name, stateful: lxd.flag, expires_at: z.string().max(64).nullish() });
export const snapshotPut = z.object({ expires_at: z.string().max(64).nullish() });
export const snapshotPost = z.object({ name: lxd.name, migration: lxd.flag, live: z.boolean().optional(), target: z.object(peer).nullish() });

const MAX_ARGUMENTS = 10_000;
export const instanceExecPost = z.object({
  command: z.array(z.string().max(131_072)).min(1, { message: 'must not be empty' }).max(MAX_ARGUMENTS),
  environment: lxd.config,
  interactive: lxd.flag,
  width: lxd.integer,
  height: lxd.integer,
  user: lxd.integer,
  group: lxd.integer,
  cwd: lxd.text,
  'wait-for-websocket': lxd.flag,
  'record-output': lxd.flag,
});

export const instanceConsolePost = z.object({ width: lxd.integer, height: lxd.integer, type: lxd.name });
