import type { UnitOfWork } from '@weft/event-store';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideForward } from '../domain/forward.decider';
import { forwardFold, forwardStream } from '../domain/forward.state';
import { decideNetwork } from '../domain/network.decider';
import { networkStream, type ActiveNetwork } from '../domain/network.state';
import { decidePairing } from '../domain/pairing.decider';
import { pairingFold, pairingStream } from '../domain/pairing.state';
import type { Changed } from '../clients/data-plane.client';
import type { Deps } from '../network.deps';
import { tellHosts } from '../reconcilers/host-uplinks';
import { isNetworkInUse } from '../queries/find-networks';
import { isPeerMentioned, peersOf } from '../queries/find-peers';
import { appendIn, loadNetwork, loadPending, loadState, ownProject } from './network-place';

export const deleteNetwork: CommandHandler<'network.delete'> = async (deps, meta, body) => {
  await deps.dataPlane.require();
  const project = await ownProject(deps, meta);
  const done = await execute(deps, meta, 'network.delete', body, async (uow) => {
    const pending = await loadPending(deps, uow, project, body.name);
    if (pending) {
      appendIn(uow, pending.project, networkStream(pending.networkId), decideNetwork({ type: 'delete', inUse: false }, pending));
      return {};
    }
    const state = await loadNetwork(deps, uow, project, body.name);
    const events = decideNetwork({ type: 'delete', inUse: await isNetworkInUse(deps.pool, state.networkId) }, state);
    await withdrawPeers(deps, uow, state);
    const forwards = await deleteForwards(deps, uow, state);
    appendIn(uow, state.project, networkStream(state.networkId), events);
    return { networks: [state.networkId], forwards };
  });
  await deps.dataPlane.settle(done.result as Changed);
  await tellHosts(deps, deps.log);
  return { ...done, result: {} };
};

/** Consents that nobody has answered, and what is left of broken pairs. Linked ones keep the network in use. */
async function withdrawPeers({ pool }: Deps, uow: UnitOfWork, { networkId, project, name }: ActiveNetwork): Promise<void> {
  for (const peer of await peersOf(pool, networkId)) {
    const pairing = await loadState(uow, pairingFold, pairingStream(peer.pairingId));
    const inUse = await isPeerMentioned(pool, project, name, peer.name);
    appendIn(uow, project, pairingStream(peer.pairingId), decidePairing({ type: 'withdraw', peerId: peer.peerId, inUse }, pairing));
  }
}

async function deleteForwards({ pool }: Deps, uow: UnitOfWork, { networkId, project }: ActiveNetwork): Promise<string[]> {
  const { rows } = await pool.query<{ id: string }>('SELECT forward_id AS id FROM forward WHERE network_id = $1', [networkId]);
  for (const { id } of rows) {
    appendIn(uow, project, forwardStream(id), decideForward({ type: 'delete' }, await loadState(uow, forwardFold, forwardStream(id))));
  }
  return rows.map(({ id }) => id);
}
