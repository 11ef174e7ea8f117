/**
 * What every saga must survive, whatever it does: each action and undo done twice, a failure before and behind the
 * effect of every step, the death of its process before and behind the effect of every step, in both directions.
 * Needs a real Postgres. The definition works on a world of your own (fakes or real parts), fresh for every case.
 */
import type { Pool } from 'pg';
import pino from 'pino';
import { newId } from '@weft/contracts';
import { inTransaction, qualified } from '@weft/event-store';
import type { AnySaga } from '../run-saga';
import { createSagaRunner, type SagaRunner } from '../runner';
import { killablePool } from './killable-pool';

export interface SagaSubject {
  definition: AnySaga;
  params: object;
  /** Fails unless the world looks as after one success. */
  expectDone(): Promise<void>;
  /** Fails unless the world looks as if the saga had never been, except for what `failed` reports. */
  expectUndone(): Promise<void>;
}

export interface SagaContractOptions {
  name: string;
  /** Pool and schema with the saga tables. */
  database(): { pool: Pool; schema: string };
  /** A fresh world with the saga's definition working on it. */
  subject(): Promise<SagaSubject>;
}

type Step = AnySaga['steps'][number];
type Place = 'before' | 'behind';
const PLACES: readonly Place[] = ['before', 'behind'];
const LEASE_MS = 250;

export function sagaContract(options: SagaContractOptions): void {
  const logger = pino({ level: 'silent' });
  const runner = (definition: AnySaga, pool: Pool = options.database().pool): SagaRunner =>
    createSagaRunner({
      pool,
      schema: options.database().schema,
      definitions: [definition],
      owner: 'contract',
      logger,
      leaseMs: LEASE_MS,
      pollMs: 20,
      retryDelayMs: () => 5,
    });

  /** Inserts the saga and runs it with the runners until it has ended. */
  const settle = async (subject: SagaSubject, runners: readonly SagaRunner[]): Promise<string> => {
    const { pool, schema } = options.database();
    const id = newId();
    try {
      runners[0]!.start();
      await inTransaction(pool, schema, (client) => runners[0]!.insert(client, { id, type: subject.definition.type, params: subject.params }));
      runners[0]!.wake(id);
      for (const other of runners.slice(1)) other.start();
      return await ended(pool, schema, id);
    } finally {
      await Promise.all(runners.map((each) => each.stop()));
    }
  };

  const failing = (definition: AnySaga, step: number, place: Place, times: number): AnySaga => {
    let left = times;
    return withStep(definition, step, (work) => async (ctx) => {
      if (left > 0 && place === 'before' && left--) throw new Error('injected');
      const result = await work(ctx);
      if (left > 0 && left--) throw new Error('injected');
      return result;
    });
  };

  const cases = async (check: (subject: SagaSubject, step: number, place: Place) => Promise<void>): Promise<void> => {
    const { definition } = await options.subject();
    for (let step = 0; step < definition.steps.length; step += 1) {
      for (const place of PLACES) {
        try {
          await check(await options.subject(), step, place);
        } catch (error) {
          throw new Error(`${place} the effect of step ${definition.steps[step]!.name}: ${(error as Error).message}`, { cause: error });
        }
      }
    }
  };
  const pivot = (definition: AnySaga): number => {
    const found = definition.steps.findIndex((step) => step.pivot === true);
    return found === -1 ? definition.steps.length : found;
  };

  describe(`saga contract: ${options.name}`, () => {
    test('every action twice does no more than once', async () => {
      const subject = await options.subject();
      expect(await settle(subject, [runner(everythingTwice(subject.definition))])).toBe('done');
      await subject.expectDone();
    }, 60_000);

    test('a failure at every step unwinds, or is overcome behind the pivot; every undo twice', async () => {
      await cases(async (subject, step, place) => {
        const forward = step > pivot(subject.definition);
        const definition = everythingTwice(failing(subject.definition, step, place, forward ? 2 : Infinity));
        expect(await settle(subject, [runner(definition)])).toBe(forward ? 'done' : 'failed');
        await (forward ? subject.expectDone() : subject.expectUndone());
      });
    }, 120_000);

    test('death at every step is resumed by another runner', async () => {
      await cases(async (subject, step, place) => {
        const victim = killablePool(options.database().pool);
        const dying = withStep(subject.definition, step, dyingAt(place, victim.kill));
        expect(await settle(subject, [runner(dying, victim.pool), runner(subject.definition)])).toBe('done');
        await subject.expectDone();
      });
    }, 120_000);

    test('death at every undo is resumed by another runner', async () => {
      await cases(async (subject, step, place) => {
        const last = Math.min(pivot(subject.definition), subject.definition.steps.length - 1);
        if (step > last) return;
        const doomed = failing(subject.definition, last, 'behind', Infinity);
        const victim = killablePool(options.database().pool);
        const dying = withUndo(doomed, step, dyingAt(place, victim.kill));
        expect(await settle(subject, [runner(dying, victim.pool), runner(doomed)])).toBe('failed');
        await subject.expectUndone();
      });
    }, 120_000);
  });
}

type Wrap = <R>(work: (ctx: never) => Promise<R>) => (ctx: never) => Promise<R>;

const dyingAt =
  (place: Place, die: () => void): Wrap =>
  (work) =>
  async (ctx) => {
    if (place === 'behind') await work(ctx);
    die();
    return new Promise(() => undefined);
  };

const replaceStep = (definition: AnySaga, index: number, change: (step: Step) => Step): AnySaga => ({
  ...definition,
  steps: definition.steps.map((step, i) => (i === index ? change(step) : step)),
});

const withStep = (definition: AnySaga, index: number, wrap: Wrap): AnySaga =>
  replaceStep(definition, index, (step) => ({ ...step, action: wrap((ctx: Parameters<Step['action']>[0]) => step.action(ctx)) as Step['action'] }));

const withUndo = (definition: AnySaga, index: number, wrap: Wrap): AnySaga =>
  replaceStep(definition, index, (step) => (step.undo ? { ...step, undo: wrap(step.undo) as NonNullable<Step['undo']> } : step));

const everythingTwice = (definition: AnySaga): AnySaga => ({
  ...definition,
  steps: definition.steps.map((step) => ({
    ...step,
    action: async (ctx) => {
      await step.action(ctx);
      return step.action(ctx);
    },
    ...(step.undo ? { undo: async (ctx) => (await step.undo!(ctx), step.undo!(ctx)) } : {}),
  })),
});

async function ended(pool: Pool, schema: string, id: string): Promise<string> {
  for (;;) {
    const { rows } = await pool.query<{ status: string }>(`SELECT status FROM ${qualified(schema, 'saga')} WHERE id = $1`, [id]);
    const status = rows[0]?.status;
    if (status === 'done' || status === 'failed') return status;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
