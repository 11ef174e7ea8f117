/**
 * API extension `network_peer_group`: a group of networks of which each is a peer of each other one. One request joins
 * a network to all of them, where LXD needs two for every pair.
 */
import { networkPeerGroupNetworksPost, networkPeerGroupPatch, networkPeerGroupPut, networkPeerGroupsPost, WeftError } from '@weft/contracts';
import { canSeeProject, visibleProjects } from '../domain/policy';
import { resourceUrl } from '../domain/resource-url';
import type { Deps } from '../gateway.deps';
import { created, empty, sync } from '../http/reply';
import { route, type Call, type Method, type Route } from '../http/route';
import type { Collection } from '../queries/list.query';
import { ownProject, requireProject } from '../queries/project-scope';
import { changeScope, findObject, listOf, objectView } from '../queries/network-scope';

/** A group reaches across projects: a restricted client reads the networks of its own. */
const networksShown = (parameter: number): string =>
  `jsonb_set(doc::jsonb, '{networks}', coalesce((
     select jsonb_agg(network order by place) from jsonb_array_elements_text(doc::jsonb -> 'networks') with ordinality as joined (network, place)
      where split_part(network, '/', 1) = any($${parameter}::text[])), '[]'))::text`;
const GROUPS: Collection = {
  view: 'network.network_peer_group_v1',
  path: ['network-peer-groups'],
  key: 'name',
  projects: true,
  columns: { name: 'name' },
  shown: networksShown,
};
const OBJECT = objectView(GROUPS.view, ['project', 'name'], networksShown);

const ALL = '/1.0/network-peer-groups';
const GROUP = `${ALL}/:group`;

export const networkPeerGroupRoutes = (deps: Deps): Route[] => [...collectionRoutes(deps), ...objectRoutes(deps), ...memberRoutes(deps)];

/**
 * `project/network`, or `network` of the request's own project. Whoever joins a network to others opens it to them:
 * its project must be the client's.
 * @throws WeftError `auth.forbidden`
 */
function networkOf(call: Call, text: string): { project: string; network: string } {
  const slash = text.indexOf('/');
  const [project, network] = slash === -1 ? [call.project, text] : [text.slice(0, slash), text.slice(slash + 1)];
  if (!canSeeProject(call.actor, project)) throw new WeftError('auth.forbidden', 'not authorized');
  return { project, network };
}

function collectionRoutes({ reads, commands }: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: ALL, summary, access: 'project' as const });
  return [
    route({
      ...define('GET', 'List peer groups'),
      handle: async (call) => {
        await requireProject(reads, call.project);
        return sync(await listOf(reads, call, GROUPS, { ...ownProject(call.project), namedProjects: visibleProjects(call.actor) ?? undefined }));
      },
    }),
    route({
      ...define('POST', 'Create a peer group'),
      body: networkPeerGroupsPost,
      handle: async (call) => {
        const { project } = await changeScope(reads, call);
        const networks = call.body.networks.map((text) => networkOf(call, text));
        await commands.network('network-peer-group.create', { ...call.body, networks }, call.meta());
        return created(resourceUrl(['network-peer-groups', call.body.name], project));
      },
    }),
  ];
}

function objectRoutes({ reads, commands }: Deps): Route[] {
  const define = (method: Method, summary: string) => ({ method, path: GROUP, summary, access: 'project' as const });
  const update = async (call: Call<{ networks?: string[] }>, mode: 'replace' | 'merge') => {
    await changeScope(reads, call);
    const networks = call.body.networks?.map((text) => networkOf(call, text));
    await commands.network('network-peer-group.update', { ...call.body, networks, mode, name: call.params.group, ifMatch: call.ifMatch }, call.meta());
    return empty;
  };
  return [
    route({
      ...define('GET', 'A peer group'),
      handle: async (call) => {
        const row = await findObject(reads, OBJECT, [call.project, call.params.group], visibleProjects(call.actor) ?? undefined);
        if (!row) throw new WeftError('network-peer-group.not-found', 'Network peer group not found');
        return sync(row[0] ?? 'null', row[1] ?? undefined);
      },
    }),
    route({ ...define('PUT', 'Replace a peer group'), body: networkPeerGroupPut, handle: (call) => update(call, 'replace') }),
    route({ ...define('PATCH', 'Change parts of a peer group'), body: networkPeerGroupPatch, handle: (call) => update(call, 'merge') }),
    route({
      ...define('DELETE', 'Delete a peer group and its peerings'),
      handle: async (call) => {
        await changeScope(reads, call);
        await commands.network('network-peer-group.delete', { name: call.params.group }, call.meta());
        return empty;
      },
    }),
  ];
}

function memberRoutes({ reads, commands }: Deps): Route[] {
  const define = (method: Method, path: string, summary: string) => ({ method, path: `${GROUP}/networks${path}`, summary, access: 'project' as const });
  return [
    route({
      ...define('POST', '', 'Join a network to all of a peer group'),
      body: networkPeerGroupNetworksPost,
      handle: async (call) => {
        const { project } = await changeScope(reads, call);
        const { group: name = '' } = call.params;
        await commands.network('network-peer-group.join', { name, ...networkOf(call, call.body.network) }, call.meta());
        return created(resourceUrl(['network-peer-groups', name], project));
      },
    }),
    route({
      ...define('DELETE', '/:network', 'Take a network out of a peer group'),
      handle: async (call) => {
        await changeScope(reads, call);
        await commands.network('network-peer-group.leave', { name: call.params.group, ...networkOf(call, call.params.network ?? '') }, call.meta());
        return empty;
      },
    }),
  ];
}
