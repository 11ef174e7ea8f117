/**
 * Compares what a host reports with what the log says, and says what to do about it: pure. Level-triggered: a plan
 * that is not carried out is made again by the next heartbeat.
 *
 *   log         host              plan
 *   running     stopped, same     the guest ended by itself, or with its host (nobody saw it run since)
 *   running     not mentioned     ask the host about it: what cannot be inspected is left out too
 *   stopped     running           left over from a start that was given up: kill it
 *   frozen      running           (and the reverse) somebody did it on the host: follow
 *   not there   running           deleted meanwhile, or never ours: the log says which
 *
 * An instance that an operation holds is left alone: its saga knows more.
 */
import type { Heartbeat } from '@weft/contracts';
import type { LiveStatus } from './instance.state';

export interface KnownInstance {
  id: string;
  status: LiveStatus;
  epoch: number;
  locked: boolean;
}

export type Reported = Heartbeat['instances'][number];

export type Correction =
  | { kind: 'stopped'; id: string; epoch: number; reason: 'guest' | 'crashed' | 'host' }
  | { kind: 'frozen' | 'unfrozen'; id: string; epoch: number }
  | { kind: 'ask'; id: string; epoch: number }
  /** `epoch` is the newest one that the log knows: an order of that epoch cannot hit a later run. */
  | { kind: 'kill'; id: string; epoch: number }
  | { kind: 'foreign'; id: string };

export interface ReconcileFacts {
  /** What the log has on this member. */
  known: readonly KnownInstance[];
  reported: readonly Reported[];
  /** Nobody saw the instance run since the agent, or its host, started. */
  endedUnseen(instanceId: string): boolean;
}

export function planReconcile({ known, reported, endedUnseen }: ReconcileFacts): Correction[] {
  const byId = new Map(reported.map((one) => [one.id, one]));
  const ours = new Set(known.map((one) => one.id));
  const corrections = known.flatMap((one) => (one.locked ? [] : correct(one, byId.get(one.id), endedUnseen)));
  const foreign = reported.filter((one) => !ours.has(one.id) && runs(one)).map((one): Correction => ({ kind: 'foreign', id: one.id }));
  return [...corrections, ...foreign];
}

const runs = (one: Reported): boolean => one.status === 'running' || one.status === 'frozen';

function correct(known: KnownInstance, seen: Reported | undefined, endedUnseen: (id: string) => boolean): Correction[] {
  switch (known.status) {
    case 'running':
    case 'frozen':
      return correctRunning(known, seen, endedUnseen);
    case 'stopped':
    case 'error':
      return seen && runs(seen) && seen.epoch <= known.epoch ? [{ kind: 'kill', id: known.id, epoch: known.epoch }] : [];
    case 'creating':
    case 'starting':
    case 'stopping':
    case 'freezing':
    case 'unfreezing':
    case 'deleting':
      return [];
    default:
      return known.status satisfies never;
  }
}

function correctRunning({ id, epoch, status }: KnownInstance, seen: Reported | undefined, endedUnseen: (id: string) => boolean): Correction[] {
  if (!seen) return [{ kind: 'ask', id, epoch }];
  if (seen.epoch < epoch) return runs(seen) ? [{ kind: 'kill', id, epoch }] : [];
  if (seen.epoch > epoch) return [];
  if (!runs(seen))
    return [{ kind: 'stopped', id, epoch, reason: seen.status === 'crashed' ? 'crashed' : seen.reason === 'guest' || !endedUnseen(id) ? 'guest' : 'host' }];
  if (seen.status === 'frozen' && status === 'running') return [{ kind: 'frozen', id, epoch }];
  if (seen.status === 'running' && status === 'frozen') return [{ kind: 'unfrozen', id, epoch }];
  return [];
}
