/**
 * How much containers take on the disk, for looks that come all the time. du(1) walks a whole tree: what is known is told, and measured
 * anew one after the other with rests between, whoever has waited longest first.
 *
 *   few guests: with every look        hundreds: each every minute or so, whatever their size, in a small part of a processor
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { diskUsageBytes } from './container-copy';

const LEAST_REST_MS = 1_000;
/** Rests are this many times as long as what was measured took. */
const REST_FACTOR = 9;

export class DiskMeter {
  private readonly known = new Map<string, number>();
  private readonly waiting = new Map<string, string>();
  private working = false;

  constructor(private readonly measureBytes: (path: string) => Promise<number> = diskUsageBytes) {}

  /** Measured now. @param path the container's data */
  async measured(id: string, path: string): Promise<number> {
    const bytes = await this.measureBytes(path);
    this.known.set(id, bytes);
    return bytes;
  }

  /** What was measured last, which is what asked to be measured again. */
  async recent(id: string, path: string): Promise<number> {
    const bytes = this.known.get(id);
    if (bytes === undefined) return this.measured(id, path);
    if (!this.waiting.has(id)) this.waiting.set(id, path);
    if (!this.working) void this.work();
    return bytes;
  }

  forget(id: string): void {
    this.waiting.delete(id);
    this.known.delete(id);
  }

  private async work(): Promise<void> {
    this.working = true;
    for (const [id, path] of this.waiting) {
      this.waiting.delete(id);
      const since = performance.now();
      const bytes = await this.measureBytes(path);
      if (this.known.has(id)) this.known.set(id, bytes);
      await sleep(Math.max(LEAST_REST_MS, REST_FACTOR * (performance.now() - since)), undefined, { ref: false });
    }
    this.working = false;
  }
}
