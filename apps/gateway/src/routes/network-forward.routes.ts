import { networkForwardPatch, networkForwardPut, networkForwardsPost, WeftError } from '@weft/contracts';
import { resourceUrl } from '../domain/resource-url';
import { namedProjects } from '../domain/used-by';
import type { Deps } from '../gateway.deps';
import { created, empty, sync } from '../http/reply';
import { route, type Call, type Method, type Route } from '../http/route';
import type { Collection } from '../queries/list.query';
import { changeScope, findObject, listOf, objectView } from '../queries/network-scope';
import { findNetwork, NETWORK } from './network.routes';

const FORWARDS = (network: string): Collection => ({
  view: 'network.network_forward_v1',
  path: ['networks', network, 'forwards'],
  key: 'listen_address',
  projects: true,
  columns: { listen_address: 'listen_address', network: 'network' },
});
const OBJECT = objectView('network.network_forward_v1', ['project', 'network', 'listen_address']);

const ALL = `${NETWORK}/forwards`;
const FORWARD = `${ALL}/:address`;

export const networkForwardRoutes = (deps: Deps): Route[] => [...collectionRoutes(deps), ...objectRoutes(deps)];

function collectionRoutes(deps: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: ALL, summary, access: 'project' as const });
  return [
    route({
      ...define('GET', 'List the forwards of a network'),
      handle: async (call) => {
        await findNetwork(deps, call);
        const { network: name = '' } = call.params;
        return sync(await listOf(deps.reads, call, FORWARDS(name), { sql: 'project = $1 and network = $2', parameters: [call.project, name] }));
      },
    }),
    route({
      ...define('POST', 'Forward an address to instances of a network'),
      body: networkForwardsPost,
      handle: async (call) => {
        const { network: name = '' } = call.params;
        const { project } = await changeScope(deps.reads, call, name);
        const { listen_address: listenAddress, ...content } = call.body;
        await deps.commands.network('network-forward.create', { ...content, network: name, listenAddress }, call.meta());
        return created(resourceUrl(['networks', name, 'forwards', listenAddress], project));
      },
    }),
  ];
}

function objectRoutes(deps: Deps): Route[] {
  const { reads, commands } = deps;
  const define = (method: Method, summary: string) => ({ method, path: FORWARD, summary, access: 'project' as const });
  const place = ({ params }: Call) => ({ network: params.network, listenAddress: params.address });
  const update = async (call: Call<object>, mode: 'replace' | 'merge') => {
    await changeScope(reads, call, call.params.network);
    await commands.network('network-forward.update', { ...call.body, ...place(call), mode, ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({
      ...define('GET', 'A forward'),
      handle: async (call) => {
        await findNetwork(deps, call);
        const row = await findObject(reads, OBJECT, [call.project, call.params.network, call.params.address], namedProjects(call.actor));
        if (!row) throw new WeftError('network-forward.not-found', 'Network forward not found');
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ ...define('PUT', 'Replace a forward'), body: networkForwardPut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change parts of a forward'), body: networkForwardPatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('DELETE', 'Delete a forward'),
      handle: async (call) => {
        await changeScope(reads, call, call.params.network);
        await commands.network('network-forward.delete', place(call), call.meta());
        return empty;
      },
    }),
  ];
}
