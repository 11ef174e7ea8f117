/**
 * Whether, how and where an instance can move: pure. What members and the source's host say comes in.
 *
 *   running virtual machine     live      its memory goes along; --stateless: stopped, copied, started
 *   running container           restart   copied while it runs, stopped for the last difference, started
 *   stopped                     cold      copied
 */
import { parseByteSize, WeftError, type Heartbeat, type InstanceSpec, type MoveFacts, type MoveLimits } from '@weft/contracts';
import type { LiveStatus } from './instance.state';

export type MigrationMode = 'live' | 'restart' | 'cold';

/** How long the guest may pause at first; it grows when the guest changes its memory too fast. */
export const MOVE_LIMITS: MoveLimits = { bandwidthBytesPerSecond: 0, downtimeMs: 100, longestDowntimeMs: 2_000, timeoutMs: 30 * 60_000 };

const positive = (text: string | undefined, size: (value: string) => number | undefined): number | undefined => size(text ?? '') || undefined;

/** @param config the instance's, with that of its profiles */
export function moveLimits(config: Readonly<Record<string, string>>): MoveLimits {
  const seconds = positive(config['migration.timeout'], Number);
  const longestDowntimeMs = positive(config['migration.downtime'], Number) ?? MOVE_LIMITS.longestDowntimeMs;
  return {
    bandwidthBytesPerSecond: positive(config['migration.bandwidth'], parseByteSize) ?? MOVE_LIMITS.bandwidthBytesPerSecond,
    downtimeMs: Math.min(MOVE_LIMITS.downtimeMs, longestDowntimeMs),
    longestDowntimeMs,
    ...(seconds ? { timeoutMs: seconds * 1_000, diskTimeoutMs: seconds * 1_000 } : { timeoutMs: MOVE_LIMITS.timeoutMs }),
  };
}

/** What a link is taken to carry when nobody has said, for predictions. */
const ASSUMED_BYTES_PER_SECOND = 100e6;
/** Stop and start of a guest that does not go along with its memory, for predictions. */
const RESTART_MS = 10_000;
/** Between two hosts a copy may be larger than what it is made from. */
const SPARE_BYTES = 64 * 2 ** 20;

export function migrationMode(instance: { status: LiveStatus; type: InstanceSpec['type'] }, wantsLive: boolean): MigrationMode {
  switch (instance.status) {
    case 'stopped':
      return 'cold';
    case 'running':
      return instance.type === 'virtual-machine' && wantsLive ? 'live' : 'restart';
    case 'frozen':
      throw new WeftError('instance.wrong-status', 'The instance is frozen: unfreeze it first');
    case 'error':
      throw new WeftError('instance.wrong-status', 'The instance is in an error state: stop it first');
    default:
      throw new WeftError('instance.busy', 'Instance is busy: wait for the operation that holds it');
  }
}

export interface MigrationNeeds {
  mode: MigrationMode;
  spec: InstanceSpec;
  facts: MoveFacts;
  source: Heartbeat;
  target: Heartbeat;
}

/** Why the move would fail, for the user; empty when nothing is known to be in its way. */
export function migrationBlockers({ mode, spec, facts, source, target }: MigrationNeeds): string[] {
  const room = target.resources.diskFreeBytes - facts.usedBytes - SPARE_BYTES;
  return [
    ...(mode === 'live' ? facts.blockers : []),
    ...(mode === 'live' ? differences(source, target, facts) : []),
    ...(room < 0
      ? [`the disk of ${target.member} has ${mib(target.resources.diskFreeBytes)}MiB free, ${mib(facts.usedBytes + SPARE_BYTES)}MiB are needed`]
      : []),
    ...(spec.architecture !== target.resources.architecture ? [`${target.member} has another architecture: ${target.resources.architecture}`] : []),
  ];
}

/** A guest that does not start anew finds the same kind of processor, and a QEMU that understands its memory. */
function differences(source: Heartbeat, target: Heartbeat, facts: MoveFacts): string[] {
  const [from, to] = [source, target].map(({ drivers }) => drivers.find(({ type }) => type === 'virtual-machine'));
  if (!from || !to) return [`${target.member} runs no virtual machines`];
  const [older, newer] = [versionOf(from.version), versionOf(to.version)];
  return [
    ...(from.info.accelerator === to.info.accelerator
      ? []
      : [`the guest runs under ${from.info.accelerator ?? 'an unknown accelerator'}, ${target.member} has ${to.info.accelerator ?? 'none'}`]),
    ...(newer < older ? [`QEMU ${to.version} of ${target.member} is older than QEMU ${from.version}, which the guest was started with`] : []),
    ...(target.resources.memoryFreeBytes < facts.memoryBytes
      ? [`${target.member} has ${mib(target.resources.memoryFreeBytes)}MiB of memory free, the guest has ${mib(facts.memoryBytes)}MiB`]
      : []),
  ];
}

/** "10.0.2" -> 10_000, patches do not count. */
const versionOf = (text: string): number => {
  const [major = 0, minor = 0] = text.split('.').map(Number);
  return major * 1_000 + minor;
};

/** Milliseconds; of a link that nobody else uses. */
export function predictMigration(mode: MigrationMode, facts: MoveFacts, limits: MoveLimits): { durationMs: number; downtimeMs: number } {
  const speed = limits.bandwidthBytesPerSecond || ASSUMED_BYTES_PER_SECOND;
  const copyMs = Math.ceil((1000 * (facts.usedBytes + facts.memoryBytes)) / speed);
  if (mode === 'cold') return { durationMs: copyMs, downtimeMs: 0 };
  return mode === 'live' ? { durationMs: copyMs, downtimeMs: limits.downtimeMs } : { durationMs: copyMs + RESTART_MS, downtimeMs: RESTART_MS };
}

const mib = (bytes: number): number => Math.ceil(bytes / 2 ** 20);
