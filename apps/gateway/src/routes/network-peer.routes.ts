import { networkPeerPatch, networkPeerPut, networkPeersPost, WeftError } from '@weft/contracts';
import { resourceUrl } from '../domain/resource-url';
import { namedProjects } from '../domain/used-by';
import type { Deps } from '../gateway.deps';
import { created, empty, sync } from '../http/reply';
import { route, type Call, type Method, type Route } from '../http/route';
import type { Collection } from '../queries/list.query';
import { changeScope, findObject, listOf, objectView } from '../queries/network-scope';
import { findNetwork, NETWORK } from './network.routes';

const PEERS = (network: string): Collection => ({
  view: 'network.network_peer_v1',
  path: ['networks', network, 'peers'],
  key: 'name',
  projects: true,
  columns: { name: 'name', network: 'network' },
});
const OBJECT = objectView('network.network_peer_v1', ['project', 'network', 'name']);

const ALL = `${NETWORK}/peers`;
const PEER = `${ALL}/:peer`;

export const networkPeerRoutes = (deps: Deps): Route[] => [...collectionRoutes(deps), ...objectRoutes(deps)];

function collectionRoutes(deps: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: ALL, summary, access: 'project' as const });
  return [
    route({
      ...define('GET', 'List the peers of a network'),
      handle: async (call) => {
        await findNetwork(deps, call);
        const { network: name = '' } = call.params;
        return sync(await listOf(deps.reads, call, PEERS(name), { sql: 'project = $1 and network = $2', parameters: [call.project, name] }));
      },
    }),
    route({
      ...define('POST', "Agree to be another network's peer"),
      body: networkPeersPost,
      handle: async (call) => {
        const { network = '' } = call.params;
        const { project } = await changeScope(deps.reads, call, network);
        const { target_project: targetProject, target_network: targetNetwork, ...content } = call.body;
        await deps.commands.network('network-peer.create', { ...content, network, targetProject, targetNetwork }, call.meta());
        return created(resourceUrl(['networks', network, 'peers', call.body.name], project));
      },
    }),
  ];
}

function objectRoutes(deps: Deps): Route[] {
  const { reads, commands } = deps;
  const define = (method: Method, summary: string) => ({ method, path: PEER, summary, access: 'project' as const });
  const place = ({ params }: Call) => ({ network: params.network, name: params.peer });
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await changeScope(reads, call, call.params.network);
    await commands.network('network-peer.update', { ...call.body, ...place(call), mode, ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({
      ...define('GET', 'A peer'),
      handle: async (call) => {
        await findNetwork(deps, call);
        const row = await findObject(reads, OBJECT, [call.project, call.params.network, call.params.peer], namedProjects(call.actor));
        if (!row) throw new WeftError('network-peer.not-found', 'Network peer not found');
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ ...define('PUT', 'Replace a peer'), body: networkPeerPut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change parts of a peer'), body: networkPeerPatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('DELETE', 'End a peering'),
      handle: async (call) => {
        await changeScope(reads, call, call.params.network);
        await commands.network('network-peer.delete', place(call), call.meta());
        return empty;
      },
    }),
  ];
}
