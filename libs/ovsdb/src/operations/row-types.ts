import type { NamedUuid, Uuid } from '../notation/values';

/** A row as it is read: its columns and its identity. */
export type Row<Columns> = Readonly<Columns> & { readonly _uuid: Uuid };

/** A value as it may be written: a reference may name a row that the same transaction inserts. */
export type Writable<V> = V extends Uuid
  ? Uuid | NamedUuid
  : V extends readonly (infer Item)[]
    ? readonly Writable<Item>[]
    : V extends Readonly<Record<string, unknown>>
      ? { readonly [K in keyof V]: Writable<V[K]> }
      : V;

/** Columns to write; what an insert leaves out gets the default of its type. */
export type RowInput<Columns> = { readonly [C in keyof Columns]?: Writable<Columns[C]> };

type Identity = { _uuid: Uuid };

export type Comparison = '==' | '!=' | 'includes' | 'excludes';
type Ordering = '<' | '<=' | '>' | '>=';

/** RFC 7047, `<condition>`; `includes` and `excludes` compare with a part of a set or map. */
export type Condition<Columns> = {
  [C in keyof (Columns & Identity)]-?:
    | readonly [column: C, function: Comparison, value: Writable<(Columns & Identity)[C]>]
    | (number extends (Columns & Identity)[C] ? readonly [column: C, function: Ordering, value: number] : never);
}[keyof (Columns & Identity)];

/** RFC 7047, `<mutation>`; `delete` on a map takes keys, or pairs that are deleted only when the value matches. */
export type Mutation<Columns> = {
  [C in keyof Columns]-?: NonNullable<Columns[C]> extends number | readonly number[]
    ? readonly [column: C, mutator: '+=' | '-=' | '*=' | '/=' | '%=', value: number] | SetMutation<Columns, C>
    : SetMutation<Columns, C>;
}[keyof Columns];

type SetMutation<Columns, C extends keyof Columns> = Columns[C] extends readonly unknown[]
  ? readonly [column: C, mutator: 'insert' | 'delete', value: Writable<Columns[C]>]
  : Columns[C] extends Readonly<Record<string, unknown>>
    ? readonly [column: C, mutator: 'insert' | 'delete', value: Writable<Columns[C]>] | readonly [column: C, mutator: 'delete', keys: readonly string[]]
    : null extends Columns[C]
      ? readonly [column: C, mutator: 'insert' | 'delete', value: readonly Writable<NonNullable<Columns[C]>>[]]
      : never;
