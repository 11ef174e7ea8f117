/** How fast the memory goes, and when what is left of it fits into a pause. */
import type { MoveLimits } from '@weft/contracts';
import type { MigrationInfo, MigrationParameters } from '@weft/qmp';
import { GATE_BYTES } from './migration-gate';
import { UNLIMITED_BYTES_PER_SECOND } from './migration-record';

/** QEMU looks for changes, and pauses the guest, when what is left goes in `downtime-limit` with `avail-switchover-bandwidth`. */
const fitsInto = (bytes: number, ms: number): MigrationParameters => ({ 'downtime-limit': ms, 'avail-switchover-bandwidth': Math.ceil((bytes * 1_000) / ms) });

/** Less than the gate counts. Not 0 ms, with which QEMU would not look. */
export const SHUT = fitsInto(GATE_BYTES / 2, 1);
/** Nothing beside the gate: when a round is over it looks. It pauses the guest only when that has changed nothing in a whole round. */
export const LOOK = fitsInto(GATE_BYTES + 1, 1);
/** The guest may be paused for so long. */
export const opened = (allowedMs: number, bytesPerSecond: number): MigrationParameters =>
  fitsInto(GATE_BYTES + (Math.max(bytesPerSecond, SLOWEST_BYTES_PER_SECOND) * allowedMs) / 1_000, allowedMs);
/** When nothing has been measured. */
const SLOWEST_BYTES_PER_SECOND = 1e6;

/**
 * While others get ready for the hand-over: a page in 100 ms, so that what is known to be left lasts. With nothing left QEMU would go round and round,
 * which costs the guest its processor.
 */
export const CALM: MigrationParameters = { 'max-bandwidth': 10 };

export const paceOf = ({ bandwidthBytesPerSecond }: MoveLimits): MigrationParameters => ({
  'max-bandwidth': bandwidthBytesPerSecond || UNLIMITED_BYTES_PER_SECOND,
});

/** The first round copies everything; what a guest changes meanwhile is known in the second. */
const FIRST_TELLING_ROUND = 2;
/** Rounds that were not enough, until the pause may be twice as long. */
const ROUNDS = 5;

/** The pause that the guest may have: twice as long after every few rounds that were not enough. */
export class GrowingPause {
  private seen = 0;
  private missed = 0;

  constructor(
    private readonly limits: MoveLimits,
    public allowedMs = limits.downtimeMs,
  ) {}

  /** Would it do? @param neededMs for what the guest has changed in a round */
  look(round: number, neededMs: number): boolean {
    if (round < FIRST_TELLING_ROUND) return false;
    if (neededMs <= this.allowedMs) return true;
    if (round <= this.seen) return false;
    this.seen = round;
    this.missed += 1;
    if (this.missed === ROUNDS) {
      this.missed = 0;
      this.allowedMs = Math.min(this.limits.longestDowntimeMs, this.allowedMs * 2);
    }
    return false;
  }
}

/** Of the link and both hosts: the fastest that was seen. When little is left, QEMU sends as slowly as the guest changes it. */
export class Speed {
  private bytesPerMs = 0;

  see({ ram }: MigrationInfo): void {
    this.bytesPerMs = Math.max(this.bytesPerMs, ((ram?.mbps ?? 0) * 1e6) / 8 / 1e3);
  }

  get bytesPerSecond(): number {
    return Math.ceil(this.bytesPerMs * 1e3);
  }

  /** For what is left; for ever as long as nothing has gone. */
  msForRest({ ram }: MigrationInfo): number {
    return !ram || this.bytesPerMs === 0 ? Infinity : ram.remaining / this.bytesPerMs;
  }
}

export const roundsOf = ({ ram }: MigrationInfo): number => ram?.['dirty-sync-count'] ?? 0;

/** Everything that was known to have changed has gone. */
export const isOver = ({ status, ram }: MigrationInfo): boolean =>
  status === 'active' && ram !== undefined && ram.transferred > 0 && ram['dirty-sync-count'] > 0 && ram.remaining === 0;
