import { WeftError } from '@weft/contracts';
import { execute } from '@weft/service';
import type { CommandHandler } from '../api/command-handler';
import { decideNetwork } from '../domain/network.decider';
import { networkStream } from '../domain/network.state';
import { tellHosts } from '../reconcilers/host-uplinks';
import { findNetwork, isNetworkInUse } from '../queries/find-networks';
import { peersOf } from '../queries/find-peers';
import { appendIn, loadNetwork, ownProject } from './network-place';

export const renameNetwork: CommandHandler<'network.rename'> = async (deps, meta, body) => {
  const project = await ownProject(deps, meta);
  const done = await execute(deps, meta, 'network.rename', body, async (uow) => {
    const state = await loadNetwork(deps, uow, project, body.name);
    // A peer knows its partner by name, and so does whoever was asked to agree.
    if ((await peersOf(deps.pool, state.networkId)).length > 0)
      throw new WeftError('network.in-use', 'The network is currently in use: delete its peers first');
    const events = decideNetwork({ type: 'rename', newName: body.newName, inUse: await isNetworkInUse(deps.pool, state.networkId) }, state);
    if (await findNetwork(deps.pool, project.owner, body.newName)) throw new WeftError('network.exists', `Name "${body.newName}" already in use`);
    appendIn(uow, state.project, networkStream(state.networkId), events);
    return {};
  });
  await tellHosts(deps, deps.log);
  return done;
};
