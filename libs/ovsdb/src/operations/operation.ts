import type { Uuid } from '../notation/values';

/** What is known of a condition or mutation at run time: column, function, value. */
export type Clause = readonly [column: string, function: string, value: unknown];
export type Columns = Readonly<Record<string, unknown>>;

/** RFC 7047 section 5.2, with values as programs use them. Made by `operationsOn`, which checks the types. */
export interface Insert {
  readonly op: 'insert';
  readonly table: string;
  readonly row: Columns;
  /** Name by which other operations of the transaction refer to the row. */
  readonly name?: string;
  /** Identity chosen by the client: a repeat then fails with "duplicate uuid" instead of adding a second row (Open vSwitch 2.13). */
  readonly uuid?: Uuid;
}
export interface Select<R = Columns> {
  readonly op: 'select';
  readonly table: string;
  readonly where: readonly Clause[];
  /** Default: all that the model knows. */
  readonly columns?: readonly string[];
  /** Never there at run time: carries the type of the result. */
  readonly result?: R;
}
export interface Update {
  readonly op: 'update';
  readonly table: string;
  readonly where: readonly Clause[];
  readonly row: Columns;
}
export interface Mutate {
  readonly op: 'mutate';
  readonly table: string;
  readonly where: readonly Clause[];
  readonly mutations: readonly Clause[];
}
export interface Delete {
  readonly op: 'delete';
  readonly table: string;
  readonly where: readonly Clause[];
}
export interface Wait {
  readonly op: 'wait';
  readonly table: string;
  readonly where: readonly Clause[];
  readonly columns: readonly string[];
  readonly until: '==' | '!=';
  readonly rows: readonly Columns[];
  /** How long the server may wait; 0: true now or fail. Undefined: for ever. */
  readonly timeoutMs?: number;
}
export interface Commit {
  readonly op: 'commit';
  /** Whether the server must have it on disk before it answers. */
  readonly durable: boolean;
}
export interface Abort {
  readonly op: 'abort';
}
export interface Comment {
  readonly op: 'comment';
  readonly comment: string;
}
export interface Assert {
  readonly op: 'assert';
  /** A lock that this client must own. */
  readonly lock: string;
}

export type Operation = Insert | Select | Update | Mutate | Delete | Wait | Commit | Abort | Comment | Assert;

/** What an operation answers. */
export type ResultOf<O> =
  O extends Select<infer R>
    ? { readonly rows: readonly R[] }
    : O extends Insert
      ? { readonly uuid: Uuid }
      : O extends Update | Mutate | Delete
        ? { readonly count: number }
        : {};

/** The results of a transaction, one by one in its order. */
export type ResultsOf<Ops extends readonly Operation[]> = { readonly [I in keyof Ops]: ResultOf<Ops[I]> };
