/**
 * What the control plane and a host agent say to each other.
 *
 *   instance-svc --(WEFT_TASKS, weft.task.<member>)--> agent     durable, idempotent by task id, acked when done
 *   agent --(weft.task-result.<id>)--> instance-svc              repeated for a repeated task
 *   agent --(weft.heartbeat.<member>)--> everybody               level-triggered truth about what runs
 *   gateway/instance-svc --(weft.agent.<member>.<verb>)--> agent interactive, answered or timed out
 *
 * Every instance has a run epoch: a task with an older epoch than the one the agent has stored is refused
 * (`task.stale-epoch`), so no guest runs twice.
 */
import { z } from 'zod';
import { isId } from './ids';
import { guestAbi, moveEndpoint, moveLimits, transferPass, transferSpeed } from './migration';

export const instanceType = z.enum(['container', 'virtual-machine']);
export type InstanceType = z.infer<typeof instanceType>;

export const stringMap = z.record(z.string(), z.string());
export const devicesSchema = z.record(z.string(), stringMap);
export type Devices = z.infer<typeof devicesSchema>;

/** Where a root disk comes from. Ids are instance and snapshot ids, never names. */
export const rootSource = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('image'), fingerprint: z.string() }),
  z.object({ kind: z.literal('instance'), instanceId: z.string() }),
  z.object({ kind: z.literal('snapshot'), instanceId: z.string(), snapshotId: z.string() }),
]);
export type RootSource = z.infer<typeof rootSource>;

/** A network device of an instance as the network service has bound it: what a host needs to plug it into br-int. */
/** Where guests of a network find their name server: at a port of the network that every host has for itself (ovn-nb(5), localport). */
export const guestResolver = z.object({
  networkId: z.string(),
  /** Name of the logical switch port. */
  ifaceId: z.string(),
  hwaddr: z.string(),
  /** IPv4, without prefix length. */
  address: z.string(),
});
export type GuestResolver = z.infer<typeof guestResolver>;

export const boundNic = z.object({
  /** Name of the logical switch port, and `external_ids:iface-id` of the OVS interface. */
  ifaceId: z.string(),
  /** MAC address, lower case with colons. */
  hwaddr: z.string(),
  /** Bytes. */
  mtu: z.number().int(),
  network: z.string(),
  /** What the interface is called inside a container: `eth0`... */
  guestName: z.string(),
  /** CIDR. */
  addresses: z.array(z.string()),
  /** What the interface shall be called on the host, where the user has asked for a name. */
  hostName: z.string().optional(),
  /** None: the network has name servers elsewhere, or none. */
  resolver: guestResolver.optional(),
});
export type BoundNic = z.infer<typeof boundNic>;

/** Everything a driver needs to know to run an instance; always the whole, expanded truth. */
export const instanceSpec = z.object({
  id: z.string(),
  project: z.string(),
  name: z.string(),
  type: instanceType,
  architecture: z.string(),
  ephemeral: z.boolean(),
  /** The image that the root was made from, "" for none. */
  imageFingerprint: z.string(),
  /** Expanded configuration and devices (profiles applied). */
  config: stringMap,
  devices: devicesSchema,
  /** Network devices by name, in tasks that start or change a guest. */
  nics: z.record(z.string(), boundNic).optional(),
});
export type InstanceSpec = z.infer<typeof instanceSpec>;

/** What a snapshot froze of its instance. `id` names its disk on the host. */
export const snapshotFields = {
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  /** ISO 8601, `null` when it never expires. */
  expiresAt: z.string().nullable(),
  stateful: z.boolean(),
  architecture: z.string(),
  config: stringMap,
  devices: devicesSchema,
  ephemeral: z.boolean(),
};

/** What a snapshot is besides its files, on its way to another server. Profiles stay: they are the other server's own. */
export const travellingSnapshot = z.object({
  ...snapshotFields,
  /** As strict as what a user may call one. */
  name: z
    .string()
    .max(255)
    .regex(/^(?!\.{1,2}$)[^/\s\p{Cc}]+$/u),
});
export type TravellingSnapshot = z.infer<typeof travellingSnapshot>;

const withEpoch = { instance: instanceSpec, epoch: z.number().int() };
const ofMigration = { ...withEpoch, migrationId: z.string() };

/** Durable tasks, by kind. Each must be idempotent: done twice, it gives the same answer. */
export const taskBodies = {
  'instance.create': z.object({
    instance: instanceSpec,
    source: rootSource,
    /** snapshots to copy along: old id -> new id */ snapshots: stringMap.default({}),
  }),
  'instance.delete': z.object({ instanceId: z.string(), type: instanceType }),
  /** What a stateful stop or restore saved goes on; `stateless` throws it away and boots. */
  'instance.start': z.object({ ...withEpoch, stateless: z.boolean().optional() }),
  /**
   * `timeoutSeconds` < 0: wait without end. `force` kills at once. `stateful` saves what is in the guest's memory and
   * asks the guest nothing. Stopping what is stopped succeeds.
   */
  'instance.stop': z.object({ ...withEpoch, force: z.boolean(), stateful: z.boolean().optional(), timeoutSeconds: z.number() }),
  'instance.freeze': z.object(withEpoch),
  'instance.unfreeze': z.object(withEpoch),
  /** Applies live-updatable keys (limits) to a running instance; a no-op for a stopped one. */
  'instance.update': z.object(withEpoch),
  'instance.rename': z.object({ instance: instanceSpec, oldName: z.string() }),
  'snapshot.create': z.object({ instance: instanceSpec, snapshotId: z.string(), stateful: z.boolean() }),
  'snapshot.delete': z.object({ instanceId: z.string(), type: instanceType, snapshotId: z.string() }),
  /** Only for a stopped instance: the root becomes what the snapshot holds. */
  'snapshot.restore': z.object({ instance: instanceSpec, snapshotId: z.string(), stateful: z.boolean().optional() }),
  /** Gets an instance's files from another member; `whole` and `rest` complete it, as a stopped instance. */
  'instance.fetch': z.object({ ...withEpoch, from: z.string(), pass: transferPass, bytesPerSecond: transferSpeed }),
  // To and from other servers (docs/adr/0016). Channels "migration-control" and "migration-fs" of the session carry the
  // conversation of @weft/handover; whoever brings them to the other server attaches to them as the client.
  /** Done when the other server has it. `root`: this snapshot's files instead of the instance's, "" for those. */
  'instance.hand-over': z.object({ instance: instanceSpec, sessionId: z.string(), root: z.string(), snapshots: z.array(travellingSnapshot) }),
  /** Result: `arrivedSnapshots`. `replaces`: it is here already, and becomes what comes. */
  'instance.receive': z.object({ instance: instanceSpec, sessionId: z.string(), replaces: z.boolean().optional() }),
  // Live migration, see migration.ts.
  /** Result: `moveEndpoint`. */
  'migration.prepare-target': z.object({ ...ofMigration, from: z.string(), abi: guestAbi, diskBytes: z.number(), bytesPerSecond: transferSpeed }),
  /** Done when the target's disk is as the source's, which it then stays. */
  'migration.mirror': z.object({ ...ofMigration, to: z.string(), endpoint: moveEndpoint, limits: moveLimits }),
  /** Done when what is left of the memory goes in the pause that the guest may have. It runs on, and has its memory copied hardly any more. */
  'migration.memory': z.object({ ...ofMigration, to: z.string(), endpoint: moveEndpoint, limits: moveLimits }),
  /** Result: `switchoverResult`. A failure leaves open what became of it: `settle` says. */
  'migration.switchover': z.object({ ...ofMigration, to: z.string(), endpoint: moveEndpoint, limits: moveLimits }),
  /**
   * Ends the source's part. `reclaim`: the target is known to run nothing, what was handed over goes on here.
   * Result: {outcome: `settledOutcome`}.
   */
  'migration.settle': z.object({ ...ofMigration, reclaim: z.boolean() }),
  /** The guest runs here. `task.failed` when its memory has not come whole. */
  'migration.confirm-target': z.object({ ...ofMigration }),
  /** Removes what was prepared. Result: {running}; what runs is left alone. */
  'migration.discard-target': z.object({ ...ofMigration }),
  /** Makes a finished upload a member of the image store. */
  'image.commit': z.object({ uploadId: z.string(), fingerprint: z.string() }),
  'image.delete': z.object({ fingerprint: z.string() }),
  /** Fetches an image from another member that has it (over a session). */
  'image.fetch': z.object({ fingerprint: z.string(), from: z.string() }),
  /**
   * Takes an order back: a wait for a guest's shutdown ends and the guest is left alone; an order that has not come
   * yet is refused when it does. Answered when the order is over; what cannot be interrupted is waited for.
   */
  'task.cancel': z.object({ taskId: z.string().refine(isId, 'a UUID') }),
} as const;
/** With the ids that they have here. */
export const arrivedSnapshots = z.object({ snapshots: z.array(travellingSnapshot) });
export type ArrivedSnapshots = z.infer<typeof arrivedSnapshots>;

export type TaskKind = keyof typeof taskBodies;
export type TaskBody<K extends TaskKind = TaskKind> = z.infer<(typeof taskBodies)[K]>;

export interface AgentTask<K extends TaskKind = TaskKind> {
  taskId: string;
  kind: K;
  body: TaskBody<K>;
  traceparent?: string;
}

export const wireErrorSchema = z.object({ code: z.string(), message: z.string() });

export const taskResultSchema = z.union([
  z.object({ taskId: z.string(), ok: z.literal(true), result: z.record(z.string(), z.unknown()) }),
  z.object({ taskId: z.string(), ok: z.literal(false), error: wireErrorSchema }),
]);
export type TaskResult = z.infer<typeof taskResultSchema>;

/** `text` becomes operation metadata `<stage>_progress`, which the stock client prints. */
export interface TaskProgress {
  taskId: string;
  stage: string;
  text: string;
}

export const runStatus = z.enum(['stopped', 'running', 'frozen', 'crashed']);
export type RunStatus = z.infer<typeof runStatus>;

/** Why a guest's threads may share a processor core with others': `off`: the instance says so; the rest is the host's. */
export const coreSchedulingReason = z.enum(['off', 'no-kernel', 'no-siblings', 'no-binding', 'no-liblxc', 'refused']);

/** How a running guest is kept off the cores of others; in LXD's spelling, since it is part of the instance's state. */
export const coreSchedulingState = z.object({
  /** All threads have one cookie, which is theirs alone. */
  active: z.boolean(),
  /** Threads that were looked at: of a virtual machine all of QEMU's, of a container its init's. */
  threads: z.number(),
  isolated: z.number(),
  reason: coreSchedulingReason.optional(),
});
export type CoreSchedulingState = z.infer<typeof coreSchedulingState>;

/** LXD's instance state (`GET /1.0/instances/<name>/state`) without status and status_code, which the service adds. */
export const instanceUsage = z.object({
  disk: z.record(z.string(), z.object({ usage: z.number() })).nullable(),
  memory: z.object({ usage: z.number(), usage_peak: z.number(), swap_usage: z.number(), swap_usage_peak: z.number() }),
  network: z.record(z.string(), z.unknown()).nullable(),
  pid: z.number(),
  processes: z.number(),
  cpu: z.object({ /** nanoseconds */ usage: z.number() }),
  core_scheduling: coreSchedulingState.optional(),
});
export type InstanceUsage = z.infer<typeof instanceUsage>;

export const heartbeatSchema = z.object({
  member: z.string(),
  /** New for every start of the agent process. */
  bootId: z.string(),
  /** New for every boot of the host (/proc/sys/kernel/random/boot_id): tells a restarted agent from a restarted host. */
  hostBootId: z.string().optional(),
  version: z.string(),
  /** Milliseconds since the epoch, the agent's clock. */
  at: z.number(),
  drivers: z.array(z.object({ name: z.string(), type: instanceType, version: z.string(), info: stringMap })),
  /** Drivers that were asked for and cannot run there, with the reason for the user. */
  missingDrivers: z.array(z.object({ name: z.string(), reason: z.string() })).default([]),
  resources: z.object({
    cpus: z.number(),
    memoryBytes: z.number(),
    memoryFreeBytes: z.number(),
    diskBytes: z.number(),
    diskFreeBytes: z.number(),
    architecture: z.string(),
    kernelVersion: z.string(),
    osName: z.string(),
    osVersion: z.string(),
    /** Whether the kernel can keep guests off each other's processor cores; `detail` is for the user. */
    coreScheduling: z.object({ available: z.boolean(), reason: coreSchedulingReason.optional(), detail: z.string().optional() }).optional(),
  }),
  images: z.array(z.string()),
  /**
   * Every instance that is not stopped, and those that stopped within the last minute (with what ended them).
   * An instance with a task under way is left out: "unknown" is never "failed".
   */
  instances: z.array(
    z.object({
      id: z.string(),
      epoch: z.number().int(),
      status: runStatus,
      /** why it is not running any more: `guest` shut itself down, `reboot`... */
      reason: z.string().optional(),
      usage: instanceUsage.optional(),
    }),
  ),
});
export type Heartbeat = z.infer<typeof heartbeatSchema>;

/** Interactive requests (core NATS request/reply); replies are `CommandReply`. */
export const agentRequests = {
  /**
   * Runs a command in a running instance. Channels of the session `sessionId`: "0" (both ways) when interactive,
   * else "0", "1", "2"; "control" carries JSON text `{command:"window-resize",args:{width,height}}` or
   * `{command:"signal",signal}`. The agent replies at once; when every channel is attached it runs the command and
   * in the end calls the instance service's `operation.finish` with `{return: <exit code>}`.
   */
  'exec.open': z.object({
    operationId: z.string(),
    sessionId: z.string(),
    instance: instanceSpec,
    command: z.array(z.string()).min(1),
    environment: stringMap,
    interactive: z.boolean(),
    width: z.number().int(),
    height: z.number().int(),
    user: z.number().int(),
    group: z.number().int(),
    cwd: z.string(),
    /** false: run without a session, output discarded or recorded to log files. */
    waitForWebsocket: z.boolean(),
    recordOutput: z.boolean(),
  }),
  /** Channels "0" (both ways) and "control". Reply at once; `operation.finish` when the client detaches. */
  'console.open': z.object({ operationId: z.string(), sessionId: z.string(), instance: instanceSpec, width: z.number().int(), height: z.number().int() }),
  /** Reply: {text}. The console's ring buffer. */
  'console.log': z.object({ instance: instanceSpec }),
  'console.clear': z.object({ instance: instanceSpec }),
  /**
   * Reply: {type:"directory", entries, uid,gid,mode} or {type:"file"|"symlink", uid,gid,mode,size}; the content of a
   * file (or target of a symlink) follows on channel "data" of `sessionId`, agent to caller.
   */
  'file.get': z.object({ instance: instanceSpec, sessionId: z.string(), path: z.string() }),
  /** Content comes on channel "data"; the agent replies when it is on disk. */
  'file.put': z.object({
    instance: instanceSpec,
    sessionId: z.string(),
    path: z.string(),
    type: z.enum(['file', 'directory', 'symlink']),
    /** Owner; -1 leaves a file's own, and is root for a new one. */
    uid: z.number().int(),
    gid: z.number().int(),
    /** Permission bits; -1 keeps the defaults (files 0644, directories 0755). */
    mode: z.number().int(),
    write: z.enum(['overwrite', 'append']),
  }),
  'file.delete': z.object({ instance: instanceSpec, path: z.string() }),
  /** Reply: InstanceUsage. */
  'instance.usage': z.object({ instance: instanceSpec }),
  /** Reply: {logs: string[]}; names as LXD has them (lxc.log, console.log, qemu.log, exec_*.stdout). */
  'log.list': z.object({ instance: instanceSpec }),
  /** Content on channel "data" of `sessionId`. */
  'log.get': z.object({ instance: instanceSpec, sessionId: z.string(), name: z.string() }),
  'log.delete': z.object({ instance: instanceSpec, name: z.string() }),
  /**
   * Which interface of the host leads to which physical network: the whole list, each time. `name` is the
   * `network_name` of localnet ports, `parent` an interface of the host. Reply {} when OVS has it; a host keeps it over
   * restarts. Sent when an uplink changes, and to an agent whose `bootId` is new.
   */
  'uplinks.configure': z.object({ uplinks: z.array(z.object({ name: z.string().min(1), parent: z.string().min(1).max(15) })) }),
  /** Reply: {lines: string[]}: ovn-controller's log of packets that rules matched whose name begins with `prefix`. */
  'acl.log': z.object({ prefix: z.string().regex(/^[A-Za-z0-9_-]{1,63}$/) }),
  /** Reply: LXD's /1.0/resources. */
  resources: z.object({}),
  /**
   * Receives an image: parts on channels "metadata" and (split images) "rootfs" of the session.
   * Reply when whole and read: `stagedImage`.
   */
  'image.receive': z.object({ uploadId: z.string(), sessionId: z.string(), split: z.boolean(), filename: z.string(), rootfsName: z.string() }),
  /** Forgets an upload that nobody wants any more; one that is not there is forgotten already. */
  'image.discard': z.object({ uploadId: z.string() }),
  /** Sends an image's files on channels "metadata" and "rootfs". Reply at once: {split, metadataName, rootfsName, metadataBytes, rootfsBytes}. */
  'image.send': z.object({ fingerprint: z.string(), sessionId: z.string() }),
  /** Reply: `moveFacts`. */
  'migration.facts': z.object({ instance: instanceSpec }),
  // From agent to agent.
  /** Sends an instance's files as a tar archive on channel "files". Reply at once. */
  'instance.send': z.object({ instanceId: z.string(), sessionId: z.string(), pass: transferPass, bytesPerSecond: transferSpeed }),
  /** The target's secret for this migration. Reply: {key} (hexadecimal). */
  'migration.secret': z.object({ instanceId: z.string(), migrationId: z.string() }),
  /** The memory has gone whole: the target may begin. `proof` is an HMAC with the secret. */
  'migration.go': z.object({ instanceId: z.string(), migrationId: z.string(), proof: z.string() }),
} as const;
export type AgentVerb = keyof typeof agentRequests;
export type AgentRequest<V extends AgentVerb> = z.infer<(typeof agentRequests)[V]>;

/** What an agent read from an uploaded image. The fingerprint is sha256(metadata file || rootfs file), as LXD computes it. */
export const stagedImage = z.object({
  uploadId: z.string(),
  fingerprint: z.string(),
  sizeBytes: z.number(),
  type: instanceType,
  architecture: z.string(),
  /** Seconds since the epoch, 0 when unknown. */
  creationDate: z.number(),
  expiryDate: z.number(),
  properties: stringMap,
});
export type StagedImage = z.infer<typeof stagedImage>;
