/** Chooses the member for a new instance. Pure: what members reported comes in, and the answer says why. */
import { WeftError, type Heartbeat, type InstanceType } from '@weft/contracts';

export interface Candidate {
  name: string;
  online: boolean;
  heartbeat: Heartbeat;
  /** Instances sent there since that heartbeat: it does not show them yet. */
  assigned: number;
  /** Instances that are there or on their way, running or not, by the log. */
  placed: number;
  /** Unset for a member that has just been heard of for the first time. */
  policy?: MemberPolicy;
}

/** What administrators say of a member. */
export interface MemberPolicy {
  status: 'active' | 'evacuated' | 'removed';
  /** `scheduler.instance`: what may be placed there besides what names the member itself. */
  scheduler: 'all' | 'manual' | 'group';
  groups: readonly string[];
}

export interface PlacementNeeds {
  type: InstanceType;
  /** "" when any will do. */
  architecture: string;
  /** The image that the root comes from, "" for none: a member that has it already is preferred. */
  fingerprint: string;
  /** The member that must be used (`?target=`, or where the source of a copy is); "" for any. */
  target: string;
  /** Only members of this cluster group (`?target=@group`); "" for any. */
  group?: string;
}

/** `?target=`: a member, or `@` and a cluster group. */
export const readTarget = (target: string): { target: string; group: string } =>
  target.startsWith('@') ? { target: '', group: target.slice(1) } : { target, group: '' };

export interface Placement {
  member: string;
  explanation: string;
}

/** What an instance takes until the next heartbeat shows what it really takes. */
const ASSUMED_MEMORY_BYTES = 128 * 2 ** 20;
/** Shares of a member's memory. */
const GUEST_WEIGHT = 0.02;
const IMAGE_WEIGHT = 0.03;
/** Below this no root disk is begun. */
const MIN_DISK_FREE_BYTES = 64 * 2 ** 20;
const DISK_FULL = 'its disk is full';

/** Throws `member.not-found`, `member.unavailable`, `member.none-suitable` or `disk.full`, with each member's reason. */
export function placeInstance(candidates: readonly Candidate[], needs: PlacementNeeds): Placement {
  if (needs.target) return placeOnTarget(candidates, needs);
  if (candidates.length === 0) throw new WeftError('member.unavailable', 'No member has reported in yet: is the host agent running?');
  const judged = candidates.map((candidate) => ({ candidate, problem: problemOf(candidate, needs) }));
  const suitable = judged.filter(({ problem }) => problem === undefined).map(({ candidate }) => candidate);
  const [best] = suitable.sort((a, b) => score(b, needs) - score(a, needs) || (a.name < b.name ? -1 : 1));
  if (best) return { member: best.name, explanation: explain(best, needs) };
  const reasons = judged.map(({ candidate, problem }) => `${candidate.name}: ${problem}`).join('; ');
  throw refusal(
    `No member can take the instance (${reasons})`,
    judged.map(({ problem }) => problem),
  );
}

function placeOnTarget(candidates: readonly Candidate[], needs: PlacementNeeds): Placement {
  const wanted = candidates.find((candidate) => candidate.name === needs.target);
  if (!wanted || wanted.policy?.status === 'removed') throw new WeftError('member.not-found', `Member ${needs.target} not found`);
  if (!wanted.online) throw new WeftError('member.unavailable', `Member ${needs.target} is offline`);
  const problem = problemOf(wanted, needs);
  if (problem) throw refusal(`Member ${needs.target} cannot take the instance: ${problem}`, [problem]);
  return { member: wanted.name, explanation: 'asked for' };
}

/** Nothing but room is missing: that can be helped. */
const refusal = (message: string, problems: readonly (string | undefined)[]): WeftError =>
  problems.every((problem) => problem === DISK_FULL)
    ? new WeftError('disk.full', `${message}. Delete instances, snapshots or images that nobody needs, or make the disk larger, and try again`)
    : new WeftError('member.none-suitable', message);

function problemOf(candidate: Candidate, needs: PlacementNeeds): string | undefined {
  const { online, heartbeat } = candidate;
  if (!online) return 'offline';
  const forbidden = policyProblem(candidate, needs);
  if (forbidden) return forbidden;
  if (!heartbeat.drivers.some((driver) => driver.type === needs.type)) return `no driver for ${needs.type}s`;
  const { architecture, diskFreeBytes } = heartbeat.resources;
  if (needs.architecture && needs.architecture !== architecture) return `its architecture is ${architecture}, not ${needs.architecture}`;
  if (diskFreeBytes < MIN_DISK_FREE_BYTES) return DISK_FULL;
  return undefined;
}

function policyProblem({ policy }: Candidate, { target, group }: PlacementNeeds): string | undefined {
  if (policy?.status === 'evacuated') return 'evacuated';
  if (policy?.status === 'removed') return 'removed from the cluster';
  if (target) return undefined;
  if (group)
    return policy?.groups.includes(group)
      ? policy.scheduler === 'manual'
        ? 'takes only what names it (scheduler.instance)'
        : undefined
      : `not in group ${group}`;
  if (policy?.scheduler === 'manual') return 'takes only what names it (scheduler.instance)';
  if (policy?.scheduler === 'group') return 'takes only what names its group (scheduler.instance)';
  return undefined;
}

/**
 * Free memory decides; each instance counts against its member beyond what it uses now, because idle guests wake up;
 * having the image is worth a few instances, not more, or one member would fill up before the others get any.
 */
function score(candidate: Candidate, needs: PlacementNeeds): number {
  const { memoryBytes, memoryFreeBytes } = candidate.heartbeat.resources;
  const free = (memoryFreeBytes - candidate.assigned * ASSUMED_MEMORY_BYTES) / Math.max(memoryBytes, 1);
  const guests = Math.max(candidate.placed, candidate.heartbeat.instances.length + candidate.assigned);
  return free - guests * GUEST_WEIGHT + (hasImage(candidate, needs) ? IMAGE_WEIGHT : 0);
}

const hasImage = (candidate: Candidate, needs: PlacementNeeds): boolean => needs.fingerprint !== '' && candidate.heartbeat.images.includes(needs.fingerprint);

function explain(candidate: Candidate, needs: PlacementNeeds): string {
  const { memoryBytes, memoryFreeBytes } = candidate.heartbeat.resources;
  const share = Math.round((100 * memoryFreeBytes) / Math.max(memoryBytes, 1));
  return `${share}% of its memory is free, ${candidate.heartbeat.instances.length} instances run there, ${candidate.placed} are placed there${hasImage(candidate, needs) ? ' and it has the image' : ''}`;
}
