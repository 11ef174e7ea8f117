import type { ZoneDifference } from './zone-record';

/** A bounded past of one zone, for `ServedZone.differencesSince`. Immutable. */
export class ZoneHistory {
  static readonly empty = new ZoneHistory([], 0);

  private constructor(
    /** Oldest first. */
    private readonly steps: readonly ZoneDifference[],
    private readonly records: number,
  ) {}

  /** @param maxRecords of all steps together; the oldest steps go first. A secondary that is further behind gets the whole zone. */
  add(step: ZoneDifference, maxRecords: number): ZoneHistory {
    const last = this.steps[this.steps.length - 1];
    if (last && last.to.serial !== step.from.serial) throw new Error(`a step from ${step.from.serial} does not follow one to ${last.to.serial}`);
    let records = this.records + weight(step);
    let from = 0;
    while (from < this.steps.length && records > maxRecords) records -= weight(this.steps[from++]!);
    if (records > maxRecords) return ZoneHistory.empty;
    return new ZoneHistory([...this.steps.slice(from), step], records);
  }

  /** Undefined when `serial` is none of the past that is kept. */
  since(serial: number): readonly ZoneDifference[] | undefined {
    // From the end: a serial may come round again, and the later one is meant.
    for (let at = this.steps.length - 1; at >= 0; at--) if (this.steps[at]!.from.serial === serial) return this.steps.slice(at);
    return undefined;
  }
}

const weight = (step: ZoneDifference): number => step.removed.length + step.added.length + 2;
