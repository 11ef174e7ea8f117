/**
 * Executes commands: at most once each, with retries that the caller does not see.
 *
 *   handler refuses --- in the command log? --yes--> stored result
 *                   '-- rests on cached state that is old, or never came true? --yes--> again   '--no--> the refusal
 *   commit: streams moved / transient ------------------------------> again, a bounded number of times
 *           outcome unknown (connection lost) --in the command log?--> stored result, else again
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { WeftError } from '@weft/contracts';
import type { StoreLogger } from '../logger';
import { VersionConflict, type Command, type CommandOutcome, type Cursor, type RecordedEvent, type UnitOfWork } from '../types';
import { CommandsRepeated, OutcomeUnknown, StreamsMoved, TransientFailure, isConnectionError } from './append-error';
import { BoundedMap } from './bounded-map';
import { hashCommand, lookUp, repeatOutcome, type LoggedCommand } from './command-log';
import type { CommitQueue } from './commit-queue';
import { recordedEvents, type Landed, type Unit } from './unit';
import { UnitSession, type SessionParts } from './unit-session';

export type Handler<R> = (uow: UnitOfWork) => Promise<R>;

export interface ExecutorOptions extends SessionParts {
  pool: Pool;
  schema: string;
  queue: CommitQueue;
  logger: StoreLogger;
  /** Attempts of one command before `VersionConflict`. */
  attempts: number;
  /** How long a command waits for a database that went away, in milliseconds. */
  patienceMs: number;
  onAppended?: ((events: readonly RecordedEvent[], cursor: Cursor) => void) | undefined;
}

export type Execute = <R>(command: Command, handler: Handler<R>) => Promise<CommandOutcome<R>>;

export function createExecutor(options: ExecutorOptions): Execute {
  const inFlight = new Map<string, Promise<unknown>>();
  const recent = new BoundedMap<string, LoggedCommand>(2_000);

  return async <R>(command: Command, handler: Handler<R>): Promise<CommandOutcome<R>> => {
    const hash = hashCommand(command);
    for (let first = inFlight.get(command.id); first; first = inFlight.get(command.id)) await first.catch(() => undefined);
    const known = recent.get(command.id);
    if (known) return repeatOutcome<R>(command, hash, known);
    const run = new Execution(options, command, hash, handler).run();
    inFlight.set(command.id, run);
    try {
      const outcome = await run;
      recent.set(command.id, { hash, result: outcome.result, ...(outcome.cursor ? { cursor: outcome.cursor } : {}) });
      return outcome;
    } finally {
      inFlight.delete(command.id);
    }
  };
}

class Execution<R> {
  private readonly now = new Date();
  private readonly deadline: number;
  private attempt = 0;

  constructor(
    private readonly options: ExecutorOptions,
    private readonly command: Command,
    private readonly hash: string,
    private readonly handler: Handler<R>,
  ) {
    this.deadline = performance.now() + options.patienceMs;
  }

  async run(): Promise<CommandOutcome<R>> {
    for (;;) {
      this.attempt += 1;
      const session = new UnitSession(this.command, this.now, this.options);
      try {
        return await this.tryOnce(session);
      } catch (error) {
        session.release();
        const outcome = await this.afterFailure(session, error);
        if (outcome) return outcome;
      }
    }
  }

  private async tryOnce(session: UnitSession): Promise<CommandOutcome<R>> {
    const result = await this.handler(session);
    const unit = await session.finish(this.hash, result);
    // The next command on the stream decides on what this one is about to write, and so may share its flush.
    const landing = this.options.queue.commit(unit);
    session.advanceCache(unit.fate);
    session.release();
    // Behind the tick in which the queue sends the unit: there is time until Postgres answers.
    process.nextTick(() => session.settleCache());
    const landed = await this.landed(session, landing);
    const position = landed.positions.at(-1);
    const cursor = position === undefined ? undefined : { tx: landed.tx, position };
    this.announce(session, unit, landed, cursor);
    return { result, ...(cursor ? { cursor } : {}), repeated: false };
  }

  private async landed(session: UnitSession, landing: Promise<Landed>): Promise<Landed> {
    try {
      return await landing;
    } catch (error) {
      session.forgetCached();
      throw error;
    }
  }

  private announce(session: UnitSession, unit: Unit, landed: Landed, cursor: Cursor | undefined): void {
    const { onAppended } = this.options;
    if (cursor && onAppended) this.afterwards(() => onAppended(recordedEvents(unit, landed), cursor));
    for (const work of session.afterwards) this.afterwards(work);
  }

  /** The command is done: what fails now is logged. */
  private afterwards(work: () => void | Promise<void>): void {
    const report = (error: unknown): void =>
      this.options.logger.error({ err: error, commandId: this.command.id, command: this.command.name }, 'work after commit failed');
    try {
      void work()?.catch(report);
    } catch (error) {
      report(error);
    }
  }

  /** The stored outcome of a repeat, or undefined to try again. @throws what the caller shall see */
  private async afterFailure(session: UnitSession, error: unknown): Promise<CommandOutcome<R> | undefined> {
    if (error instanceof OutcomeUnknown || isConnectionError(error)) this.options.cache.clear();
    const believed = session.believed();
    await this.options.queue.settled(believed.keys());
    const truth = await this.ask([...believed.keys()], error);
    if (truth.logged) {
      session.forgetCached();
      return repeatOutcome<R>(this.command, this.hash, truth.logged);
    }
    const stale = [...believed].filter(([stream, version]) => truth.versions.get(stream) !== version).map(([stream]) => stream);
    const again =
      stale.length > 0 ||
      session.isUnfounded() ||
      error instanceof StreamsMoved ||
      error instanceof CommandsRepeated ||
      error instanceof TransientFailure ||
      error instanceof OutcomeUnknown ||
      isConnectionError(error);
    if (!again) throw error;
    session.forgetCached();
    if (this.attempt >= this.options.attempts) {
      if (error instanceof StreamsMoved) throw new VersionConflict(error.streams[0] ?? '');
      if (stale[0] !== undefined) throw new VersionConflict(stale[0]);
      throw new WeftError('service.unavailable', 'The database did not take the change; try again', { cause: error });
    }
    await sleep(Math.random() * Math.min(100, 2 ** this.attempt));
    return undefined;
  }

  /** Asks the database, waiting for it to come back as long as patience lasts. */
  private async ask(streams: readonly string[], why: unknown): ReturnType<typeof lookUp> {
    for (let pause = 20; ; pause = Math.min(500, pause * 2)) {
      try {
        return await lookUp(this.options.pool, this.options.schema, this.command.id, streams);
      } catch (error) {
        if (!isConnectionError(error)) throw error;
        if (performance.now() > this.deadline) {
          throw new WeftError('service.unavailable', 'The database is not reachable; try again', { cause: why });
        }
        await sleep(pause);
      }
    }
  }
}
