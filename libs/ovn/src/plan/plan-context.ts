import type { DesiredRow } from '../rows/desired-row';
import type { ColumnDifference, FindRow } from './changed-columns';
import type { Matches } from './match-rows';
import type { PresentRow, PresentRows } from './present-rows';

/** What all parts of making a plan look at. */
export interface PlanContext {
  readonly desired: readonly DesiredRow[];
  readonly rows: PresentRows;
  readonly matches: Matches;
  readonly find: FindRow;
}

export interface RowChange {
  readonly want: DesiredRow;
  readonly row: PresentRow;
  readonly columns: readonly ColumnDifference[];
  /** Owner ids to write. */
  readonly ids: Readonly<Record<string, string>>;
}
