/** A small domain for the suites and benchmarks: accounts with unique names, and a row per account. */
import type { QueryConfig } from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { WeftError, newId } from '@weft/contracts';
import type { Command, Fold, InlineProjection, ProjectedEvent, UnitOfWork } from '../types';

export type LedgerEvent = { type: 'AccountOpened'; data: { name: string } } | { type: 'AmountBooked'; data: { amount: number } };

export type Account = { status: 'none' } | { status: 'open'; name: string; total: number };

export const accountFold: Fold<Account, LedgerEvent> = {
  initial: { status: 'none' },
  evolve: (state, event) => {
    switch (event.type) {
      case 'AccountOpened':
        return { status: 'open', name: event.data.name, total: 0 };
      case 'AmountBooked':
        return state.status === 'open' ? { ...state, total: state.total + event.data.amount } : state;
      default:
        return state;
    }
  },
};

export class LedgerTables1700000000100 implements MigrationInterface {
  name = 'LedgerTables1700000000100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE account (
        stream text PRIMARY KEY, name text NOT NULL, total bigint NOT NULL DEFAULT 0, bookings int NOT NULL DEFAULT 0,
        CONSTRAINT account_name_unique UNIQUE (name));
      CREATE TABLE booking (
        stream text NOT NULL, version int NOT NULL, amount bigint NOT NULL,
        PRIMARY KEY (stream, version),
        CONSTRAINT booking_account FOREIGN KEY (stream) REFERENCES account (stream))`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE booking, account');
  }
}

export const ledgerProjection: InlineProjection = {
  name: 'ledger',
  tables: ['account', 'booking'],
  handles: ['AccountOpened', 'AmountBooked'],
  statements: (events) => {
    const all = events as readonly (ProjectedEvent & LedgerEvent)[];
    return [...openAccounts(all), ...book(all)];
  },
};

type Recorded = ProjectedEvent & LedgerEvent;

function openAccounts(events: readonly Recorded[]): QueryConfig[] {
  const opened = events.flatMap((event) => (event.type === 'AccountOpened' ? [{ stream: event.stream, name: event.data.name }] : []));
  if (opened.length === 0) return [];
  const values = [opened.map(({ stream }) => stream), opened.map(({ name }) => name)];
  return [{ text: 'INSERT INTO account (stream, name) SELECT * FROM unnest($1::text[], $2::text[])', values }];
}

function book(events: readonly Recorded[]): QueryConfig[] {
  const [streams, versions, amounts] = [[] as string[], [] as number[], [] as number[]];
  for (const event of events) {
    if (event.type !== 'AmountBooked') continue;
    streams.push(event.stream);
    versions.push(event.version);
    amounts.push(event.data.amount);
  }
  if (streams.length === 0) return [];
  const text = `WITH booked AS (
       INSERT INTO booking (stream, version, amount) SELECT * FROM unnest($1::text[], $2::int[], $3::bigint[]) RETURNING stream, amount)
     UPDATE account SET total = total + b.sum, bookings = bookings + b.count
       FROM (SELECT stream, sum(amount) AS sum, count(*) AS count FROM booked GROUP BY stream) b
      WHERE account.stream = b.stream`;
  return [{ text, values: [streams, versions, amounts] }];
}

/** A command as a gateway would send it. */
export const ledgerCommand = (name: string, body: object, id: string = newId()): Command => ({
  id,
  name,
  body,
  meta: {
    actor: { protocol: 'unix', username: 'root', address: '@' },
    project: 'default',
    requestId: newId(),
    correlationId: id,
  },
});

export const openAccount =
  (stream: string, name: string) =>
  async (uow: UnitOfWork): Promise<{ stream: string }> => {
    const { state } = await uow.load(accountFold, stream);
    if (state.status === 'open') throw new WeftError('instance.exists', `Account ${name} is open already`);
    uow.append(stream, [{ type: 'AccountOpened', data: { name } }]);
    return { stream };
  };

export const bookAmount =
  (stream: string, amount: number) =>
  async (uow: UnitOfWork): Promise<{ total: number }> => {
    const { state } = await uow.load(accountFold, stream);
    if (state.status !== 'open') throw new WeftError('instance.not-found', 'Account not found');
    uow.append(stream, [{ type: 'AmountBooked', data: { amount } }]);
    return { total: state.total + amount };
  };
