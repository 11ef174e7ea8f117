import { isId, WeftError } from '@weft/contracts';
import { canSeeOperation, canSeeProject, TOKEN_CLASS } from '../domain/policy';
import { fdOfSecret } from '../domain/operation-secret';
import type { Deps } from '../gateway.deps';
import { empty, sync, type Reply } from '../http/reply';
import { route, type Call, type Route } from '../http/route';
import { waitForOperation } from '../queries/operation-wait';
import { findOperation, listOperations } from '../queries/operation.query';
import { recursionOf, type Scope } from '../queries/list.query';
import { allProjects, ownProject } from '../queries/project-scope';

export function operationRoutes(deps: Deps): Route[] {
  return [
    route({
      method: 'GET',
      path: '/1.0/operations',
      summary: 'Operations that run, by status',
      access: 'trusted',
      handle: async (call) => sync(await listOperations(deps.reads, scopeOf(call), recursionOf(call.query))),
    }),
    route({
      method: 'GET',
      path: '/1.0/operations/:id',
      summary: 'An operation, also long after its end',
      access: 'trusted',
      handle: async (call) => sync(await visible(deps, call)),
    }),
    route({
      method: 'DELETE',
      path: '/1.0/operations/:id',
      summary: 'Cancel an operation',
      access: 'trusted',
      handle: async (call) => {
        await visible(deps, call);
        await deps.commands.send('operation.cancel', { operationId: call.params.id }, call.meta());
        return empty;
      },
    }),
    route({
      method: 'GET',
      path: '/1.0/operations/:id/wait',
      summary: 'Wait for the end of an operation',
      access: 'public',
      handle: (call) => wait(deps, call),
    }),
    route({
      method: 'GET',
      path: '/1.0/operations/:id/websocket',
      summary: 'A channel of an operation (websocket)',
      access: 'public',
      handle: () => {
        throw new WeftError('request.invalid', 'This address wants a websocket');
      },
    }),
  ];
}

function scopeOf(call: Call): Scope {
  const all = call.query['all-projects'] === 'true';
  if (!all && !canSeeProject(call.actor, call.project)) throw new WeftError('auth.forbidden', 'not authorized');
  const { sql, parameters } = all ? allProjects(call.actor) : ownProject(call.project);
  return { sql: call.actor.kind === 'unrestricted' ? sql : `${sql} and class <> '${TOKEN_CLASS}'`, parameters };
}

/** The operation's JSON, if the client may see it: one of another's project does not exist for it. */
async function visible(deps: Deps, call: Call): Promise<string> {
  const found = await findOperation(deps.reads, call.params.id ?? '');
  if (!found || !canSeeOperation(call.actor, found)) throw new WeftError('operation.not-found', 'Operation not found');
  return found.doc;
}

/** `timeout` in seconds; -1 (the default) waits without end. A secret of the operation stands in for trust. */
async function wait(deps: Deps, call: Call): Promise<Reply> {
  const id = call.params.id ?? '';
  const hasSecret = call.query.secret !== undefined && isId(id) && fdOfSecret(deps.sessionKey, id, call.query.secret) !== undefined;
  if (!hasSecret && call.actor.kind !== 'unrestricted' && call.actor.kind !== 'restricted') throw new WeftError('auth.forbidden', 'not authorized');
  const timeoutSeconds = Number(call.query.timeout ?? -1);
  if (!Number.isFinite(timeoutSeconds)) throw new WeftError('request.invalid', 'timeout must be a number of seconds');
  const found = await findOperation(deps.reads, id);
  if (!found || (!hasSecret && !canSeeOperation(call.actor, found))) throw new WeftError('operation.not-found', 'Operation not found');
  return sync(await waitForOperation(deps, id, timeoutSeconds < 0 ? undefined : timeoutSeconds * 1000, call.raw));
}
