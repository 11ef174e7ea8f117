import { Pool } from 'pg';
import pino from 'pino';
import { WeftError, newId } from '@weft/contracts';
import { createEventStore, inTransaction } from '@weft/event-store';
import { eventually, startPostgres, type TestPostgres } from '@weft/testing';
import {
  createSagaRunner,
  defineSaga,
  pruneSagas,
  sagaMigrations,
  type SagaContext,
  type SagaDefinition,
  type SagaRunner,
  type SagaRunnerOptions,
} from './index';
import { sagaContract } from './testing/saga.contract';

let postgres: TestPostgres;
let pool: Pool;
const logger = pino({ level: 'silent' });
const schema = 'demo';

jest.setTimeout(30_000);

beforeAll(async () => {
  postgres = await startPostgres();
  pool = new Pool({ connectionString: postgres.url, pipeline: true, max: 10 });
  await createEventStore({ pool, schema, context: 'demo', migrations: sagaMigrations }).migrate();
}, 60_000);

afterAll(async () => {
  await pool.end();
  await postgres.stop();
});

/** Waits until an expectation holds. */
const holds = (expectation: () => Promise<void>): Promise<boolean> => eventually(async () => (await expectation(), true), { timeoutMs: 15_000 });

const stateOf = async (id: string): Promise<{ status: string; error: { code: string; message: string; step: string } | null; results: object }> =>
  (await pool.query('SELECT status, error, results FROM demo.saga WHERE id = $1', [id])).rows[0];
const until = async (id: string, status: string): Promise<void> => void (await holds(async () => expect((await stateOf(id)).status).toBe(status)));

const withRunner = async (
  definition: ReturnType<typeof defineSaga>,
  work: (runner: SagaRunner) => Promise<void>,
  more: Partial<SagaRunnerOptions> = {},
): Promise<void> => {
  const runner = createSagaRunner({
    pool,
    schema,
    definitions: [definition],
    owner: 'test',
    logger,
    leaseMs: 500,
    pollMs: 30,
    retryDelayMs: () => 10,
    ...more,
  });
  runner.start();
  try {
    await work(runner);
  } finally {
    await runner.stop();
  }
};
const begin = async (runner: SagaRunner, type: string, params: object = {}, id: string = newId()): Promise<string> => {
  await inTransaction(pool, schema, (client) => runner.insert(client, { id, type, params }));
  runner.wake(id);
  return id;
};

interface Results extends Record<string, unknown> {
  first: number;
  second: number;
}
const adding = (ran: string[]): SagaDefinition<{ start: number }, Results> => ({
  type: 'adding',
  steps: [
    { name: 'one', action: async ({ params }) => ({ first: params.start + 1 }) },
    { name: 'two', action: async ({ results }) => ({ second: results.first! + 1 }) },
  ],
  succeeded: async ({ results }) => void ran.push(`sum ${results.second}`),
});

test('results flow from step to step and into the last word', async () => {
  const ran: string[] = [];
  await withRunner(defineSaga(adding(ran)), async (runner) => {
    const id = await begin(runner, 'adding', { start: 1 });
    await until(id, 'done');
    expect(ran).toEqual(['sum 3']);
    expect((await stateOf(id)).results).toEqual({ first: 2, second: 3 });
  });
});

test('a saga whose transaction rolls back never runs', async () => {
  const ran: string[] = [];
  await withRunner(defineSaga(adding(ran)), async (runner) => {
    const id = newId();
    await inTransaction(pool, schema, async (client) => {
      await runner.insert(client, { id, type: 'adding', params: { start: 1 } });
      throw new Error('no');
    }).catch(() => undefined);
    runner.wake();
    await until(await begin(runner, 'adding', { start: 5 }), 'done');
    expect(ran).toEqual(['sum 7']);
  });
});

test('the error of the failed step reaches the last word with its code', async () => {
  const words: unknown[] = [];
  const definition = defineSaga<object, Record<string, unknown>>({
    type: 'refused',
    steps: [{ name: 'ask', action: () => Promise.reject(new WeftError('disk.full', 'No space')) }],
    failed: async (_ctx, error) => void words.push(error),
  });
  await withRunner(definition, async (runner) => {
    await until(await begin(runner, 'refused'), 'failed');
    expect(words).toEqual([{ code: 'disk.full', message: 'No space', step: 'ask' }]);
  });
});

const waiting = (log: string[]) =>
  defineSaga<object, Record<string, unknown>>({
    type: 'waiting',
    steps: [
      {
        name: 'wait',
        action: (ctx) => new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error))),
        undo: async (ctx) => void log.push(`undo, aborted ${ctx.signal.aborted}`),
      },
    ],
    failed: async (_ctx, error) => void log.push(error.code),
  });

test('a cancel wakes the step under way, also from another process, and unwinds with a signal that still works', async () => {
  for (const remote of [false, true]) {
    const log: string[] = [];
    await withRunner(waiting(log), async (runner) => {
      const id = await begin(runner, 'waiting');
      const other = createSagaRunner({ pool, schema, definitions: [waiting([])], owner: 'other', logger });
      expect(await (remote ? other : runner).cancel(id)).toBe(true);
      await until(id, 'failed');
      expect(log).toEqual(['undo, aborted false', 'operation.cancelled']);
      expect(await runner.cancel(id)).toBe(false);
    });
  }
});

test('behind the pivot a saga cannot be cancelled, keeps trying, and is reported', async () => {
  let open = false;
  const stuck: string[] = [];
  const definition = defineSaga<object, Record<string, unknown>>({
    type: 'forward',
    steps: [
      {
        name: 'jump',
        pivot: true,
        action: async () => undefined,
        undo: async () => {
          throw new Error('never');
        },
      },
      {
        name: 'land',
        action: async () => {
          if (!open) throw new Error('not yet');
        },
      },
    ],
  });
  await withRunner(
    definition,
    async (runner) => {
      const id = await begin(runner, 'forward');
      await holds(async () =>
        expect((await runner.stuck()).filter((saga) => saga.attempts > 2)).toMatchObject([{ id, stepName: 'land', error: { message: 'not yet' } }]),
      );
      expect(await runner.cancel(id)).toBe(false);
      open = true;
      await until(id, 'done');
      expect(stuck).toContain('land');
    },
    { onStuck: (_saga, error) => void stuck.push(error.step) },
  );
});

test('a runner that stops gives its sagas to the next at once', async () => {
  const epochs: number[] = [];
  const definition = (blocks: boolean) =>
    defineSaga<object, Record<string, unknown>>({
      type: 'handed-over',
      steps: [
        {
          name: 'work',
          action: async (ctx) => {
            epochs.push(ctx.epoch);
            if (blocks) await new Promise(() => undefined);
          },
        },
      ],
    });
  let id = '';
  await withRunner(
    definition(true),
    async (runner) => {
      id = await begin(runner, 'handed-over');
      await holds(async () => expect(epochs).toEqual([1]));
    },
    { leaseMs: 600_000 },
  );
  await withRunner(definition(false), async () => until(id, 'done'), { leaseMs: 600_000 });
  expect(epochs).toEqual([1, 2]);
});

test('a long step keeps its lease; two runners never run a saga at the same time', async () => {
  let inside = 0;
  let most = 0;
  let runs = 0;
  const definition = defineSaga<object, Record<string, unknown>>({
    type: 'long',
    steps: [
      {
        name: 'work',
        action: async (ctx) => {
          runs += 1;
          most = Math.max(most, ++inside);
          const firstLease = (await pool.query('SELECT lease_until FROM demo.saga WHERE id = $1', [ctx.sagaId])).rows[0].lease_until;
          await eventually(async () => (await pool.query('SELECT now() > $1::timestamptz + interval $$300 ms$$ AS over', [firstLease])).rows[0].over);
          inside -= 1;
        },
      },
    ],
  });
  await withRunner(
    definition,
    (first) =>
      withRunner(
        definition,
        async () => {
          await until(await begin(first, 'long'), 'done');
          expect({ most, runs }).toEqual({ most: 1, runs: 1 });
        },
        { leaseMs: 2_000 },
      ),
    { leaseMs: 2_000 },
  );
});

test('many sagas at once, inserted by two runners, each run once', async () => {
  const done = new Map<string, number>();
  const definition = defineSaga<object, Record<string, unknown>>({
    type: 'many',
    steps: [
      { name: 'a', action: async () => undefined },
      { name: 'b', action: async (ctx) => void done.set(ctx.sagaId, (done.get(ctx.sagaId) ?? 0) + 1) },
    ],
  });
  await withRunner(
    definition,
    (first) =>
      withRunner(definition, async (second) => {
        const ids = await Promise.all(Array.from({ length: 150 }, (_, i) => begin(i % 2 ? first : second, 'many')));
        await holds(async () =>
          expect((await pool.query(`SELECT count(*)::int AS n FROM demo.saga WHERE type = 'many' AND status = 'done'`)).rows[0].n).toBe(150),
        );
        expect(ids.map((id) => done.get(id))).toEqual(ids.map(() => 1));
      }),
    { limit: 16 },
  );
});

test('old sagas that ended are pruned with their steps, others stay', async () => {
  await withRunner(defineSaga(adding([])), async (runner) => {
    const id = await begin(runner, 'adding', { start: 1 });
    await until(id, 'done');
    const running = newId();
    await pool.query(`INSERT INTO demo.saga (id, type, params) VALUES ($1, 'nobody-runs-this', '{}')`, [running]);
    expect(await pruneSagas(pool, schema, 3_600_000)).toBe(0);
    expect(await pruneSagas(pool, schema, 0)).toBeGreaterThan(0);
    expect(await stateOf(id)).toBeUndefined();
    expect(await stateOf(running)).toBeDefined();
  });
});

/** A world of rows that remember which command made them: idempotent by command id, as real steps are. */
sagaContract({
  name: 'demo',
  database: () => ({ pool, schema }),
  subject: async () => {
    const world = new Map<string, string>();
    const words = new Set<string>();
    type Ctx = SagaContext<object, Record<string, unknown>>;
    const make = (thing: string) => async (ctx: Ctx) => {
      if (world.has(thing) && world.get(thing) !== ctx.commandId) throw new Error(`${thing} made twice`);
      world.set(thing, ctx.commandId);
      return { [thing]: true };
    };
    const remove = (thing: string) => async () => void world.delete(thing);
    return {
      params: {},
      definition: defineSaga<object, Record<string, unknown>>({
        type: 'contract-demo',
        steps: [
          { name: 'disk', action: make('disk'), undo: remove('disk') },
          { name: 'port', action: make('port'), undo: remove('port') },
          { name: 'switch', action: make('switch'), undo: remove('switch'), pivot: true },
          { name: 'release', action: make('release') },
        ],
        succeeded: async (ctx) => void words.add(ctx.commandId),
        failed: async (ctx) => void words.add(ctx.commandId),
      }),
      expectDone: async () => expect([[...world.keys()], words.size]).toEqual([['disk', 'port', 'switch', 'release'], 1]),
      expectUndone: async () => expect([[...world.keys()], words.size]).toEqual([[], 1]),
    };
  },
});
