import { applyDifference, sameValue } from '../notation/difference';
import { defaultValue, type Uuid, type Value } from '../notation/values';
import { decodeRow } from '../operations/decode-results';
import { OvsdbProtocolError } from '../errors';
import type { TableSchema } from '../schema/schema';

export type AnyRow = Readonly<Record<string, Value>> & { readonly _uuid: Uuid };

/** One row that changed: `before` is undefined for a new row, `after` for one that is gone. Rows are never changed in place. */
export interface RowChange<R = AnyRow> {
  readonly table: string;
  readonly uuid: Uuid;
  readonly before: R | undefined;
  readonly after: R | undefined;
}

/** `<row-update2>`: exactly one of them. */
type RowUpdate = Partial<Record<'initial' | 'insert' | 'modify' | 'delete', Record<string, unknown> | null>>;

/** The rows of one table, kept up to date from the updates of a monitor. */
export class TableCopy {
  readonly rows = new Map<Uuid, AnyRow>();
  private readonly defaults: Readonly<Record<string, Value>>;

  constructor(
    readonly name: string,
    private readonly schema: TableSchema,
    columns: readonly string[],
  ) {
    this.defaults = Object.fromEntries(columns.map((column) => [column, defaultValue(schema.columns[column]!.type)]));
  }

  /** @throws OvsdbProtocolError when the update does not fit what is here: the copy must then be fetched anew */
  apply(updates: Readonly<Record<string, unknown>>): RowChange[] {
    return Object.entries(updates).flatMap(([uuid, update]) => this.applyRow(uuid as Uuid, update as RowUpdate) ?? []);
  }

  /** Takes these rows as all there are, and tells what that changes: after a reconnect nobody hears of what stayed. */
  replace(updates: Readonly<Record<string, unknown>>): RowChange[] {
    const gone = [...this.rows.keys()].filter((uuid) => !Object.hasOwn(updates, uuid));
    return [...gone.flatMap((uuid) => this.remove(uuid) ?? []), ...this.apply(updates)];
  }

  private applyRow(uuid: Uuid, update: RowUpdate): RowChange | undefined {
    const { initial, insert = initial, modify } = update;
    if (insert) return this.put(uuid, { ...this.defaults, ...decodeRow(this.schema, insert), _uuid: uuid });
    if (modify) return this.modify(uuid, decodeRow(this.schema, modify));
    return this.remove(uuid);
  }

  private modify(uuid: Uuid, differences: Record<string, Value>): RowChange | undefined {
    const before = this.rows.get(uuid);
    if (!before) throw new OvsdbProtocolError(`The server changed a row of ${this.name} that it never sent: ${uuid}`);
    const changed = Object.entries(differences).map(([column, difference]) => {
      return [column, applyDifference(this.schema.columns[column]!.type, before[column]!, difference)] as const;
    });
    const after: AnyRow = { ...before, ...Object.fromEntries(changed) };
    this.rows.set(uuid, after);
    return { table: this.name, uuid, before, after };
  }

  /** A row that comes whole may be one that is here already. */
  private put(uuid: Uuid, after: AnyRow): RowChange | undefined {
    const before = this.rows.get(uuid);
    if (before && Object.keys(after).every((column) => sameValue(before[column] ?? null, after[column]!))) return undefined;
    this.rows.set(uuid, after);
    return { table: this.name, uuid, before, after };
  }

  private remove(uuid: Uuid): RowChange | undefined {
    const before = this.rows.get(uuid);
    if (!before) return undefined;
    this.rows.delete(uuid);
    return { table: this.name, uuid, before, after: undefined };
  }
}
