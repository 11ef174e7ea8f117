/**
 * Which instances a look has to inspect: those that run, those that a task or a driver touched, and a few of those that
 * rest (stopped, and seen so) in turn. A thousand stopped instances must not cost a host its processor, and what nobody
 * told us of is still found, within SWEEP_MS.
 *
 *   listed, touched --> due --inspected--> awake: due with every look
 *                        ^           +---> resting --its turn of the sweep--+
 *                        +--------------------------------------------------+
 */
import type { Driver } from '../drivers/driver';
import type { DriverRegistry } from '../drivers/driver-registry';
import type { InstanceStore } from '../instances/instance-store';

const SWEEP_MS = 30_000;

export interface Place {
  id: string;
  driver: Driver;
}

export class LookList {
  private readonly places = new Map<string, Place>();
  private readonly touched = new Set<string>();
  /** In the order in which they were looked at. */
  private readonly resting = new Set<string>();
  private listedAt = -Infinity;
  private lookedAt = -Infinity;

  constructor(private readonly deps: { drivers: DriverRegistry; instances: Pick<InstanceStore, 'spec'>; clock: () => number }) {}

  has(id: string): boolean {
    return this.places.has(id);
  }

  /** Something happened to it: it may run, be new or be gone. */
  touch(id: string): void {
    this.touched.add(id);
  }

  /** What a look found: it is stopped and will be so until somebody touches it. */
  rest(id: string): void {
    this.resting.delete(id);
    if (this.places.has(id) && !this.touched.has(id)) this.resting.add(id);
  }

  /** Those that are to be inspected now. */
  async due(): Promise<Place[]> {
    const now = this.deps.clock();
    if (now - this.listedAt >= SWEEP_MS) await this.list(now);
    for (const id of this.touched) await this.locate(id);
    const turns = Math.ceil((this.resting.size * Math.min(now - this.lookedAt, SWEEP_MS)) / SWEEP_MS);
    this.lookedAt = now;
    for (const id of [...this.resting].slice(0, turns)) this.resting.delete(id);
    return [...this.places.values()].filter(({ id }) => !this.resting.has(id));
  }

  /** What the drivers find on the disk. One that came or went while they looked is left to its touch. */
  private async list(now: number): Promise<void> {
    const before = [...this.places.keys()];
    const lists = await Promise.all(this.deps.drivers.all().map(async (driver) => (await driver.list()).map((id) => ({ driver, id }))));
    const listed = new Map(lists.flat().map((place) => [place.id, place]));
    for (const id of before) if (!listed.has(id) && !this.touched.has(id)) this.forget(id);
    for (const [id, place] of listed) if (!this.touched.has(id)) this.places.set(id, place);
    this.listedAt = now;
  }

  private async locate(id: string): Promise<void> {
    this.touched.delete(id);
    this.resting.delete(id);
    const spec = await this.deps.instances.spec(id);
    const driver = spec && this.deps.drivers.get(spec.type);
    if (driver) this.places.set(id, { id, driver });
    else this.forget(id);
  }

  private forget(id: string): void {
    this.places.delete(id);
    this.resting.delete(id);
  }
}
