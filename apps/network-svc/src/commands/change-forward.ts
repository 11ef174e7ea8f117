import { newId, WeftError } from '@weft/contracts';
import type { UnitOfWork } from '@weft/event-store';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideForward, type ForwardFacts } from '../domain/forward.decider';
import { forwardFold, forwardStream, type ActiveForward } from '../domain/forward.state';
import { formatAddress, parseAddress } from '../domain/ip-address';
import type { Changed } from '../clients/data-plane.client';
import type { Deps } from '../network.deps';
import { announcedOn, requireNetwork, uplinkById, type NetworkRow } from '../queries/find-networks';
import { restriction, type ProjectFacts } from '../queries/find-project';
import { appendIn, loadState, ownProject } from './network-place';

export const createForward: CommandHandler<'network-forward.create'> = async (deps, meta, body) => {
  await deps.dataPlane.require();
  const project = await ownProject(deps, meta);
  const network = await requireNetwork(deps.pool, project.owner, body.network);
  const done = await execute(deps, meta, 'network-forward.create', body, async (uow) => {
    if ((await forwardId(deps, network, body.listenAddress)) !== undefined) {
      throw new WeftError('network-forward.exists', 'Failed creating forward: A forward for that listen address already exists');
    }
    const id = newId();
    const { networkId, name: networkName } = network;
    const { network: _network, ...content } = body;
    const place = { forwardId: id, networkId, project: project.owner, networkName };
    const events = decideForward(
      { type: 'create', ...place, ...content, facts: await factsOf(deps, project, network, body.listenAddress) },
      forwardFold.initial,
    );
    appendIn(uow, project.owner, forwardStream(id), events);
    return { forwards: [id] };
  });
  await deps.dataPlane.settle(done.result as Changed);
  return { ...done, result: {} };
};

export const updateForward: CommandHandler<'network-forward.update'> = async (deps, meta, body) => {
  await deps.dataPlane.require();
  const project = await ownProject(deps, meta);
  const network = await requireNetwork(deps.pool, project.owner, body.network);
  const done = await execute(deps, meta, 'network-forward.update', body, async (uow) => {
    const state = await loadForward(deps, uow, network, body.listenAddress);
    const { network: _network, listenAddress: _address, ...change } = body;
    const events = decideForward({ type: 'update', ...change, facts: await factsOf(deps, project, network, state.listenAddress) }, state);
    appendIn(uow, project.owner, forwardStream(state.forwardId), events);
    return { forwards: [state.forwardId] };
  });
  await deps.dataPlane.settle(done.result as Changed);
  return { ...done, result: {} };
};

export const deleteForward: CommandHandler<'network-forward.delete'> = async (deps, meta, body) => {
  await deps.dataPlane.require();
  const project = await ownProject(deps, meta);
  const network = await requireNetwork(deps.pool, project.owner, body.network);
  const done = await execute(deps, meta, 'network-forward.delete', body, async (uow) => {
    const state = await loadForward(deps, uow, network, body.listenAddress);
    appendIn(uow, project.owner, forwardStream(state.forwardId), decideForward({ type: 'delete' }, state));
    return { forwards: [state.forwardId] };
  });
  await deps.dataPlane.settle(done.result as Changed);
  return { ...done, result: {} };
};

/** Addresses are compared in their canonical form. */
async function forwardId({ pool }: Deps, { networkId }: NetworkRow, listenAddress: string): Promise<string | undefined> {
  const parsed = parseAddress(listenAddress);
  const { rows } = await pool.query<{ id: string }>('SELECT forward_id AS id FROM forward WHERE network_id = $1 AND listen_address = $2', [
    networkId,
    parsed ? formatAddress(parsed) : listenAddress,
  ]);
  return rows[0]?.id;
}

async function loadForward(deps: Deps, uow: UnitOfWork, network: NetworkRow, listenAddress: string): Promise<ActiveForward> {
  const id = await forwardId(deps, network, listenAddress);
  const state = id === undefined ? forwardFold.initial : await loadState(uow, forwardFold, forwardStream(id));
  if (state.status !== 'active') throw new WeftError('network-forward.not-found', 'Network forward not found');
  return state;
}

/** Whatever on the uplink is not where the forward listens does not matter. */
async function factsOf({ pool }: Deps, project: ProjectFacts, network: NetworkRow, listenAddress: string): Promise<ForwardFacts> {
  const uplink = await uplinkById(pool, network.uplinkId);
  const listen = parseAddress(listenAddress);
  const announced = uplink && listen ? await announcedOn(pool, uplink.id, '', [formatAddress(listen)]) : [];
  const single = await pool.query<{ address: string }>('SELECT address FROM uplink_address WHERE uplink_id = $1 AND address = $2', [
    uplink?.id ?? '',
    listen ? formatAddress(listen) : '',
  ]);
  const taken = [...announced.map(({ subnet }) => subnet), ...single.rows.map(({ address }) => address)];
  return { network: network.config, uplink, taken, allowedSubnets: restriction(project, 'subnets') };
}
