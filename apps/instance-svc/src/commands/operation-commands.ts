import { token, WeftError, type LxdOperation, type Meta } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { cancelOperation as decideCancel, completeOperation } from '../domain/operation.decider';
import { operationFold, operationStream } from '../domain/operation.state';
import { requireProject, requireUnrestricted } from './authorize';
import { endOperation } from './operations';

export const cancelOperation: CommandHandler<'operation.cancel'> = async (deps, meta, body) =>
  execute(deps, meta, 'operation.cancel', body, async (uow) => {
    const stream = operationStream(body.operationId);
    const { state } = await uow.load(operationFold, stream);
    if (state.status !== 'none') authorizeCancel(meta, state.project, state.operation);
    const asked = decideCancel(state, uow.now);
    // Without a saga there is nothing to undo and nobody to say so: a token is revoked at once.
    const events = state.status === 'running' && state.sagaType === null ? completeOperation(state, { status: 'Cancelled' }, uow.now) : asked;
    uow.append(
      stream,
      events.map((event) => ({ ...event, project: event.data.project })),
    );
    uow.afterCommit(async () => {
      await deps.sagas.cancel(body.operationId);
    });
    return {};
  });

/** A join token is the server's, whatever project it was asked for in. */
function authorizeCancel(meta: Meta, project: string, operation: LxdOperation): void {
  if (operation.class === 'token') requireUnrestricted(meta);
  else requireProject(meta, project);
}

/** The agent's word that an exec or console is over: only the member that carries it may say so. A repeat changes nothing. */
export const finishOperation: CommandHandler<'operation.finish'> = async (deps, meta, body) =>
  execute(deps, meta, 'operation.finish', body, async (uow) => {
    const { metadata, error } = body;
    const { state } = await uow.load(operationFold, operationStream(body.operationId));
    const carried = state.status === 'running' && state.sagaType === null && token(state.operation.location) === meta.actor.username;
    if (state.status === 'running' && !carried) throw new WeftError('auth.forbidden', 'not authorized');
    await endOperation(uow, body.operationId, error === undefined ? { status: 'Success', metadata } : { status: 'Failure', err: error, metadata });
    return {};
  });
