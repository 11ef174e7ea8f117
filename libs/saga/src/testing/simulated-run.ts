/**
 * A saga without a database and without time, for tests that run thousands of them: the same state machine, its table in
 * memory. A process that dies is a call of `die`; the next one goes on from what the table says.
 */
import pino from 'pino';
import { runSaga, RunnerStopped, type AnySaga } from '../run-saga';
import type { ClaimedSaga, SagaTable } from '../saga-table';
import { unobserved } from '../types';

export interface SimulatedSaga {
  status: ClaimedSaga['status'];
  results: Record<string, unknown>;
  /** Processes that it took. */
  runs: number;
}

export interface SimulationOptions {
  id: string;
  params: object;
  /** Asked between steps: has somebody asked to cancel? */
  isCancelled?(): boolean;
  /** A saga that has not ended after so many runs never will. */
  mostRuns?: number;
}

/** Runs it to its end. `begin` gets what ends the process that works on it, at once. @throws when it does not end */
export async function simulateSaga(
  definition: AnySaga,
  { id, params, isCancelled = () => false, mostRuns = 100 }: SimulationOptions,
  begin: (die: () => Error) => void = () => undefined,
): Promise<SimulatedSaga> {
  const row: ClaimedSaga = {
    id,
    type: definition.type,
    params,
    results: {},
    status: 'running',
    step: 0,
    stepName: definition.steps[0]?.name ?? null,
    error: null,
    cancelRequested: false,
    attempts: 0,
    epoch: 1,
  };
  for (let runs = 1; runs <= mostRuns; runs += 1) {
    const leave = new AbortController();
    begin(() => {
      const reason = new RunnerStopped('killed');
      leave.abort(reason);
      return reason;
    });
    const copy = structuredClone({ ...row, cancelRequested: isCancelled() });
    const parts = {
      table: inMemory(row, isCancelled),
      logger: SILENT,
      cancel: new AbortController().signal,
      leave: leave.signal,
      retryDelayMs: () => 0,
      observer: unobserved,
    };
    await runSaga(definition, copy, parts);
    if (row.status === 'done' || row.status === 'failed') return { status: row.status, results: row.results, runs };
  }
  throw new Error(`the saga stands at ${row.status} ${row.stepName ?? ''} after ${mostRuns} runs: ${JSON.stringify(row.error)}`);
}

const SILENT = pino({ level: 'silent' });

function inMemory(row: ClaimedSaga, isCancelled: () => boolean): SagaTable {
  const table: Pick<SagaTable, 'move' | 'postpone' | 'finish'> = {
    move: (_held, { status, step, stepName, patch, error }) => {
      Object.assign(row, { status, step, stepName: stepName ?? null, results: { ...row.results, ...patch }, error, attempts: 0 });
      return Promise.resolve(isCancelled());
    },
    postpone: (_held, _delayMs, error) => {
      row.error ??= error;
      row.attempts += 1;
      return Promise.resolve();
    },
    finish: (_held, status) => {
      row.status = status;
      return Promise.resolve();
    },
  };
  // The rest of the table is the runner's.
  return table as SagaTable;
}
