/**
 * Moves of instances between members: what the control plane orders of agents (tasks), and what agents ask each other.
 *
 *   target                                     source                       control plane
 *   prepare-target   files, QEMU waits   <---- instance.send (a session)
 *                    NBD, memory port    <---- migration.secret
 *                                              mirror          root disk, kept up to date
 *                    memory              <==== memory          all but a little
 *   packets for the guest wait here      <------------------------------------ its port is bound to both hosts
 *                    memory              <==== switchover      the rest, hand-over
 *   migration.go     guest runs          <----                 (a hint; confirm-target is the order)
 *   confirm-target
 *                                              instance.delete
 *
 * `settle` ends the source's part, whatever has happened, and says how: before the hand-over the guest goes on there.
 * The target's guest does not run before it is told to, so a hand-over can be taken back until then.
 */
import { z } from 'zod';

/** Shaped by the driver; carried as it is. */
export const guestAbi = z.record(z.string(), z.unknown());

/** What a member says about an instance that shall leave it. Sizes in bytes. */
export const moveFacts = z.object({
  /** What the root disk may hold, 0 for containers. */
  diskBytes: z.number(),
  /** What the instance takes on its disk, snapshots included. */
  usedBytes: z.number(),
  /** Of the running machine, 0 for what is stopped and for containers. */
  memoryBytes: z.number(),
  abi: guestAbi.optional(),
  /** Why it cannot leave running, for the user. */
  blockers: z.array(z.string()),
});
export type MoveFacts = z.infer<typeof moveFacts>;

/** Where a target waits for a guest. */
export const moveEndpoint = z.object({ host: z.string(), memoryPort: z.number().int(), diskPort: z.number().int() });
export type MoveEndpoint = z.infer<typeof moveEndpoint>;

export const moveLimits = z.object({
  /** 0: none. */
  bandwidthBytesPerSecond: z.number(),
  /** What the hand-over may take at first, and in the end, when the guest changes its memory too fast. */
  downtimeMs: z.number(),
  longestDowntimeMs: z.number(),
  /** For the memory. */
  timeoutMs: z.number(),
  /** For the disk; unset: as long as it takes. */
  diskTimeoutMs: z.number().optional(),
});
export type MoveLimits = z.infer<typeof moveLimits>;

/** `whole`: of what is stopped. `first`: of a container that runs; `rest`: what changed since. `beside`: of a VM that runs, all but its disk. */
export const transferPass = z.enum(['whole', 'first', 'rest', 'beside']);
export type TransferPass = z.infer<typeof transferPass>;

/** At most; unset or 0: as fast as it goes. */
export const transferSpeed = z.number().nonnegative().optional();

/** How the source's part ended. `gone`: its process ended after the hand-over had begun: only the target knows. */
export const settledOutcome = z.enum(['resumed', 'handed-over', 'gone']);
export type SettledOutcome = z.infer<typeof settledOutcome>;

/** As QEMU reports it. */
export const switchoverResult = z.object({ downtimeMs: z.number(), totalMs: z.number(), memoryBytes: z.number(), rounds: z.number() });
export type SwitchoverResult = z.infer<typeof switchoverResult>;

/** The dry run of a move (`POST /1.0/instances/<name>/migration-plan`), in LXD's spelling. Sizes in bytes, times in milliseconds. */
export const migrationPlanSchema = z.object({
  mode: z.enum(['live', 'restart', 'cold']),
  source: z.string(),
  target: z.string(),
  explanation: z.string(),
  /** What the move would be refused for. */
  blockers: z.array(z.string()),
  disk_bytes: z.number(),
  memory_bytes: z.number(),
  predicted_duration_ms: z.number(),
  predicted_downtime_ms: z.number(),
});
