/**
 * Moves under every order of faults, in simulated hosts: the guest runs once, where the log says; nothing is left behind;
 * every operation ends. WEFT_MOVE_SEED repeats a run, WEFT_MOVE_RUNS makes it longer; `npm run simulate:moves` runs ten thousand of each kind.
 */
import { newId, type InstanceSpec, type LxdOperation } from '@weft/contracts';
import { defineSaga } from '@weft/saga';
import { simulateSaga } from '@weft/saga/testing/simulated-run';
import { MOVE_LIMITS } from '../domain/migration.plan';
import { moveSagas } from './migration.sagas';
import { FAULTS, SimulatedMove, type Fate, type Fault } from './migration.simulation';
import type { MigrateParams } from './saga-params';

const SEED = Number(process.env.WEFT_MOVE_SEED ?? Date.now() % 2 ** 31);
const RUNS = Number(process.env.WEFT_MOVE_RUNS ?? 300);
const MOST_FAULTS = 4;
const MS_PER_RUN = 20;

/** mulberry32: small, and the same everywhere. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const spec = (type: InstanceSpec['type']): InstanceSpec => ({
  id: newId(), project: 'default', name: 'v1', type, architecture: 'x86_64', ephemeral: false, imageFingerprint: 'f', config: {}, devices: {},
}); // prettier-ignore

const paramsFor = (type: InstanceSpec['type']): MigrateParams => ({
  meta: {
    actor: { protocol: 'unix', username: 'root', address: '@', projects: null },
    project: 'default',
    requestId: 'r',
    correlationId: 'c',
    commandId: newId(),
  },
  operation: {} as LxdOperation,
  member: 'host1',
  target: 'host2',
  spec: spec(type),
  targetSpec: spec(type),
  migrationId: newId(),
  epoch: 1,
  statusBefore: 'running',
  limits: MOVE_LIMITS,
  timeLimitMs: 1_000,
});

const MODES = [
  { mode: 'live', type: 'virtual-machine', runs: true },
  { mode: 'restart', type: 'container', runs: true },
  { mode: 'cold', type: 'container', runs: false },
] as const;

async function move(mode: (typeof MODES)[number], fate: Fate, isCancelled: () => boolean): Promise<{ world: SimulatedMove; status: string }> {
  const world = new SimulatedMove(fate, mode.runs);
  const saga = moveSagas(world).find(({ type }) => type === `instance.migrate-${mode.mode}`)!;
  const run = await simulateSaga(defineSaga(saga), { id: newId(), params: paramsFor(mode.type), isCancelled }, (die) => (world.die = die));
  world.settleDown();
  return { world, status: run.status };
}

function expectSound(world: SimulatedMove, runs: boolean): void {
  const [here, there] = world.member === 'host1' ? [world.source, world.target] : [world.target, world.source];
  const seen = JSON.stringify({ member: world.member, here, there, history: world.history });
  const problems = [
    world.ranTwice ? 'the guest ran twice' : '',
    here.files ? '' : 'the instance is not where the log says',
    there.files || there.process !== 'none' ? 'something is left on the other host' : '',
    runs && !world.killed && here.process !== 'running' ? 'the guest does not run' : '',
    world.bound.join() === world.member || !runs ? '' : `its port is bound to ${world.bound.join()}`,
    world.ended === (world.member === 'host2' ? 'succeeded' : 'failed') ? '' : `the operation has ${world.ended}`,
  ].filter(Boolean);
  if (problems.length > 0) throw new Error(`${problems.join('; ')}: ${seen}`);
}

const never = () => false;

describe.each(MODES)('a move, $mode', (mode) => {
  it('succeeds when nothing goes wrong', async () => {
    const { world, status } = await move(mode, { fault: () => undefined, hint: () => true }, never);
    expect([status, world.member]).toEqual(['done', 'host2']);
    expectSound(world, mode.runs);
  });

  it.each(FAULTS)('bears that an order is %s, whichever it is', async (fault) => {
    const { world: calm } = await move(mode, { fault: () => undefined, hint: () => false }, never);
    for (let at = 0; at < calm.history.length + 2; at += 1) {
      for (const hint of [true, false]) {
        let count = 0;
        const { world } = await move(mode, { fault: (): Fault | undefined => (count++ === at ? fault : undefined), hint: () => hint }, never);
        expectSound(world, mode.runs);
      }
    }
  });

  it(
    `bears ${RUNS} random orders of faults (seed ${SEED})`,
    async () => {
      for (let run = 0; run < RUNS; run += 1) {
        const next = random(SEED + run);
        let faults = 0;
        const fate: Fate = {
          fault: () => (next() < 0.25 && faults++ < MOST_FAULTS ? FAULTS[Math.floor(next() * FAULTS.length)] : undefined),
          hint: () => next() < 0.5,
        };
        const cancels = next() < 0.3;
        const { world } = await move(mode, fate, () => cancels && next() < 0.15).catch((error: Error) => {
          throw new Error(`seed ${SEED + run}: ${error.message}`, { cause: error });
        });
        try {
          expectSound(world, mode.runs);
        } catch (error) {
          throw new Error(`seed ${SEED + run}: ${(error as Error).message}`, { cause: error });
        }
      }
    },
    60_000 + RUNS * MS_PER_RUN,
  );
});
