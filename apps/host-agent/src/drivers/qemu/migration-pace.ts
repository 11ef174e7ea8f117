/** How fast the memory goes, and when what is left of it fits into a pause. */
import type { MoveLimits } from '@weft/contracts';
import type { MigrationInfo, MigrationParameters } from '@weft/qmp';
import { UNLIMITED_BYTES_PER_SECOND } from './migration-record';

/**
 * Until then QEMU shall not pause the guest: it does when what is left goes in `downtime-limit` with `avail-switchover-bandwidth`, here
 * one thousand bytes, which is less than a page. 0 ms would have it pause without looking what the guest has changed.
 */
export const NOT_YET: MigrationParameters = { 'downtime-limit': 1, 'avail-switchover-bandwidth': 1_000_000 };
const NOT_YET_BYTES_PER_MS = 1_000;

/**
 * While others get ready for the hand-over: a page in 100 ms. Otherwise QEMU looks for changed memory again and again, which costs the guest
 * its processor, and pauses it as soon as there is none.
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

  /** For what the guest has changed in a round; for ever as long as nothing has gone. */
  msForChanged({ ram, ...info }: MigrationInfo): number {
    if (!ram || this.bytesPerMs === 0) return Infinity;
    return Math.max(ram.remaining, (info['expected-downtime'] ?? 0) * NOT_YET_BYTES_PER_MS) / this.bytesPerMs;
  }
}

export const roundsOf = ({ ram }: MigrationInfo): number => ram?.['dirty-sync-count'] ?? 0;
