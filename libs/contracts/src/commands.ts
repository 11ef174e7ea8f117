/**
 * Commands and queries of the instance service, subject `weft.cmd.instance.<name>`.
 *
 * `sync` commands reply with their result; `async` ones with the LXD operation they created. The bodies are LXD's
 * request bodies as the gateway has parsed and bounded them; what they mean is checked by the service.
 */
import { z } from 'zod';
import { devicesSchema, instanceType, stagedImage, stringMap } from './agent';

export const INSTANCE_CONTEXT = 'instance';

const ifMatch = { ifMatch: z.string().optional() };
/** `replace` is PUT, `merge` is PATCH. */
const mode = { mode: z.enum(['replace', 'merge']) };
const named = { name: z.string() };
const fingerprint = { fingerprint: z.string() };

export const instanceSource = z.object({
  type: z.enum(['none', 'image', 'copy', 'migration', 'backup']),
  /** image: one of these finds it. */
  fingerprint: z.string().optional(),
  alias: z.string().optional(),
  properties: stringMap.optional(),
  server: z.string().optional(),
  protocol: z.string().optional(),
  mode: z.string().optional(),
  /** copy: `instance` or `instance/snapshot` of `project`. */
  source: z.string().optional(),
  project: z.string().optional(),
  instance_only: z.boolean().optional(),
  container_only: z.boolean().optional(),
  live: z.boolean().optional(),
  refresh: z.boolean().optional(),
  allow_inconsistent: z.boolean().optional(),
  /** migration: fingerprint of the image that the source has been made from. Secrets and certificates stay at the gateway. */
  'base-image': z.string().optional(),
});

const instanceWritable = {
  architecture: z.string(),
  config: stringMap,
  devices: devicesSchema,
  ephemeral: z.boolean(),
  profiles: z.array(z.string()).nullable(),
  description: z.string(),
};
const stateAction = {
  action: z.enum(['start', 'stop', 'restart', 'freeze', 'unfreeze']),
  timeout: z.number().int(),
  force: z.boolean(),
  stateful: z.boolean(),
};

const sync = <T extends z.ZodType>(body: T) => ({ kind: 'sync' as const, body });
// Not `async`: swc takes a call of that name that spans lines for an arrow function.
const asynchronous = <T extends z.ZodType>(body: T) => ({ kind: 'async' as const, body });

export const instanceCommands = {
  // server and trust
  'server.update': sync(z.object({ ...mode, ...ifMatch, config: z.record(z.string(), z.string()) })),
  /** `password` is the trust password or a whole token; unset when a trusted client adds a certificate. */
  'certificate.add': sync(
    z.object({
      name: z.string(),
      type: z.string(),
      restricted: z.boolean(),
      projects: z.array(z.string()),
      certificatePem: z.string(),
      ...fingerprint,
      password: z.string().optional(),
    }),
  ),
  /** Operation of class token; metadata {secret, fingerprint, addresses, request:{name}, expiresAt?}. */
  'certificate.issue-token': asynchronous(
    z.object({ name: z.string(), restricted: z.boolean(), projects: z.array(z.string()), serverFingerprint: z.string(), addresses: z.array(z.string()) }),
  ),
  'certificate.update': sync(
    z.object({
      ...fingerprint,
      ...mode,
      ...ifMatch,
      name: z.string().optional(),
      type: z.string().optional(),
      restricted: z.boolean().optional(),
      projects: z.array(z.string()).nullish(),
      certificatePem: z.string().optional(),
    }),
  ),
  'certificate.delete': sync(z.object({ ...fingerprint })),
  // projects and profiles
  'project.create': sync(z.object({ ...named, description: z.string(), config: stringMap })),
  'project.update': sync(z.object({ ...named, ...mode, ...ifMatch, description: z.string().optional(), config: stringMap.optional() })),
  'project.rename': asynchronous(z.object({ ...named, newName: z.string() })),
  'project.delete': sync(z.object({ ...named })),
  'profile.create': sync(z.object({ ...named, description: z.string(), config: stringMap, devices: devicesSchema })),
  'profile.update': sync(
    z.object({ ...named, ...mode, ...ifMatch, description: z.string().optional(), config: stringMap.optional(), devices: devicesSchema.optional() }),
  ),
  'profile.rename': sync(z.object({ ...named, newName: z.string() })),
  'profile.delete': sync(z.object({ ...named })),
  // images
  /** Which member shall receive an upload. Result: {member}. */
  'image.choose-member': sync(z.object({})),
  'image.create': asynchronous(
    z.object({
      staged: stagedImage,
      member: z.string(),
      filename: z.string(),
      public: z.boolean(),
      autoUpdate: z.boolean(),
      properties: stringMap,
      profiles: z.array(z.string()).nullable(),
      aliases: z.array(z.object({ name: z.string(), description: z.string() })),
      expiresAt: z.string().optional(),
    }),
  ),
  'image.update': sync(
    z.object({
      ...fingerprint,
      ...mode,
      ...ifMatch,
      public: z.boolean().optional(),
      auto_update: z.boolean().optional(),
      properties: stringMap.optional(),
      profiles: z.array(z.string()).nullish(),
      expires_at: z.string().optional(),
    }),
  ),
  'image.delete': asynchronous(z.object({ ...fingerprint })),
  'image-alias.create': sync(z.object({ ...named, description: z.string(), target: z.string(), type: z.string() })),
  'image-alias.update': sync(z.object({ ...named, ...mode, ...ifMatch, description: z.string().optional(), target: z.string().optional() })),
  'image-alias.rename': sync(z.object({ ...named, newName: z.string() })),
  'image-alias.delete': sync(z.object({ ...named })),
  // storage
  'storage-pool.update': sync(z.object({ ...named, ...mode, ...ifMatch, description: z.string().optional(), config: stringMap.optional() })),
  // members and their groups
  'member.update': sync(
    z.object({
      ...named,
      ...mode,
      ...ifMatch,
      description: z.string().optional(),
      config: stringMap.optional(),
      roles: z.array(z.string()).optional(),
      failureDomain: z.string().optional(),
      groups: z.array(z.string()).optional(),
    }),
  ),
  'member.remove': sync(z.object({ ...named })),
  /** Operation of class token; metadata {serverName, secret, fingerprint, addresses, expiresAt}. */
  'member.invite': asynchronous(z.object({ ...named, serverFingerprint: z.string(), addresses: z.array(z.string()) })),
  /** Sent by an agent, under its own subject, whenever it starts; `token` "" when it has none. */
  'member.join': sync(z.object({ member: z.string(), architecture: z.string(), token: z.string() })),
  /** `mode` overrides `cluster.evacuate` of all instances; "" leaves it to them. */
  'member.set-state': asynchronous(
    z.object({ ...named, action: z.enum(['evacuate', 'restore']), mode: z.enum(['', 'auto', 'migrate', 'live-migrate', 'stop']) }),
  ),
  'cluster-group.create': sync(z.object({ ...named, description: z.string(), members: z.array(z.string()) })),
  'cluster-group.update': sync(z.object({ ...named, ...mode, ...ifMatch, description: z.string().optional(), members: z.array(z.string()).optional() })),
  'cluster-group.rename': sync(z.object({ ...named, newName: z.string() })),
  'cluster-group.delete': sync(z.object({ ...named })),
  // instances
  'instance.create': asynchronous(
    z.object({
      name: z.string(),
      type: instanceType.or(z.literal('')),
      source: instanceSource,
      ...instanceWritable,
      stateful: z.boolean(),
      instance_type: z.string(),
      /** `?target=`; "" lets the service place it */ target: z.string(),
    }),
  ),
  'instance.update': asynchronous(z.object({ ...named, ...ifMatch, ...instanceWritable })),
  /** PATCH is synchronous in LXD. Result: {operationId}, of the operation to wait for. */
  'instance.patch': sync(
    z
      .object({ ...named, ...ifMatch, ...instanceWritable })
      .partial()
      .required({ name: true }),
  ),
  'instance.restore': asynchronous(z.object({ ...named, snapshot: z.string(), stateful: z.boolean() })),
  'instance.rename': asynchronous(z.object({ ...named, newName: z.string() })),
  'instance.delete': asynchronous(z.object({ ...named })),
  /** To another member; `newName` "" keeps the name. `live`: with what a virtual machine has in its memory. */
  'instance.migrate': asynchronous(z.object({ ...named, target: z.string(), newName: z.string(), live: z.boolean() })),
  /**
   * To another server, over the channels of the operation (class websocket, or task when the gateway dials the other server:
   * `push`). `snapshot`: that snapshot instead of the instance, "" for the instance. `live`: with what it has in its memory.
   */
  'instance.hand-over': asynchronous(z.object({ ...named, snapshot: z.string(), instanceOnly: z.boolean(), live: z.boolean(), push: z.boolean() })),
  /** What a move would do; `target` "" lets the service choose. Result: `migrationPlanSchema`. */
  'instance.migration-plan': sync(z.object({ ...named, target: z.string(), live: z.boolean() })),
  'instance.set-state': asynchronous(z.object({ ...named, ...stateAction })),
  'instances.set-state': asynchronous(z.object({ ...stateAction })),
  /** Operation of class websocket; the gateway adds `fds` to the metadata it returns (see operation secrets). */
  'instance.exec': asynchronous(
    z.object({
      ...named,
      command: z.array(z.string()).min(1),
      environment: stringMap,
      interactive: z.boolean(),
      width: z.number().int(),
      height: z.number().int(),
      user: z.number().int(),
      group: z.number().int(),
      cwd: z.string(),
      waitForWebsocket: z.boolean(),
      recordOutput: z.boolean(),
    }),
  ),
  'instance.console': asynchronous(z.object({ ...named, width: z.number().int(), height: z.number().int(), type: z.string() })),
  /** What the gateway needs to talk to the agent about an instance: {member, spec, status}. */
  'instance.locate': sync(z.object({ ...named })),
  'snapshot.create': asynchronous(z.object({ instance: z.string(), ...named, stateful: z.boolean(), expiresAt: z.string().nullish() })),
  'snapshot.update': asynchronous(z.object({ instance: z.string(), ...named, ...ifMatch, expiresAt: z.string().nullish() })),
  'snapshot.rename': asynchronous(z.object({ instance: z.string(), ...named, newName: z.string() })),
  'snapshot.delete': asynchronous(z.object({ instance: z.string(), ...named })),
  // operations
  'operation.cancel': sync(z.object({ operationId: z.string() })),
  /** An agent ends an exec or console operation. */
  'operation.finish': sync(z.object({ operationId: z.string(), metadata: z.record(z.string(), z.unknown()), error: z.string().optional() })),
} as const;

export type InstanceCommandName = keyof typeof instanceCommands;
export type InstanceCommandBody<N extends InstanceCommandName> = z.infer<(typeof instanceCommands)[N]['body']>;
