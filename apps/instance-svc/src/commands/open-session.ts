/** exec and console: websocket operations that the agent carries and ends (`operation.finish`). */
import { WeftError, type AgentRequest, type LxdOperation, type Meta } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler, CommandResult } from '../api/command-handler';
import { running } from '../domain/instance.decider';
import type { Deps } from '../instance.deps';
import { findInstance, type InstanceRow } from '../queries/find-instance';
import { serviceMeta } from './service-meta';
import { instanceResources } from './instance-operation';
import { endOperation, startOperation, type OperationRequest } from './operations';
import { requireOnline } from './require-online';

const DEFAULT_ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };
const ROOT_ENVIRONMENT = { HOME: '/root', USER: 'root' };

export const execInstance: CommandHandler<'instance.exec'> = async (deps, meta, body) => {
  const row = await runningInstance(deps, meta, body.name);
  const environment = { ...DEFAULT_ENVIRONMENT, ...(body.user === 0 ? ROOT_ENVIRONMENT : {}), ...ownEnvironment(row), ...body.environment };
  const { name: _name, ...request } = body;
  const metadata = { command: body.command, environment, interactive: body.interactive };
  const labels = { description: 'Executing command', class: body.waitForWebsocket ? ('websocket' as const) : ('task' as const), metadata };
  return openSession(deps, meta, 'instance.exec', body, row, labels, (id) =>
    deps.agents.request(row.member, 'exec.open', { operationId: id, sessionId: id, instance: row.spec, ...request, environment }),
  );
};

export const openConsole: CommandHandler<'instance.console'> = async (deps, meta, body) => {
  if (body.type !== '' && body.type !== 'console')
    throw new WeftError('request.unsupported', `Console type "${body.type}" is not supported yet: use "console"`);
  const row = await runningInstance(deps, meta, body.name);
  const labels = { description: 'Showing console', class: 'websocket' as const, metadata: {} };
  return openSession(deps, meta, 'instance.console', body, row, labels, (id) => {
    const request: AgentRequest<'console.open'> = { operationId: id, sessionId: id, instance: row.spec, width: body.width, height: body.height };
    return deps.agents.request(row.member, 'console.open', request);
  });
};

async function runningInstance(deps: Deps, meta: Meta, name: string): Promise<InstanceRow> {
  const row = await findInstance(deps.pool, meta.project, name);
  running(row);
  await requireOnline(deps, row.member);
  return row;
}

const ownEnvironment = (row: InstanceRow): Record<string, string> =>
  Object.fromEntries(
    Object.entries(row.spec.config).flatMap(([key, value]) => (key.startsWith('environment.') ? [[key.slice('environment.'.length), value]] : [])),
  );

type Labels = Pick<OperationRequest, 'description' | 'class' | 'metadata'>;

/** The operation is there before the agent can end it; when the agent refuses, it ends as failed and the caller is told. */
async function openSession(
  deps: Deps,
  meta: Meta,
  name: string,
  body: object,
  row: InstanceRow,
  labels: Labels,
  open: (operationId: string) => Promise<unknown>,
): Promise<CommandResult> {
  const bootId = deps.members.get(row.member)?.heartbeat.bootId ?? '';
  const resources = instanceResources(row.spec.name);
  const outcome = await execute(deps, meta, name, body, async (uow) =>
    startOperation(deps, uow, meta, { ...labels, resources, location: row.member, timeLimitMs: null, carrier: { member: row.member, bootId } }),
  );
  const operation = outcome.result as LxdOperation;
  try {
    await open(operation.id);
  } catch (error) {
    const failed = error instanceof WeftError ? error : new WeftError('internal', 'Internal error', { cause: error });
    await execute(deps, serviceMeta(meta.project, operation.id, `${meta.commandId}.refused`), 'operation.refuse', {}, (uow) =>
      endOperation(uow, operation.id, { status: 'Failure', err: failed.message }),
    );
    throw failed;
  }
  return outcome;
}
