/**
 * Does something for each of many instances, a few at a time: every instance gets an operation of its own, as if a person
 * had asked. It looks at the rows again and again, so what was begun before this process died, what others have done
 * meanwhile, and what has appeared only now are all seen; the operations' ids are derived, so nothing begins twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { derivedId, WeftError, type ErrorCode, type LxdOperation, type Meta } from '@weft/contracts';
import type { SagaContext } from '@weft/saga';
import { execute } from '@weft/service';
import { beginMove } from '../commands/migrate-instance';
import { requireOnline } from '../commands/require-online';
import { changeState, type StateRequest } from '../commands/set-instance-state';
import type { Errand } from '../domain/evacuation.plan';
import type { Deps } from '../instance.deps';
import { countBegun, findErrands, type ErrandEnd } from '../queries/find-evacuation';
import type { InstanceRow } from '../queries/find-instance';
import { publishProgress } from './saga-work';

export interface ErrandParams {
  meta: Meta;
  operation: LxdOperation;
  member: string;
}
export type ErrandContext = SagaContext<ErrandParams, Record<string, unknown>>;

export interface Errands {
  /** Instances that may need something; those that have got it may still be among them. */
  rows(): Promise<InstanceRow[]>;
  errand(row: InstanceRow): Errand | undefined;
  move: { target: string; origin(row: InstanceRow): string | undefined };
}

/** Moves wait for their turn among those of their hosts; a few more than have it at once, so that none stands idle. */
const UNDER_WAY = 4;
const LOOK_AGAIN_MS = 500;
/** What passes by itself is waited for: what somebody else does to the instance, and parts that are being started again. */
const PASSING: readonly ErrorCode[] = ['instance.busy', 'concurrency.conflict', 'member.unavailable', 'service.unavailable', 'network.unavailable'];
const PATIENCE_MS = 120_000;

/** Per instance that could not be done, by its name: why. Others go on meanwhile. */
export async function runErrands(deps: Deps, ctx: ErrandContext, errands: Errands): Promise<Record<string, string>> {
  const waitsSince = new Map<string, number>();
  const refused = new Map<string, string>();
  for (;;) {
    ctx.signal.throwIfAborted();
    const open = await stillToDo(deps, ctx, errands);
    const problems = new Map([...refused, ...open.filter(({ end }) => end?.err).map(({ row, end }): [string, string] => [labelOf(row), end?.err ?? ''])]);
    const fresh = open.filter(({ row, end }) => !end && !refused.has(labelOf(row)));
    const underWay = await countBegun(deps.pool, ctx.sagaId);
    if (fresh.length === 0 && underWay === 0) return Object.fromEntries(problems);
    let begun = 0;
    for (const one of fresh) {
      if (underWay + begun >= UNDER_WAY) break;
      const refusal = await begin(deps, ctx, one, errands);
      if (!refusal) begun += 1;
      else if (!PASSING.includes(refusal.code) || isOver(waitsSince, one.row.id)) refused.set(labelOf(one.row), refusal.message);
    }
    await sleep(LOOK_AGAIN_MS, undefined, { signal: ctx.signal }).catch(() => ctx.signal.throwIfAborted());
  }
}

/** Since it was refused for the first time. */
function isOver(since: Map<string, number>, id: string): boolean {
  const first = since.get(id) ?? Date.now();
  since.set(id, first);
  return Date.now() - first > PATIENCE_MS;
}

interface Open {
  row: InstanceRow;
  errand: Errand;
  operationId: string;
  /** Of the operation that this saga has begun for it, if it has. */
  end: ErrandEnd | undefined;
}

/** An instance that does not shut down is stopped by force: that is a second errand. */
async function stillToDo(deps: Deps, ctx: ErrandContext, errands: Errands): Promise<Open[]> {
  const wanted = (await errands.rows()).flatMap((row) => {
    const errand = errands.errand(row);
    return errand ? [{ row, errand }] : [];
  });
  const ids = ({ row }: { row: InstanceRow }): [first: string, second: string] => [derivedId(ctx.sagaId, row.id), derivedId(ctx.sagaId, row.id, 'by force')];
  const ends = await findErrands(deps.pool, wanted.flatMap(ids));
  return wanted.map(({ row, errand }) => {
    const [first, second] = ids({ row });
    const end = ends.get(first);
    return errand.kind === 'stop' && !errand.force && end?.err
      ? { row, errand: { ...errand, force: true }, operationId: second, end: ends.get(second) }
      : { row, errand, operationId: first, end };
  });
}

/** @returns what the user did, or can do something about, when it cannot begin */
async function begin(deps: Deps, ctx: ErrandContext, { row, errand, operationId }: Open, { move }: Errands): Promise<WeftError | undefined> {
  const { name, project } = row.spec;
  const meta: Meta = { ...ctx.params.meta, project, commandId: operationId, causationId: ctx.sagaId };
  const tell = (text: string) => publishProgress(deps, ctx.params.meta.project, ctx.params.operation, { stage: 'evacuation', text });
  const set = async (request: StateRequest): Promise<void> => {
    await requireOnline(deps, row.member);
    await execute(deps, meta, 'instance.set-state', { name, ...request }, (uow) => changeState(deps, uow, meta, row, request, operationId));
  };
  try {
    switch (errand.kind) {
      case 'refuse':
        throw new WeftError('instance.wrong-status', errand.reason);
      case 'move':
        await moveIt(deps, meta, row, errand, move, operationId);
        tell(`Migrating "${name}" in project "${project}"`);
        return undefined;
      case 'stop':
        await set({ action: 'stop', timeout: errand.timeoutSeconds, force: errand.force, stateful: false, evacuates: true });
        tell(`Stopping "${name}" in project "${project}"`);
        return undefined;
      case 'start':
        await set({ action: 'start', timeout: 0, force: false, stateful: false });
        tell(`Starting "${name}" in project "${project}"`);
        return undefined;
      default:
        return errand satisfies never;
    }
  } catch (error) {
    if (error instanceof WeftError && error.code !== 'internal') return error;
    throw error;
  }
}

async function moveIt(
  deps: Deps,
  meta: Meta,
  row: InstanceRow,
  { live, elseRestart }: { live: boolean; elseRestart: boolean },
  move: Errands['move'],
  operationId: string,
): Promise<void> {
  const wanted = { target: move.target, newName: '' };
  const evacuation = { operationId, origin: move.origin(row) };
  try {
    await beginMove(deps, meta, row, { ...wanted, live }, evacuation);
  } catch (error) {
    if (!live || !elseRestart || !(error instanceof WeftError) || error.code !== 'instance.wrong-status') throw error;
    await beginMove(deps, meta, row, { ...wanted, live: false }, evacuation);
  }
}

/** Names of other projects say so. */
const labelOf = ({ spec }: InstanceRow): string => (spec.project === 'default' ? spec.name : `${spec.project}/${spec.name}`);
