import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import type { PortEvent } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { bind, deactivation, removal } from '../domain/port.decider';
import { portStream, type LivePort } from '../domain/port.state';
import type { Changed } from '../clients/data-plane.client';
import type { Deps } from '../network.deps';
import { appendIn } from './network-place';
import { changedBy, loadPorts } from './settle-ports';

export const deactivatePorts: CommandHandler<'port.deactivate'> = async (deps, meta, body) => {
  const wanted = ({ device }: LivePort): boolean => body.devices === undefined || body.devices.includes(device);
  const done = await execute(deps, meta, 'port.deactivate', body, (uow) =>
    change(deps, uow, body.instanceId, (port) => (wanted(port) ? deactivation(port) : [])),
  );
  return settled(deps, done, 'written');
};

export const removePorts: CommandHandler<'port.remove'> = async (deps, meta, body) => {
  const done = await execute(deps, meta, 'port.remove', body, (uow) => change(deps, uow, body.instanceId, removal));
  return settled(deps, done, 'written');
};

export const bindPorts: CommandHandler<'port.bind'> = async (deps, meta, body) => {
  const done = await execute(deps, meta, 'port.bind', body, (uow) => change(deps, uow, body.instanceId, (port) => bind(port, body.members)));
  return settled(deps, done, 'in effect');
};

async function change(deps: Deps, uow: UnitOfWork, instanceId: string, decide: (port: LivePort) => PortEvent[]): Promise<Changed> {
  const ports = await loadPorts(deps, uow, instanceId);
  for (const port of ports) appendIn(uow, port.project, portStream(port.portId), decide(port));
  return changedBy(
    deps,
    ports.filter(({ status }) => status === 'active'),
  );
}

/** A repeat settles too: the first one may have died in between. Nobody waits for the flows of ports that leave: their guest is gone. */
async function settled<T extends { result: unknown }>(deps: Deps, done: T, until: 'written' | 'in effect'): Promise<T> {
  const changed = done.result as Changed;
  if (changed.ports?.length) await deps.dataPlane.settle(changed, until);
  return { ...done, result: {} };
}
