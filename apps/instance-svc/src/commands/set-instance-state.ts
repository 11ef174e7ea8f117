import type { InstanceCommandBody, InstanceEvent, LxdOperation, Meta } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { freezeInstance, restartInstance, startInstance, stopInstance, unfreezeInstance } from '../domain/instance.decider';
import type { InstanceState } from '../domain/instance.state';
import { statefulStop } from '../domain/stateful.rules';
import type { Deps } from '../instance.deps';
import { findInstance, type InstanceRow } from '../queries/find-instance';
import type { StateParams } from '../sagas/saga-params';
import { startInstanceWork } from './instance-operation';
import { requireOnline } from './require-online';

export interface StateRequest extends Pick<InstanceCommandBody<'instance.set-state'>, 'action' | 'timeout' | 'force' | 'stateful'> {
  /** A stop on behalf of its member's evacuation. */
  evacuates?: boolean;
}
type Action = StateRequest['action'];

/** Of what waits for the host alone; a memory of gigabytes is written meanwhile. */
const LIMIT_MS = 10 * 60_000;
/** What "wait without end" means here: no operation runs for ever. */
const LONGEST_SHUTDOWN_SECONDS = 600;
/** For the agent to answer, on top of what the guest was given. */
const ANSWER_MS = 60_000;

const DESCRIPTION: Record<Action, string> = {
  start: 'Starting instance',
  stop: 'Stopping instance',
  restart: 'Restarting instance',
  freeze: 'Freezing instance',
  unfreeze: 'Unfreezing instance',
};

export const setInstanceState: CommandHandler<'instance.set-state'> = async (deps, meta, body) => {
  const row = await findInstance(deps.pool, meta.project, body.name);
  await requireOnline(deps, row.member);
  return execute(deps, meta, 'instance.set-state', body, (uow) => changeState(deps, uow, meta, row, body));
};

/** Decides and opens the operation; also used for every instance of a bulk change and by the reconciler. */
export function changeState(deps: Deps, uow: UnitOfWork, meta: Meta, row: InstanceRow, request: StateRequest, operationId?: string): Promise<LxdOperation> {
  if (request.stateful && request.action === 'stop') statefulStop(row.spec);
  const timeoutSeconds = request.timeout > 0 ? Math.min(request.timeout, LONGEST_SHUTDOWN_SECONDS) : LONGEST_SHUTDOWN_SECONDS;
  const stateful = request.stateful && request.action === 'stop' && !request.force;
  const waits = (request.action === 'stop' || request.action === 'restart') && !request.force && !stateful;
  let statusBefore: StateParams['statusBefore'] = 'stopped';
  return startInstanceWork<StateParams>(deps, uow, meta, {
    row,
    operationId,
    description: DESCRIPTION[request.action],
    saga: `instance.${request.action}`,
    // Whoever waits for a guest that does not end may give up: the guest runs on.
    mayCancel: waits,
    timeLimitMs: waits ? timeoutSeconds * 1_000 + ANSWER_MS : LIMIT_MS,
    decide(state, id) {
      statusBefore = settled(state);
      return decide(state, id, request);
    },
    params: (after) => ({
      epoch: after.epoch,
      force: request.force,
      timeoutSeconds,
      statusBefore,
      stateful,
      stateless: !request.stateful,
      evacuates: request.evacuates,
    }),
  });
}

/** Where a failed change leads back to. */
function settled(state: InstanceState): StateParams['statusBefore'] {
  switch (state.status) {
    case 'running':
    case 'frozen':
    case 'error':
      return state.status;
    case 'stopping':
      return 'running';
    default:
      return 'stopped';
  }
}

function decide(state: InstanceState, operationId: string, { action, force, stateful }: StateRequest): InstanceEvent[] {
  switch (action) {
    case 'start':
      return startInstance(state, operationId, stateful);
    case 'stop':
      return stopInstance(state, operationId, force);
    case 'restart':
      return restartInstance(state, operationId);
    case 'freeze':
      return freezeInstance(state, operationId);
    case 'unfreeze':
      return unfreezeInstance(state, operationId);
    default:
      return action satisfies never;
  }
}
