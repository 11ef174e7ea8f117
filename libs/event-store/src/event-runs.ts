/**
 * Splits a batch into runs of neighbours that one statement can write: same type in log order. A live append is a run
 * of one; a rebuild sees long ones, which is what `unnest` is for.
 */
export function* runsOf<E extends { type: string }>(events: readonly E[], sameRun: (a: E, b: E) => boolean = (a, b) => a.type === b.type): Generator<E[]> {
  let run: E[] = [];
  for (const event of events) {
    if (run.length > 0 && !sameRun(run[0]!, event)) {
      yield run;
      run = [];
    }
    run.push(event);
  }
  if (run.length > 0) yield run;
}

/** The newest value per key: a statement may touch a row only once. */
export const lastOfEach = <T>(values: readonly T[], key: (value: T) => string): T[] => [...new Map(values.map((value) => [key(value), value])).values()];

/** The values when there are all of them: for `statements` of a projection that must ask for some events. */
export const allOrNone = <T>(values: readonly (T | undefined)[]): T[] | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === values.length ? known : undefined;
};
