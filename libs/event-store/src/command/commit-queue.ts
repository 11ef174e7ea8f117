/**
 * Group commit. While one batch is on its way to the disk, further units queue up and become the next batch: one
 * transaction and one flush for many commands, and no waiting when there is only one.
 *
 *   queue --take--> batch --commit--> every unit lands
 *                     |-- some units refused by name --> only these fail, rest again
 *                     '-- refused without a name -----> each unit alone
 *
 * Units on one stream are taken in order and never in two batches at once; in one batch they follow each other without
 * a gap. The later ones were decided on what the earlier ones are about to write: if an earlier one fails, their
 * compare-and-set fails too and they are decided again.
 */
import { AsyncResource } from 'node:async_hooks';
import type { Pool, QueryResult } from 'pg';
import type { InlineProjection } from '../types';
import { appendCall, landings, type AppendedRow } from './append-call';
import { CommandsRepeated, OutcomeUnknown, StreamsMoved, appendError } from './append-error';
import { Connections, inOrder, transact, transactAtOnce } from './connections';
import { projectAll, statementsOf } from './project';
import { isSingle, singleAppend } from './single-append';
import { projectedEvents, type Landed, type Unit } from './unit';

export interface CommitQueueOptions {
  pool: Pool;
  schema: string;
  projections: readonly InlineProjection[];
  /** Transactions under way at once. */
  lanes: number;
  /** Units in one transaction. */
  maxBatch: number;
}

class Waiting {
  landed!: (at: Landed) => void;
  private reject!: (error: Error) => void;
  /** Where the command runs: its trace, for one. What it waits for in the queue belongs to others. */
  readonly home = new AsyncResource('weft.commit');
  readonly landing = new Promise<Landed>((landed, refused) => {
    this.landed = landed;
    this.reject = refused;
  });

  constructor(readonly unit: Unit) {}

  refuse(error: Error): void {
    this.unit.fate.failed = true;
    this.reject(error);
  }
}

/** Waiting units that are worth a transaction of their own beside the one under way. */
const CROWD = 24;
/** A batch that takes longer than this does not hold up the units behind it. */
const SLOW_BATCH_MS = 20;

export class CommitQueue {
  private waiting: Waiting[] = [];
  private busyLanes = 0;
  private scheduled = false;
  private overdue: NodeJS.Timeout | undefined;
  /** Streams of batches under way: a later unit on one of them waits instead of failing. */
  private readonly busyStreams = new Set<string>();
  /** The last unit under way per stream. */
  private readonly underWay = new Map<string, Waiting>();
  private readonly connections: Connections;

  constructor(private readonly options: CommitQueueOptions) {
    this.connections = new Connections(options.pool);
  }

  /**
   * Resolves when the unit is durable.
   * @throws StreamsMoved, CommandsRepeated, ConstraintViolation, TransientFailure, OutcomeUnknown, or what a
   * projection or a work threw
   */
  commit(unit: Unit): Promise<Landed> {
    const waiting = new Waiting(unit);
    this.waiting.push(waiting);
    for (const stream of unit.streams.keys()) this.underWay.set(stream, waiting);
    this.pump();
    return waiting.landing;
  }

  /** Resolves when every unit that is under way on these streams has landed or failed. */
  async settled(streams: Iterable<string>): Promise<void> {
    await Promise.all([...streams].map((stream) => this.underWay.get(stream)?.landing.catch(() => undefined)));
  }

  /**
   * Gathers what arrives before the event loop moves on: commands answered together come back together. A tick runs
   * when all promises have settled, and unlike an immediate costs a lone writer no turn of the loop.
   */
  private pump(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    process.nextTick(() => {
      this.scheduled = false;
      this.fillLanes(false);
    });
  }

  /**
   * One lane for few: two half batches would need two flushes. A crowd is dealt out to the free lanes, so that this
   * process prepares one batch while Postgres writes another. A further lane also opens when the batch under way is slow
   * (a lock, a long projection).
   */
  private fillLanes(overdue: boolean): void {
    let opening = overdue;
    while (this.waiting.length > 0 && this.busyLanes < this.options.lanes) {
      if (this.busyLanes > 0 && !opening && this.waiting.length < CROWD) break;
      opening = false;
      const batch = this.take(this.share());
      if (batch.length === 0) break;
      this.launch(batch);
    }
    if (this.waiting.length > 0 && this.busyLanes < this.options.lanes) this.overdue ??= setTimeout(() => this.openLane(), SLOW_BATCH_MS);
  }

  private openLane(): void {
    this.overdue = undefined;
    this.fillLanes(true);
  }

  private launch(batch: readonly Waiting[]): void {
    this.busyLanes += 1;
    void batch[0]!.home.runInAsyncScope(() => this.write(batch)).finally(() => this.landedAll(batch));
  }

  private landedAll(batch: readonly Waiting[]): void {
    for (const waiting of batch) {
      for (const stream of waiting.unit.streams.keys()) {
        this.busyStreams.delete(stream);
        if (this.underWay.get(stream) === waiting) this.underWay.delete(stream);
      }
    }
    this.busyLanes -= 1;
    if (this.waiting.length === 0) this.clearOverdue();
    else this.pump();
  }

  private clearOverdue(): void {
    if (!this.overdue) return;
    clearTimeout(this.overdue);
    this.overdue = undefined;
  }

  /** How many units the next batch may have: what waits, dealt out to the free lanes, but no batch below a crowd. */
  private share(): number {
    const free = this.options.lanes - this.busyLanes;
    const batches = Math.max(1, Math.min(free, Math.floor(this.waiting.length / CROWD)));
    return Math.min(this.options.maxBatch, Math.ceil(this.waiting.length / batches));
  }

  private take(limit: number): Waiting[] {
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    const ends = new Map<string, number>();
    const passedOver = new Set<string>();
    for (const waiting of this.waiting) {
      const { streams } = waiting.unit;
      const fits = [...streams].every(
        ([stream, { expected }]) => !this.busyStreams.has(stream) && !passedOver.has(stream) && (ends.get(stream) ?? expected) === expected,
      );
      if (fits && batch.length < limit) {
        batch.push(waiting);
        for (const [stream, { expected, appended }] of streams) ends.set(stream, expected + appended);
      } else {
        left.push(waiting);
        for (const stream of streams.keys()) passedOver.add(stream);
      }
    }
    for (const stream of ends.keys()) this.busyStreams.add(stream);
    this.waiting = left;
    return batch;
  }

  private async write(candidates: readonly Waiting[]): Promise<void> {
    const batch = candidates.filter((waiting) => isFounded(waiting));
    if (batch.length === 0) return;
    try {
      const landed = await this.transact(batch.map(({ unit }) => unit));
      batch.forEach((waiting, index) => waiting.landed(landed[index]!));
    } catch (cause) {
      const error = appendError(cause, batch[0]!.unit.command.id);
      if (batch.length === 1 || error instanceof OutcomeUnknown) return batch.forEach((waiting) => waiting.refuse(error));
      await this.writeRest(batch, error);
    }
  }

  private async writeRest(batch: readonly Waiting[], error: Error): Promise<void> {
    const guilty = batch.filter(({ unit }) => isAbout(error, unit));
    if (guilty.length > 0) {
      for (const waiting of guilty) waiting.refuse(error);
      return this.write(batch.filter((waiting) => !guilty.includes(waiting)));
    }
    for (const waiting of batch) await this.write([waiting]);
  }

  private async transact(units: readonly Unit[]): Promise<Landed[]> {
    const { schema } = this.options;
    const projections = this.projectionsFor(units);
    const works = units.flatMap((unit) => unit.works);
    const append = isSingle(units) ? singleAppend(schema, units[0]!) : appendCall(schema, units);
    const appended = ({ rows }: QueryResult<AppendedRow>): Landed[] => landings(units, rows[0]!);
    if (projections.length === 0 && works.length === 0) {
      // A single statement in autocommit: no BEGIN and COMMIT around it.
      return this.connections.use(async ({ client }) => appended(await client.query(append)));
    }
    const events = units.flatMap(projectedEvents);
    const statements = works.length === 0 ? statementsOf(projections, events) : undefined;
    if (statements) {
      return this.connections.use(async (connection) => appended((await transactAtOnce(connection, schema, [append, ...statements]))[0]!));
    }
    return this.connections.use((connection) =>
      transact(connection, schema, async (client) => {
        const [answer] = await inOrder(client, [() => client.query<AppendedRow>(append), () => projectAll(projections, events, client)]);
        for (const work of works) await work(client);
        return appended(answer);
      }),
    );
  }

  private projectionsFor(units: readonly Unit[]): readonly InlineProjection[] {
    const { projections } = this.options;
    if (projections.length === 0) return projections;
    const types = new Set(units.flatMap((unit) => unit.events.map(({ type }) => type)));
    return projections.filter(({ handles }) => handles.some((type) => types.has(type)));
  }
}

/** A unit that was decided on the effect of one that failed must be decided again, whatever the versions say now. */
function isFounded(waiting: Waiting): boolean {
  if (!waiting.unit.basedOn.some(({ failed }) => failed)) return true;
  waiting.refuse(new StreamsMoved([...waiting.unit.streams.keys()]));
  return false;
}

const isAbout = (error: Error, unit: Unit): boolean =>
  (error instanceof StreamsMoved && error.streams.some((stream) => unit.streams.has(stream))) ||
  (error instanceof CommandsRepeated && error.commandIds.includes(unit.command.id));
